from __future__ import annotations

import pytest
import torch

from detector.device import pick_device


@pytest.mark.parametrize("name", ["cpu", "cuda:1", "mps"])
def test_a_device_that_is_named_is_taken(name: str) -> None:
    assert pick_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("cuda", "mps", "taken"),
    [
        (True, True, "cuda"),
        (True, False, "cuda"),
        (False, True, "mps"),
        (False, False, "cpu"),
    ],
)
def test_auto_takes_what_there_is(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, taken: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto") == torch.device(taken)
