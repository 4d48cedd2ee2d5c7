"""`Parameters` as transformers stores them, for training."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from transformers import PretrainedConfig

from detector.editscope.parameters import Parameters, names


class EditScopeConfig(PretrainedConfig):
    """Configuration of `EditScopeModel`; takes what `Parameters` does, by name."""

    model_type = "editscope"

    def __init__(self, **given: Any) -> None:
        parameters = Parameters(**{name: given.pop(name) for name in names() if name in given})
        for name, value in asdict(parameters).items():
            setattr(self, name, value)
        super().__init__(**given)
