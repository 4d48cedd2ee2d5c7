from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from detector.editscope.network import Output
from training.loss import losses
from training.parts import Parts, split
from training.stream import Batch


class Linear(nn.Module):
    """A network without batch normalisation: parts and whole have the same gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Conv2d(3, 3, 4, 4)
        self.label = nn.Linear(3, 4)
        self.unused = nn.Linear(2, 2)

    def forward(self, pixels: Tensor) -> Output:
        scaled = pixels / 255
        return Output(self.label(scaled.mean((2, 3))), self.map(scaled))


def batch(count: int) -> Batch:
    torch.manual_seed(1)
    image = torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8)
    mask = torch.zeros(count, 16, 16, dtype=torch.uint8)
    mask[:, :8] = 1
    return Batch(image, mask, torch.full((count,), 2))


@pytest.mark.parametrize("count", [1, 2])
def test_gradients_are_those_of_the_whole_batch(count: int) -> None:
    torch.manual_seed(0)
    model, whole = Linear(), batch(8)
    wanted = losses(model(whole.image.float()), whole.mask, whole.label)
    wanted.total.backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    model.zero_grad()
    found = Parts(model, torch.device("cpu"), count=count, amp=False).backward(whole)
    torch.testing.assert_close(found.total, wanted.total.detach(), rtol=1e-4, atol=1e-5)
    for name, parameter in model.named_parameters():
        reference = gradients[name]
        if reference is None:
            assert parameter.grad is not None
            assert not parameter.grad.any()
        else:
            torch.testing.assert_close(parameter.grad, reference, rtol=1e-3, atol=1e-5)


def test_pairs_stay_together() -> None:
    assert [len(part.label) for part in split(batch(8), 2)] == [4, 4]
    assert [len(part.label) for part in split(batch(6), 2)] == [6]
    assert [len(part.label) for part in split(batch(12), 3)] == [4, 4, 4]
    assert [len(part.label) for part in split(batch(1), 4)] == [1]
    halves = split(batch(8), 2)
    torch.testing.assert_close(torch.cat([part.image for part in halves]), batch(8).image)


def test_what_is_frozen_gets_no_gradient() -> None:
    model = Linear()
    model.map.requires_grad_(False)
    Parts(model, torch.device("cpu"), count=2, amp=False).backward(batch(4))
    assert model.map.weight.grad is None
    assert model.label.weight.grad is not None
