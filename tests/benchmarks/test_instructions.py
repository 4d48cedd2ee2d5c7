from __future__ import annotations

import pytest
import torch

from benchmarks import instructions
from detector.device import has_bf16, pick_device


def test_what_the_processor_refuses_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __init__(self, bf16: bool) -> None:
            self.bf16 = bf16

        def load_model(self) -> None:
            pass

        def detect(self, *_: object) -> None:
            if self.bf16:
                raise RuntimeError("bf16 path needs the cpu support")

    made = iter((True, False))
    monkeypatch.setattr(instructions, "create_service", lambda *_: Refusing(next(made)))
    monkeypatch.setattr("threads.configure", lambda _: None)
    found = instructions.main("any", 1, 0.001, 1)
    assert found["bf16"] is None
    assert found["float32"] > 0


@pytest.mark.parametrize("level", instructions.LEVELS)
def test_both_precisions_are_timed_and_the_detectors_choice_is_told(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threads.configure", lambda _: None)  # the number of threads is for good
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", level.upper())
    found = instructions.main("editscope/base", 1, 0.01, 1)
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        assert found["bf16"] > 0
    else:
        assert found["bf16"] is None
    assert found["float32"] > 0
    chosen = "bf16" if has_bf16(pick_device("cpu")) else "float32"
    assert found["chosen"] == (chosen if level == "default" else "float32")
