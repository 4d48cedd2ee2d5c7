"""What found copies add to the network's answer: to the label's logits and to the map.

A logistic regression on composed copy-moves and unaltered pictures (`training.copies`) gives each
pair of like regions a likelihood ratio, copied against alike by nature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.editscope.copymove import Copy

COPY_SHARE = 0.3  # of local edits that copy within the picture; the rest leave no pair to find
LARGEST_RATIO = 8.0  # log: a pair of regions proves no more than this
SURE_SIDE = 0.65  # below it both regions are marked: F1 .65 for both against .9 for the right one


def features(copy: Copy) -> NDArray[np.float64]:
    """What speaks for a copy, (3,): log of its matches, and both correlations.

    Its size does not: composed copies are larger than people's, and a fit took small ones for
    chance.
    """
    return np.array([np.log(copy.matches), copy.correlation, copy.fine])


def log_ratio(copy: Copy, weights: list[float]) -> float:
    """Log-likelihood ratio, copied against alike by nature; `weights` are three and an offset."""
    score = float(features(copy) @ np.array(weights[:-1])) + weights[-1]
    return float(np.clip(score, -LARGEST_RATIO, LARGEST_RATIO))


def edited_logit(ratios: list[float]) -> float:
    """To be added to the logit of LocallyEdited: a mixture of copy-moves and other edits."""
    best = max(ratios, default=-LARGEST_RATIO)
    return float(np.logaddexp(np.log(COPY_SHARE) + best, np.log(1 - COPY_SHARE)))


def side_features(copy: Copy, manipulation: NDArray[np.float32]) -> NDArray[np.float64]:
    """What tells the copy from its source, (3,): seam, resampling, the map's means on the two."""
    shape = copy.target.shape
    size = (shape[1], shape[0])
    values = np.asarray(Image.fromarray(manipulation).resize(size, Image.Resampling.BILINEAR))
    gain = float(values[copy.target].mean()) - _mean(values, copy.source)
    return np.array([copy.seam, copy.resampling, gain])


def join(
    manipulation: NDArray[np.float32],
    copies: list[Copy],
    ratios: list[float],
    side_weights: list[float],
) -> NDArray[np.float32]:
    """The map, (h, w) in 0..1, with each likely copy in the network's place.

    A copy of probability p gets p, everything else 1 - p of what the network says: where something
    was copied, that explains the picture. If the two regions are hard to tell apart, both are
    marked.
    """
    joined = manipulation
    height, width = manipulation.shape
    for copy, ratio in sorted(zip(copies, ratios, strict=True), key=lambda pair: pair[1]):
        certainty = 1 / (1 + np.exp(-ratio))
        lean = float(side_features(copy, manipulation) @ np.array(side_weights))
        target, source = (copy.target, copy.source) if lean >= 0 else (copy.source, copy.target)
        sure = 1 / (1 + np.exp(-abs(lean)))
        region = target.astype(np.float32)
        region[source & ~target] = 1.0 if sure < SURE_SIDE else 1.0 - sure
        small = Image.fromarray(region).resize((width, height), Image.Resampling.BOX)
        joined = (1 - certainty) * joined + certainty * np.asarray(small)
    return np.asarray(joined, np.float32)


def _mean(values: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else 0.0
