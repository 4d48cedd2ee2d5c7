from __future__ import annotations

import numpy as np
import pytest

from demo.alignment import Alignment
from demo.relation import UNRELATED, finding, relation
from tests.demo.test_comparison import cat, compared, edited, jpeg  # noqa: F401

SIZE = (300, 400)


def aligned(matrix, second=SIZE, even=False) -> Alignment:
    return Alignment(np.array(matrix, float), SIZE, second, even)


def turned(degrees: float, scale: float = 1.0) -> list[list[float]]:
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    x, y = 199.5 - c * 199.5 + s * 149.5, 149.5 - s * 199.5 - c * 149.5
    return [[c, -s, x], [s, c, y], [0, 0, 1]]


@pytest.mark.parametrize(
    ("alignment", "sentence"),
    [
        (None, UNRELATED),
        (
            aligned(np.eye(3), even=True),
            "Both have the same size and lie exactly over one another.",
        ),
        (
            aligned([[0.62, 0, -0.19], [0, 0.62, -0.19], [0, 0, 1]], (186, 248), even=True),
            "The second is the first, scaled to 62 %.",
        ),
        (
            aligned([[0.62, 0, -40], [0, 0.62, 0], [0, 0, 1]], (186, 168)),
            "The second is the first, scaled to 62 % and cropped to 68 % of its area.",
        ),
        (
            aligned([[-1, 0, 399], [0, 1, 0], [0, 0, 1]]),
            "The second is the first, mirrored.",
        ),
        (
            aligned(turned(7)),
            "The second is the first, turned by 7.0\u00b0 clockwise, cropped to 94 % of its area "
            "and with 5.7 % of new surroundings.",
        ),
        (
            aligned([[0, 1, 0], [-1, 0, 399], [0, 0, 1]], (400, 300)),
            "The second is the first, turned by 90\u00b0 anticlockwise.",
        ),
        (
            aligned([[2, 0, 0.5], [0, 1, 0], [0, 0, 1]], (300, 800)),
            "The second is the first, enlarged to 141 % and stretched.",
        ),
        (
            aligned([[1, 0, 2], [0, 1, -1], [0, 0, 1]]),
            "The second is the first, moved by 2 pixels sideways and 1 up or down.",
        ),
        (aligned(np.eye(3)), "The second is the first at the same size, not visibly moved."),
    ],
)
def test_how_the_second_was_made(alignment, sentence):
    assert relation(alignment) == sentence


def test_what_differs(cat):  # noqa: F811
    changed, mask = edited(cat)
    assert finding(compared(cat, cat.copy())).startswith("They are the same, pixel for pixel")
    assert finding(compared(cat, jpeg(cat, 80))).startswith("Nothing differs by more")
    share = f"{mask.mean() * 100:.1f} %"
    assert finding(compared(cat, changed)) == (
        f"{share} of what both show differs, in one area: in the middle."
    )
    assert "by more than compression explains" in finding(compared(cat, jpeg(changed, 80)))
    brighter = np.clip(cat * 1.2, 0, 255).astype(np.uint8)
    assert "taken out before" in finding(compared(cat, brighter))
