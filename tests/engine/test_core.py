from __future__ import annotations

import logging

import numpy as np
import pytest

import engine.core as engine_module
from detector import (
    Detection,
    ImageData,
    ImageError,
    ImageRequest,
    InvalidBase64,
    Labels,
    TooManyPixels,
)
from engine import Engine, NotReady
from tests.engine.engines import UNIFORM, failing, loaded, mask_of
from tests.fakes import BrightDetector, half_bright, request_for


def test_a_picture_is_judged_at_full_resolution() -> None:
    detector = BrightDetector()
    analysis = loaded(detector).analyse(half_bright(40, 60))
    assert analysis.step == "full"
    assert analysis.verdict.label is Labels.LocallyEdited
    assert detector.seen == [(40, 60, 3)]
    assert analysis.seconds >= 0


def test_a_request_and_its_pixels_get_the_same_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    engine, picture = loaded(BrightDetector()), half_bright()
    response = engine.predict(request_for(picture))
    assert response == engine.analyse(picture).verdict.to_response()
    assert np.array_equal(mask_of(response), picture[..., 0] > 0)
    assert "LocallyEdited 0.870 for 60 x 40 px, step full" in caplog.text


def test_the_mask_of_a_synthesized_picture_is_as_set() -> None:
    detector = BrightDetector(lambda *_: Detection(np.array([0.0, 5.0, 0.0, 0.0])))
    for setting, value in (("full", True), ("empty", False)):
        mask = loaded(detector, synthesized_mask=setting).analyse(half_bright()).verdict.mask
        assert mask is not None
        assert (mask == value).all()


def test_closing_ends_what_the_service_started() -> None:
    closed: list[bool] = []
    detector = BrightDetector()
    detector.close = lambda: closed.append(True)
    engine = loaded(detector)
    engine.close()
    engine.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("!", InvalidBase64),
        ("", InvalidBase64),
        ("aGVsbG8gd29ybGQ=", ImageError),
    ],
)
def test_what_is_not_a_picture_is_said_and_holds_no_slot(data: str, error: type[Exception]) -> None:
    engine = loaded(BrightDetector(), queue=0)
    for _ in range(2):
        with pytest.raises(error):
            engine.predict(ImageRequest(image=ImageData(mediaType="image/png", data=data)))
    assert engine.predict(request_for(half_bright()))


def test_too_many_pixels_are_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "decode", failing)
    engine = loaded(BrightDetector(), max_pixels=40 * 60 - 1)
    with pytest.raises(TooManyPixels):
        engine.predict(request_for(half_bright(40, 60)))


def test_an_unforeseen_failure_is_answered_with_the_prior(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine_module, "decode", failing)
    response = loaded(BrightDetector()).predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert response.localizationMask is None
    assert "the detector is broken" in caplog.text


def test_nothing_is_answered_before_loading_and_after_closing() -> None:
    engine = Engine(BrightDetector())
    assert not engine.ready
    with pytest.raises(NotReady):
        engine.analyse(half_bright())
    engine.load()
    assert engine.ready
    assert engine.analyse(half_bright()).step == "full"
    engine.close()
    with pytest.raises(NotReady):
        engine.predict(request_for(half_bright()))


def test_the_service_can_be_made_when_it_is_loaded() -> None:
    made: list[BrightDetector] = []

    def make() -> BrightDetector:
        made.append(BrightDetector())
        return made[-1]

    engine = Engine(make)
    assert made == []
    engine.load()
    assert engine.service is made[0]


@pytest.mark.parametrize("broken", ["load", "detect"])
def test_a_failure_to_load_or_to_warm_up_is_kept(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(BrightDetector, broken, fail)
    engine = Engine(BrightDetector())
    with pytest.raises(OSError, match="the disk is full") as caught:
        engine.load()
    assert engine.failure is caught.value
    assert not engine.ready


def test_loading_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Engine(BrightDetector(), num_threads=2).load()
    for line in (
        "Initializing the detector with 2 threads",
        "Loading BrightDetector from models/tests/bright",
        "Model loaded: version bright-1, device auto",
        "Model warmed up",
    ):
        assert line in caplog.text


def test_threads_are_shared_by_the_pictures_judged_at_a_time() -> None:
    assert Engine(BrightDetector(), num_threads=8, concurrency=3).threads == 2
    assert Engine(BrightDetector(), num_threads=2, concurrency=4).threads == 1
