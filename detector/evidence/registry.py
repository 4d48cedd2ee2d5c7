"""Which views there are, how each is read, how each misleads."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from detector.evidence.exhibit import Exhibit

FAILED = "This view could not be made of this picture."

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Slider:
    """The one number that a view lets people choose; whole numbers, `minimum` to `maximum`."""

    label: str
    minimum: int
    maximum: int
    step: int
    value: int

    def nearest(self, value: float | None) -> int:
        """`value` brought into range and onto a step; the default for None."""
        if value is None or not np.isfinite(value):
            return self.value
        steps = round((value - self.minimum) / self.step)
        return min(self.maximum, max(self.minimum, self.minimum + steps * self.step))


@dataclass(frozen=True, slots=True)
class View:
    """One way of looking at a picture; its function is `look` of the module of its name.

    Attributes:
        name: the module in this package, and the key in `VIEWS`.
        title: as people call it.
        read: one sentence on how it is read.
        misleads: one sentence on how it misleads.
        slider: what can be chosen, if anything.
    """

    name: str
    title: str
    read: str
    misleads: str
    slider: Slider | None = None

    def look(
        self, image: NDArray[np.uint8], data: bytes = b"", setting: float | None = None
    ) -> Exhibit:
        """Look at a picture. Total: a view that fails says so in its exhibit, and in the log.

        Args:
            image: (H, W, 3) uint8 RGB as stored, of any size.
            data: the file as it was sent, for the views that read its tables; may be empty.
            setting: the slider's number; None for its default.
        """
        function = import_module(f"{__package__}.{self.name}").look
        try:
            exhibit: Exhibit = (
                function(image, data)
                if self.slider is None
                else function(image, data, self.slider.nearest(setting))
            )
        except Exception:  # people's pictures are of every kind: one view must not cost the rest
            logger.exception("view %s failed on a picture of shape %s", self.name, image.shape)
            return Exhibit(FAILED)
        return exhibit


def run_all(
    image: NDArray[np.uint8], data: bytes = b"", limit_s: float = 20.0
) -> list[tuple[View, Exhibit]]:
    """Look through every view in turn, with default settings, until the time is up.

    Args:
        image: (H, W, 3) uint8 RGB as stored.
        data: the file as it was sent.
        limit_s: no view is begun after this many seconds; one takes two at most.
    """
    end = time.monotonic() + limit_s
    looked = []
    for view in VIEWS.values():
        if time.monotonic() >= end:
            break
        looked.append((view, view.look(image, data)))
    return looked


_ALL = (
    View(
        "error_level",
        "Error level",
        "The picture is saved once more as JPEG and the change is shown: surfaces and edges of one "
        "kind should be equally bright everywhere, and a part that is brighter or darker than its "
        "like has another history.",
        "Sharp edges, fine texture and strong reds and blues are always bright, and a picture "
        "saved several times, or by a network such as WhatsApp, is dark all over, edited or not.",
        Slider("JPEG quality", 50, 98, 1, 90),
    ),
    View(
        "noise",
        "Noise residual",
        "What a median filter takes away is shown: a camera leaves the same fine grain over all "
        "surfaces of one brightness, and a pasted, smoothed or computed part has another grain.",
        "Texture is not noise but looks like it here, skies and shadows that a phone or a strong "
        "JPEG compression has smoothed are blank, and so are burnt-out lights.",
    ),
    View(
        "noise_level",
        "Noise level",
        "The strength of the noise is estimated block by block: neighbouring surfaces of one "
        "brightness should have one colour, and an island of another level deserves a closer look.",
        "Brightness, focus, texture and the camera's own smoothing change the level in every "
        "genuine photo, so compare only surfaces that are alike.",
    ),
    View(
        "jpeg_ghosts",
        "JPEG ghosts",
        "Each block is compared with itself saved at many JPEG qualities; a colour marks blocks "
        "that fit an earlier save at a lower quality, and a region with a colour of its own was "
        "pasted from another JPEG, or is the only part that was not.",
        "Flat and dark surfaces fit many qualities by chance, and a part pasted off the 8-pixel "
        "grid, as 63 in 64 are by chance, leaves no ghost.",
    ),
    View(
        "double_compression",
        "Double compression",
        "The bars count how often each JPEG coefficient occurs; saved once, they fall off smoothly "
        "like the grey line, and combs with regular gaps tell of a second save at another quality.",
        "A second save proves no edit, since phones, messengers and web sites save again all "
        "the time; and two saves at the same quality leave no comb.",
    ),
    View(
        "block_grid",
        "Block grid",
        "JPEG leaves faint seams every 8 pixels: green parts follow the picture's main grid, and "
        "pink parts follow a shifted one, as something pasted from another JPEG does.",
        "Straight structures such as windows, fences and text imitate seams, and good quality or "
        "a strong last save hides them, so that grey means unknown rather than genuine.",
    ),
    View(
        "spectrum",
        "Frequency spectrum",
        "The strength of every pattern is shown, coarse in the middle and fine at the rim: a "
        "photo fades smoothly outwards, and ringed bright points are patterns that repeat with the "
        "period given, as up-sampling in a generator, enlarging and screens leave.",
        "Fabric, blinds, printed dots and the JPEG grid (marked as such) make such points too, "
        "and their absence proves nothing, since one save as JPEG can remove them.",
    ),
    View(
        "resampling",
        "Resampling",
        "Enlarging or turning makes neighbouring pixels depend on each other in a fixed rhythm, "
        "which stands out as a spike above the noise, with the enlargement it would fit.",
        "The whole picture is measured, so that a spike says the photo was resized, which is "
        "harmless and common; reducing leaves none, and regular textures imitate it.",
    ),
    View(
        "chroma",
        "Chroma",
        "Brightness is taken away and colour is strengthened: a pasted part can have another tint, "
        "other colour noise, or colour that stops short of its outline.",
        "Mixed light, reflections and JPEG's coarse colour blocks do the same in genuine photos, "
        "and a picture without colour shows nothing.",
    ),
    View(
        "copy_move",
        "Copy-move matches",
        "Lines join points that look alike and move together: a bundle of parallel lines from one "
        "spot to another means that the one was probably copied from the other.",
        "Windows, tiles, letters and printed patterns repeat in genuine photos, and a copy of a "
        "smooth surface, such as sky or skin, has no points to match.",
    ),
    View(
        "gradient",
        "Luminance gradient",
        "Colour shows where the brightness rises and how steeply: light from one side gives "
        "surfaces of one orientation one colour, and pasted outlines can be too hard or too soft.",
        "Several lamps, shadows and rounded things mix colours in every photo; use it to look at "
        "single edges, not to judge the whole.",
    ),
    View(
        "bit_planes",
        "Bit planes",
        "One binary digit of each colour is shown; in the lowest plane a camera leaves pure noise, "
        "and clean shapes in it mean painting, smoothing, burnt-out parts or hidden data.",
        "JPEG blocks, and lights and shadows cut off by the exposure, leave clean shapes in the "
        "lowest plane of genuine photos too.",
        Slider("Bit plane (0 is the finest)", 0, 7, 1, 0),
    ),
    View(
        "histogram",
        "Histogram",
        "Counts of each brightness: a camera gives smooth hills, and a comb of gaps and spikes "
        "means that contrast or brightness was stretched after the picture was first saved.",
        "Stretching contrast is ordinary developing, and pictures with few pixels, few colours or "
        "drawn surfaces have gaps of their own.",
    ),
    View(
        "quantization",
        "Quantization tables",
        "The file's own JPEG tables say how strongly it was compressed, and whether with the "
        "common library's tables, as most software saves, or with a maker's own, as many cameras "
        "do.",
        "The tables tell of the last save only: a picture edited and saved by a camera's own app "
        "looks untouched, and a site that saves again gives every photo the common tables.",
    ),
)
VIEWS = {view.name: view for view in _ALL}
