"""`Network` as a transformers model, for training and for whoever wants it as one."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel

from detector.editscope.configuration import EditScopeConfig
from detector.editscope.network import MAP_STRIDE, Network, NoiseBranch, Output

__all__ = ["MAP_STRIDE", "EditScopeModel", "NoiseBranch", "Output"]


class EditScopeModel(Network, PreTrainedModel):  # type: ignore[misc]  # both have a `config`
    """What `from_pretrained` and `save_pretrained` know; `Network.load` reads the same folder."""

    config_class = EditScopeConfig
    main_input_name = "pixels"

    def __init__(self, config: EditScopeConfig) -> None:
        PreTrainedModel.__init__(self, config)  # keeps the configuration; `Network`'s has no part
        self.add_layers()
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
