from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from detector import verdict
from detector.contract import Labels
from detector.verdict import MIN_LOGPROB, Detection, decide, normalise, threshold_at

FINITE = st.floats(allow_nan=False, allow_infinity=False)
LOGITS = st.lists(FINITE | st.floats(-30, 30), min_size=4, max_size=4)
SIDES = st.integers(1, 60)


def favouring(label: Labels, by: float = 3.0) -> NDArray[np.float64]:
    logits = np.zeros(len(Labels))
    logits[label] = by
    return logits


def random_map(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((height, width), dtype=np.float32)


# --- log-probabilities


@given(LOGITS)
@settings(deadline=None)
def test_any_finite_logits_become_proper_logprobs(logits: list[float]) -> None:
    logprobs = normalise(np.array(logits))
    assert logprobs.dtype == np.float64
    assert np.isfinite(logprobs).all()
    assert (logprobs <= 0).all()
    assert logprobs.min() >= MIN_LOGPROB - 1e-6
    assert math.isclose(np.exp(logprobs).sum(), 1.0, abs_tol=1e-9)
    assert logprobs[int(np.argmax(logits))] == logprobs.max()


@given(st.lists(st.floats(-9, 9), min_size=4, max_size=4), st.floats(-1e6, 1e6))
@settings(deadline=None)
def test_logits_count_up_to_a_constant(logits: list[float], constant: float) -> None:
    shifted = normalise(np.array(logits) + constant)
    np.testing.assert_allclose(shifted, normalise(np.array(logits)), atol=1e-8)


def test_logprobs_are_left_as_they_are() -> None:
    probabilities = np.array([0.5, 0.25, 0.2, 0.05])
    np.testing.assert_allclose(np.exp(normalise(np.log(probabilities))), probabilities)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_logits_of_any_dtype(dtype: Any) -> None:
    logits = np.array([1, 2, 3, 4], dtype=dtype)
    np.testing.assert_allclose(normalise(logits), normalise(np.array([1.0, 2.0, 3.0, 4.0])))


@pytest.mark.parametrize(
    "logits",
    [[0.0] * 3, [0.0] * 5, [[0.0] * 4], [math.nan, 0, 0, 0], [math.inf, 0, 0, 0], [-math.inf] * 4],
)
def test_improper_logits_are_refused(logits: Any) -> None:
    with pytest.raises(ValueError, match="4 finite"):
        normalise(np.array(logits))


# --- the decision


@given(LOGITS, SIDES, SIDES, SIDES, SIDES)
@settings(deadline=None)
def test_mask_has_the_size_of_the_picture(
    logits: list[float], height: int, width: int, map_height: int, map_width: int
) -> None:
    detection = Detection(np.array(logits), random_map(map_height, map_width))
    decided = decide(detection, (height, width))
    assert decided.mask is not None
    assert decided.mask.shape == (height, width)
    assert decided.mask.dtype == np.bool_
    response = decided.to_response()
    assert response.localizationMask is not None
    np.testing.assert_array_equal(response.localizationMask.to_numpy(), decided.mask)


@pytest.mark.parametrize(
    ("label", "expected"),
    [(Labels.Natural, 0.0), (Labels.LocallyEdited, 0.5), (Labels.LocallySynthesized, 0.5)],
)
def test_mask_follows_the_winner(label: Labels, expected: float) -> None:
    manipulation = np.zeros((4, 4), np.float32)
    manipulation[:, 2:] = 1.0
    decided = decide(Detection(favouring(label), manipulation), (40, 40))
    assert decided.label is label
    assert decided.mask is not None
    assert decided.mask.mean() == expected
    assert decided.probabilities.argmax() == label


@pytest.mark.parametrize(("setting", "expected"), [("full", True), ("empty", False)])
def test_mask_of_a_synthesized_picture_is_a_choice(
    setting: Literal["full", "empty"], expected: bool
) -> None:
    detection = Detection(favouring(Labels.FullySynthesized), random_map(4, 4))
    decided = decide(detection, (5, 6), setting)
    assert decided.mask is not None
    assert (decided.mask == expected).all()


def test_without_a_map_there_is_no_mask_of_an_edit() -> None:
    decided = decide(Detection(favouring(Labels.LocallyEdited)), (5, 6))
    assert decided.mask is None
    assert decided.manipulation is None
    assert decided.to_response().localizationMask is None


@pytest.mark.parametrize(
    "manipulation",
    [np.zeros(4), np.zeros((2, 2, 1)), np.zeros((0, 4)), np.full((2, 2), np.nan),
     np.full((2, 2), np.inf), np.full((2, 2), 1e300)],
)  # fmt: skip
@pytest.mark.parametrize("label", Labels)
def test_improper_maps_are_refused(label: Labels, manipulation: NDArray[np.floating]) -> None:
    with pytest.raises(ValueError, match="map"):
        decide(Detection(favouring(label), manipulation), (8, 8))


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.uint8, np.bool_])
def test_maps_of_any_dtype(dtype: Any) -> None:
    manipulation = np.array([[0, 1], [1, 0]]).astype(dtype)
    decided = decide(Detection(favouring(Labels.LocallyEdited), manipulation), (2, 2))
    assert decided.manipulation is not None
    assert decided.manipulation.dtype == np.float32
    np.testing.assert_array_equal(decided.mask, manipulation != 0)


def test_map_is_clipped_and_the_detectors_own_left_alone() -> None:
    original = np.array([[-0.2, 1.2]], np.float32)
    decided = decide(Detection(favouring(Labels.LocallyEdited), original), (1, 2))
    assert decided.manipulation is not None
    np.testing.assert_array_equal(decided.manipulation, [[0, 1]])
    np.testing.assert_array_equal(original, np.array([[-0.2, 1.2]], np.float32))


# --- the mask at full size


@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.integers(1, 600), st.floats(0, 1))
@settings(deadline=None)
def test_strips_equal_one_upsampling(
    map_size: tuple[int, int], size: tuple[int, int], strip: int, threshold: float
) -> None:
    manipulation = random_map(*map_size)
    height, width = size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict, "STRIP_PIXELS", strip)
        mask = threshold_at(manipulation, (height, width), threshold)
    resized = Image.fromarray(manipulation).resize((width, height), Image.Resampling.BILINEAR)
    whole = np.asarray(resized)
    certain = np.abs(whole - threshold) > 1e-4  # a strip's box is rounded to float32
    np.testing.assert_array_equal(mask[certain], (whole > threshold)[certain])


def test_map_of_the_pictures_size_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "STRIP_PIXELS", 70)
    manipulation = random_map(41, 23)
    np.testing.assert_array_equal(threshold_at(manipulation, (41, 23), 0.3), manipulation > 0.3)


def test_threshold_itself_is_outside() -> None:
    flat = np.full((3, 3), 0.5, np.float32)
    assert not threshold_at(flat, (6, 6), 0.5).any()
    assert threshold_at(flat, (6, 6), 0.49).all()


def test_edges_of_the_map_are_edges_of_the_mask() -> None:
    manipulation = np.zeros((10, 10), np.float32)
    manipulation[:5, :5] = 1.0
    mask = threshold_at(manipulation, (200, 100), 0.5)
    np.testing.assert_array_equal(mask.any(axis=1).nonzero()[0], np.arange(100))
    np.testing.assert_array_equal(mask.any(axis=0).nonzero()[0], np.arange(50))
