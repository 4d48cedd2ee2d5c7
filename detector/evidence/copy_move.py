"""Points of a picture that look alike and move together, as copies do.

Amerini et al. 2011, "A SIFT-based forensic method for copy-move attack detection and
transformation recovery": SIFT keypoints matched within the picture, and RANSAC for the motion.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.editscope.copymove import Copy, find_copies
from detector.editscope.keypoints import Matches, match_within
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import luma, reduced, reduction

SIDE = 1024  # pixels, as in `find_copies`: copies worth seeing survive
REACH = 3.0  # pixels at reduced size by which a match may miss its group's motion
ENOUGH = 8  # matches that move together: fewer are an accident among hundreds
GROUPS = 6  # motions looked for
SCALES = (0.4, 2.5)  # of a copy: others are accidents
SPREAD = 3.0  # pixels: points all on one spot or line are an edge, not a thing
OUTLINE = (255, 255, 255)  # round like regions
COLOURS = (
    (255, 0, 110),
    (0, 200, 150),
    (255, 190, 11),
    (80, 150, 255),
    (190, 120, 255),
    (255, 120, 60),
)


class Group(NamedTuple):
    """Matches that share a motion: (n, 2) float32 x and y, of the one place and of the other."""

    here: NDArray[np.float32]
    there: NDArray[np.float32]
    motion: NDArray[np.float64]  # (2, 3)


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Match the keypoints of (H, W, 3), reduced to at most 1024 pixels, with each other.

    The regions are those that the default detector compares pixel by pixel.
    """
    if min(image.shape[:2]) < 32:
        return Exhibit("The picture is too small: it has no points to compare.")
    scale_down = min(1.0, SIDE / max(image.shape[:2]))
    size = [max(1, round(side * scale_down)) for side in image.shape[1::-1]]
    small = cv2.resize(luma(image), size, interpolation=cv2.INTER_AREA)
    matches = match_within(np.asarray(small, np.uint8))
    groups = _groups(*_rightwards(matches))
    copies = find_copies(image)
    matched = sum(len(group.here) for group in groups)
    figures: dict[str, float] = {
        "pairs": len(matches),
        "groups": len(groups),
        "matches": matched,
        "regions": len(copies),
    }
    shown = _drawn(image, groups, copies, scale_down)
    outlined = (
        f" {len(copies)} {'pair' if len(copies) == 1 else 'pairs'} of like regions "
        f"{'is' if len(copies) == 1 else 'are'} outlined."
        if copies
        else ""
    )
    if not groups:
        return Exhibit(
            f"{len(matches)} pairs of points look alike, and no group of them moves together: "
            f"no copied part is found that way.{outlined}",
            shown,
            figures=figures,
        )
    best = groups[0]
    shift = np.median(best.there - best.here, axis=0) / scale_down
    scale = float(np.sqrt(abs(np.linalg.det(best.motion[:, :2]))))
    angle = float(np.degrees(np.arctan2(best.motion[1, 0], best.motion[0, 0])))
    figures |= {"dx": float(shift[0]), "dy": float(shift[1]), "scale": scale, "angle": angle}
    return Exhibit(
        f"{matched} pairs of points move together in {len(groups)} "
        f"{'group' if len(groups) == 1 else 'groups'}; the largest, of {len(best.here)}, by "
        f"{shift[0]:.0f} pixels to the right and {abs(shift[1]):.0f} "
        f"{'down' if shift[1] >= 0 else 'up'}, turned by {abs(angle):.0f}\u00b0 and scaled by "
        f"{scale:.2f}.{outlined}",
        shown,
        figures=figures,
    )


def _rightwards(matches: Matches) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both ends of each pair, the left one first, so that one motion is not taken for two."""
    here, there = matches.first.astype(np.float32), matches.second.astype(np.float32)
    step = there - here
    backwards = (step[:, 0] < 0) | ((step[:, 0] == 0) & (step[:, 1] < 0))
    here[backwards], there[backwards] = there[backwards].copy(), here[backwards].copy()
    return here, there


def _groups(here: NDArray[np.float32], there: NDArray[np.float32]) -> list[Group]:
    """Take out motion after motion, the one with the most matches first."""
    groups: list[Group] = []
    for _ in range(GROUPS):
        if len(here) < ENOUGH:
            break
        cv2.setRNGSeed(1)  # the same picture gives the same exhibit
        motion, inside = cv2.estimateAffinePartial2D(
            here, there, method=cv2.RANSAC, ransacReprojThreshold=REACH, maxIters=4000
        )
        if motion is None:
            break
        chosen = inside.ravel().astype(bool)
        distinct = len(np.unique(np.rint(here[chosen]), axis=0))
        scale = float(np.sqrt(abs(np.linalg.det(motion[:, :2]))))
        if min(chosen.sum(), distinct) < ENOUGH:
            break
        spread = np.linalg.svd(here[chosen] - here[chosen].mean(axis=0), compute_uv=False)
        if SCALES[0] < scale < SCALES[1] and spread[1] / np.sqrt(chosen.sum()) > SPREAD:
            groups.append(Group(here[chosen], there[chosen], np.asarray(motion, np.float64)))
        here, there = here[~chosen], there[~chosen]
    return sorted(groups, key=lambda group: -len(group.here))


def _drawn(
    image: NDArray[np.uint8], groups: list[Group], copies: list[Copy], scale_down: float
) -> NDArray[np.uint8]:
    """The picture, dimmed, with regions outlined and a line for each match, coloured by group."""
    factor = reduction(image)
    ratio = 1 / scale_down / factor
    shown: NDArray[np.uint8] = np.array(reduced(image, factor), np.uint8)
    if groups or copies:
        shown = np.asarray(cv2.convertScaleAbs(shown, alpha=0.6), np.uint8)
    width = max(1, round(max(shown.shape) / 900))
    for copy in copies:
        for region in (copy.source, copy.target):
            mask = cv2.resize(region.astype(np.uint8), shown.shape[1::-1], interpolation=0)
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            cv2.drawContours(shown, outlines, -1, OUTLINE, 2 * width, cv2.LINE_AA)
    for group, colour in zip(reversed(groups), reversed(COLOURS[: len(groups)]), strict=True):
        for a, b in zip(group.here * ratio, group.there * ratio, strict=True):
            ends = [tuple(round(float(v)) for v in end) for end in (a, b)]
            cv2.line(shown, ends[0], ends[1], colour, width, cv2.LINE_AA)
            for end in ends:
                cv2.circle(shown, end, 3 * width, colour, -1, cv2.LINE_AA)
    return shown
