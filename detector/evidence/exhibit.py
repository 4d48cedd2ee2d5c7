"""What looking through a view gives: pictures, one sentence or two, and the measured numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Exhibit:
    """The outcome of one view of one picture.

    Attributes:
        caption: what was measured, in plain sentences; where the view does not apply, why.
        image: (h, w, 3) uint8 RGB in the picture's own geometry, as stored (EXIF's orientation
            turns it for looking); None where there is nothing of the kind.
        chart: (h, w, 3) uint8 RGB, dark on white, never to be turned; None where there is none.
        figures: the numbers in the caption, by name, for programs.
        warnings: what weakens this exhibit for this very picture; sentences.
    """

    caption: str
    image: NDArray[np.uint8] | None = None
    chart: NDArray[np.uint8] | None = None
    figures: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing but a sentence."""
        return self.image is None and self.chart is None
