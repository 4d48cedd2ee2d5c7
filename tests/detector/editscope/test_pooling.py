from __future__ import annotations

import torch

from detector.editscope.pooling import SUSPICION_FLOOR, Pooled, describe, pool

PRISTINE, EDITED = [40.0, 0.0, 0.0], [0.0, 40.0, 0.0]  # logits of a cell: as good as certain


def picture() -> tuple[Pooled, torch.Tensor]:
    """4 x 8 cells, the right half edited; one feature at each level."""
    scores = torch.tensor([PRISTINE] * 4 + [EDITED] * 4).T.reshape(1, 3, 1, 8).repeat(1, 1, 4, 1)
    finest = torch.arange(8.0).reshape(1, 1, 1, 8).repeat(1, 1, 4, 1)
    noise = torch.tensor([2.0, 6.0]).reshape(1, 1, 1, 2)
    return pool(finest, torch.full((1, 1, 1, 1), 9.0), noise, scores), scores.flatten(2)


def test_means_over_the_picture_and_over_what_is_suspect() -> None:
    pooled, _ = picture()
    torch.testing.assert_close(pooled.features, torch.tensor([[9.0, 4.0, 3.5]]))
    torch.testing.assert_close(pooled.suspicion, torch.tensor([[0.5]]))
    torch.testing.assert_close(pooled.suspects, torch.tensor([[(4 + 5 + 6 + 7) / 8]]))


def test_the_vector_by_hand() -> None:
    pooled, cells = picture()
    means, suspects, tops, shares = describe(pooled, cells)[0].split([3, 1, 6, 3])
    torch.testing.assert_close(means, torch.tensor([9.0, 4.0, 3.5]))
    odd = 0.5 + SUSPICION_FLOOR
    torch.testing.assert_close(suspects, torch.tensor([22 / 8 / odd]))
    torch.testing.assert_close(tops, torch.tensor([40.0, 0, 40, 0, 40, 0]))
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.5, 0.0]))
