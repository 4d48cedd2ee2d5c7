"""A comparison in words: how the second picture was made from the first, and what was changed."""

from __future__ import annotations

import math

import numpy as np

from demo.alignment import Alignment
from demo.comparison import Comparison
from demo.words import place

UNRELATED = (
    "These two could not be aligned: they share too little. They show different things, or one was "
    "changed too much."
)
UNCHANGED = 0.01  # relative: a scale nearer to 1 is rounding
WHOLE = 0.98  # of an area: what is missing is a rim lost to rounding
TURN = 0.3  # degrees: less is a straightened horizon's rounding
UNEVEN = 1.02  # ratio of the scales along both axes
TILT = 0.02  # change of scale across the picture
SHIFT = 0.5  # pixels


def relation(alignment: Alignment | None) -> str:
    """One sentence, such as "The second is the first, scaled to 62 % and cropped to ..."."""
    if alignment is None:
        return UNRELATED
    if alignment.even and alignment.first == alignment.second:
        return "Both have the same size and lie exactly over one another."
    changes = _changes(alignment)
    if not changes:
        return "The second is the first at the same size, not visibly moved."
    return f"The second is the first, {_joined(changes)}."


def finding(comparison: Comparison) -> str:
    """What differs, in one or two sentences."""
    if comparison.identical:
        return "They are the same, pixel for pixel; only their files may differ."
    if not comparison.regions:
        found = "Nothing differs by more than compression and resampling explain."
    else:
        count, first = len(comparison.regions), comparison.regions[0]
        where = f"in one area: {place(first.box)}"
        if count > 1:
            where = f"in {count} areas, the largest: {place(first.box)}"
        measure = "" if comparison.exact else " by more than compression explains"
        found = f"{_share(comparison.share)} of what both show differs{measure}, {where}."
        found = found[0].upper() + found[1:]
    if comparison.toned:
        found += " Brightness or colours differ as a whole; that was taken out before comparing."
    return found


def _changes(alignment: Alignment) -> list[str]:
    linear, changes = alignment.linear, []
    if mirrored := bool(np.linalg.det(linear) < 0):
        linear = linear @ np.diag((-1.0, 1.0))
        changes.append("mirrored")
    if abs(alignment.scale - 1) > UNCHANGED:
        verb = "scaled" if alignment.scale < 1 else "enlarged"
        changes.append(f"{verb} to {alignment.scale * 100:.0f} %")
    if not alignment.even:
        angle = math.degrees(math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
        if abs(angle) > TURN:
            way = "clockwise" if angle > 0 else "anticlockwise"
            changes.append(f"turned by {abs(angle):.{0 if abs(angle) >= 10 else 1}f}\u00b0 {way}")
        long, short = np.linalg.svd(linear, compute_uv=False)
        if np.abs(alignment.matrix[2, :2]) @ alignment.first[::-1] > TILT:
            changes.append("seen at a slant")
        elif long / short > UNEVEN:
            changes.append("stretched")
        if alignment.kept < WHOLE:
            changes.append(f"cropped to {_share(alignment.kept)} of its area")
        if alignment.covered < WHOLE:
            changes.append(f"with {_share(1 - alignment.covered)} of new surroundings")
        if not changes and not mirrored and np.abs(alignment.matrix[:2, 2]).max() > SHIFT:
            x, y = np.rint(alignment.matrix[:2, 2]).astype(int)
            changes.append(f"moved by {abs(x)} pixels sideways and {abs(y)} up or down")
    return changes


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _share(share: float) -> str:
    percent = share * 100
    return "less than 0.1 %" if percent < 0.1 else f"{percent:.{1 if percent < 10 else 0}f} %"
