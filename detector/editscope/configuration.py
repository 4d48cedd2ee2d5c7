"""Sizes of the network and how its scores become an answer; stored as `config.json`."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig


class EditScopeConfig(PretrainedConfig):
    """Configuration of `EditScopeModel`.

    Attributes:
        noise_widths: channels of the noise branch at strides 2, 4, 8, 16.
        grid_width: channels of the JPEG-grid branch.
        correlation_width: channels compared by the self-correlation.
        decoder_width: channels of the feature pyramid.
        head_width: hidden units of the label head.
        dropout: in the label head, while training.
        calibration_temperature: label logits are divided by it (calibrated on held-out sources).
        calibration_bias: four offsets added to the label logits after the temperature.
        threshold: manipulation probability above which a pixel is in the mask.
        copy_weights: three weights and an offset of `fusion.log_ratio`; empty: copies are not
            looked for.
        copy_side: two weights of `fusion.side_features`.
    """

    model_type = "editscope"

    def __init__(
        self,
        *,
        noise_widths: tuple[int, ...] = (24, 48, 96, 128),
        grid_width: int = 64,
        correlation_width: int = 64,
        decoder_width: int = 80,
        head_width: int = 128,
        dropout: float = 0.2,
        calibration_temperature: float = 1.0,
        calibration_bias: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0),
        threshold: float = 0.5,
        copy_weights: tuple[float, ...] = (),
        copy_side: tuple[float, ...] = (1.0, 1.0),
        **kwargs: Any,
    ) -> None:
        self.noise_widths = list(noise_widths)
        self.grid_width = grid_width
        self.correlation_width = correlation_width
        self.decoder_width = decoder_width
        self.head_width = head_width
        self.dropout = dropout
        self.calibration_temperature = calibration_temperature
        self.calibration_bias = list(calibration_bias)
        self.threshold = threshold
        self.copy_weights = list(copy_weights)
        self.copy_side = list(copy_side)
        super().__init__(**kwargs)
