"""Sizes of the network and how its scores become an answer; stored as `config.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path

FILE = "config.json"


@dataclass(kw_only=True)
class Parameters:
    """What a network is built from and calibrated with.

    Attributes:
        noise_widths: channels of the noise branch at strides 2, 4, 8, 16.
        grid_width: channels of the JPEG-grid branch.
        correlation_width: channels compared by the self-correlation.
        anomaly_width: channels of what differs from the rest of the picture.
        decoder_width: channels of the feature pyramid.
        head_width: hidden units of the label head.
        dropout: in the label head, while training.
        calibration_temperature: label logits are divided by it (calibrated on held-out sources).
        calibration_bias: four offsets added to the label logits after the temperature.
        threshold: manipulation probability above which a pixel is in the mask.
        copy_weights: three weights and an offset of `fusion.log_ratio`; empty: copies are not
            looked for.
        copy_side: three weights of `fusion.side_features`.
        version: of the weights.
    """

    noise_widths: list[int] = field(default_factory=lambda: [24, 48, 96, 128])
    grid_width: int = 64
    correlation_width: int = 64
    anomaly_width: int = 48
    decoder_width: int = 80
    head_width: int = 128
    dropout: float = 0.2
    calibration_temperature: float = 1.0
    calibration_bias: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])
    threshold: float = 0.5
    copy_weights: list[float] = field(default_factory=list)
    copy_side: list[float] = field(default_factory=lambda: [1.0, 1.0, 1.0])
    version: str = "0"

    @classmethod
    def read(cls, folder: Path) -> Parameters:
        """Those in a model's folder; what is not ours there is left alone.

        Raises:
            OSError: the file is missing or damaged.
        """
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return cls(**{name: content[name] for name in names() if name in content})
        except (ValueError, TypeError) as error:
            raise OSError(f"{folder / FILE} is damaged: {error}") from error


def names() -> tuple[str, ...]:
    """What `Parameters` holds."""
    return tuple(each.name for each in fields(Parameters))
