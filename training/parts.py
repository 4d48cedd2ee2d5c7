"""The gradients of a batch from parts of it that are worked on side by side, a thread each.

Threads that share one convolution wait for each other hundreds of times a step: on two cores a step
of 16 windows of 256 pixels takes 1.26 s with two threads on the whole batch and 1.00 s with one on
each half.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from training.loss import Losses, losses
from training.stream import Batch

PAIR = 2  # samples, aligned ones among them: they belong into the same means


class Parts:
    """Works on up to `count` parts of a batch at a time."""

    def __init__(self, model: nn.Module, device: torch.device, *, count: int, amp: bool) -> None:
        """`amp`: convolutions in bfloat16."""
        self.model, self.device, self.count, self.amp = model, device, count, amp
        self._pool = ThreadPoolExecutor(
            count, "parts", initializer=torch.set_num_threads, initargs=(1,)
        )

    def backward(self, batch: Batch) -> Losses:
        """Set `grad` of all that is trained to the mean over the parts; returns their mean losses.

        Means of batch normalisation are those of a part; of two updates of its running means at
        the same instant one may be lost.
        """
        found = list(self._pool.map(self._gradients, split(batch, self.count)))
        for parameter, *gradients in zip(self._trained(), *(g for _, g in found), strict=True):
            parameter.grad = torch.stack(gradients).mean(0)
        return Losses(
            *(torch.stack(v).mean() for v in zip(*(loss for loss, _ in found), strict=True))
        )

    def _trained(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def _gradients(self, batch: Batch) -> tuple[Losses, tuple[Tensor, ...]]:
        """Runs beside itself: shares neither autocast's cache nor `grad`."""
        pixels = batch.image.to(self.device).float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, self.amp, cache_enabled=False):
            output = self.model(pixels)
        loss = losses(output, batch.mask.to(self.device), batch.label.to(self.device))
        gradients = torch.autograd.grad(loss.total, self._trained(), materialize_grads=True)
        return Losses(*(value.detach() for value in loss)), gradients


def split(batch: Batch, parts: int) -> list[Batch]:
    """Up to `parts` batches of equal size with whole pairs of samples; one if there are too few."""
    count = len(batch.label)
    while parts > 1 and count % (parts * PAIR):
        parts -= 1
    size = count // parts
    return [Batch(*(value[n * size : (n + 1) * size] for value in batch)) for n in range(parts)]
