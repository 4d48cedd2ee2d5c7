"""Step by step down to what fits the time budget."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from detector import Deadline, Detection
from tests.engine.engines import UNIFORM, failing, loaded, mask_of, too_slow_above, warm
from tests.fakes import EDITED, BrightDetector, half_bright, request_for


@pytest.mark.parametrize(("limit", "seen"), [(1024, [2000, 1024]), (512, [2000, 1024, 512])])
def test_what_is_too_slow_is_judged_smaller_with_a_mask_of_full_size(
    limit: int, seen: list[int]
) -> None:
    detector = BrightDetector(too_slow_above(limit))
    picture = half_bright(80, 2000)
    analysis = loaded(detector).analyse(picture)
    assert analysis.step == "reduced"
    assert [shape[1] for shape in detector.seen] == seen
    assert analysis.verdict.mask is not None
    assert analysis.verdict.mask.shape == (80, 2000)
    wrong = analysis.verdict.mask != (picture[..., 0] > 0)
    assert wrong.mean() < 0.01  # at the edge alone


def test_a_reduced_picture_is_averaged() -> None:
    pictures: list[NDArray[np.uint8]] = []

    def detect(image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        pictures.append(image)
        return too_slow_above(1024)(image, deadline)

    stripes = np.zeros((8, 2048, 3), np.uint8)
    stripes[:, ::2] = 255
    loaded(BrightDetector(detect)).analyse(stripes)
    assert pictures[-1].shape == (4, 1024, 3)
    assert set(np.unique(pictures[-1])) <= {127, 128}


def test_each_step_leaves_time_for_the_next() -> None:
    left: list[float] = []

    def detect(image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        left.append(deadline.remaining())
        return too_slow_above(0 if len(left) > 1 else 512)(image, deadline)

    loaded(BrightDetector(detect), budget_s=100.0).analyse(half_bright(10, 2000))
    _, full, medium, small = left
    assert 56 < full <= 57  # 0.6 of 95, since 5 are kept for the answer
    assert 56 < medium <= 57  # of the time left, and the full step took none
    assert 84 < small <= 85.5  # 0.9 of it


def test_the_prior_is_the_last_resort() -> None:
    detector = BrightDetector(too_slow_above(512))
    engine = loaded(detector)
    detector._detect = too_slow_above(0)
    analysis = engine.analyse(half_bright(10, 2000))
    assert analysis.step == "prior"
    assert analysis.verdict.logprobs == pytest.approx(UNIFORM)
    assert analysis.verdict.mask is not None
    assert analysis.verdict.mask.shape == (10, 2000)
    assert not analysis.verdict.mask.any()


@pytest.mark.parametrize(
    "judge",
    [
        failing,
        lambda _: Detection(np.array([0.0, np.nan, 0.0, 0.0])),
        lambda _: Detection(np.zeros(3)),
        lambda _: Detection(EDITED, np.full((4, 4), np.inf)),
        lambda _: Detection(EDITED, np.zeros(4)),
        lambda _: "edited",
        lambda _: None,
    ],
)
def test_a_detector_that_fails_is_logged_and_answered_for(
    judge: Callable[[NDArray[np.uint8]], Detection], caplog: pytest.LogCaptureFixture
) -> None:
    response = loaded(warm(judge)).predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert mask_of(response).shape == (40, 60)
    assert "The detector failed" in caplog.text


def test_a_detector_that_fails_on_large_pictures_gets_a_smaller_one() -> None:
    def judge(image: NDArray[np.uint8]) -> Detection:
        if max(image.shape) > 1024:
            raise MemoryError
        return Detection(EDITED)

    assert loaded(warm(judge)).analyse(half_bright(10, 2000)).step == "reduced"


def test_the_services_own_prior_is_used() -> None:
    detector = warm(failing)
    detector.prior_logprobs = np.log([0.1, 0.7, 0.1, 0.1])
    verdict = loaded(detector).analyse(half_bright()).verdict
    assert verdict.probabilities == pytest.approx([0.1, 0.7, 0.1, 0.1])
    assert verdict.mask is not None
    assert verdict.mask.all()


@pytest.mark.parametrize("rubbish", [[1.0], "uniform", [np.nan] * 4, None])
def test_rubbish_for_a_prior_is_ignored(rubbish: object) -> None:
    detector = warm(failing)
    detector.prior_logprobs = rubbish
    verdict = loaded(detector).analyse(half_bright()).verdict
    assert verdict.logprobs == pytest.approx(UNIFORM)
