from __future__ import annotations

import random

import numpy as np
import pytest

from detector import ImageError, ImageRequest, InvalidBase64, PredictionResponse
from detector.deadline import Deadline
from engine import Engine
from engine.ladder import climb_down
from soak import clients, inputs
from soak.faulty import Fault, FaultyDetector, picture


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(FaultyDetector(), max_pixels=inputs.MAX_PIXELS)
    engine.load()
    return engine


def answer(engine: Engine, sent: inputs.Sent) -> PredictionResponse:
    return engine.predict(ImageRequest.model_validate_json(sent.body))


@pytest.mark.parametrize("seed", range(8))
def test_the_expected_answer_is_the_engines(engine: Engine, seed: int) -> None:
    sent = inputs.good(random.Random(seed))
    content = answer(engine, sent).model_dump_json().encode()
    assert clients.judged(sent, 200, content, "id") == "right"


def test_a_wrong_answer_is_noticed(engine: Engine) -> None:
    sent = inputs.good(random.Random(1))
    right = answer(engine, sent)
    assert right.localizationMask is not None
    twisted = right.model_copy(update={"logprobs": right.logprobs[::-1]})
    for status, content, request_id in (
        (200, twisted.model_dump_json().encode(), "id"),
        (200, b"{}", "id"),
        (200, b"", "id"),
        (500, b"", "id"),
        (422, b"", "id"),
        (200, right.model_dump_json().encode(), None),
    ):
        assert clients.judged(sent, status, content, request_id) == "wrong"


@pytest.mark.parametrize("fault", [Fault.RAISE, Fault.NAN])
def test_a_fault_is_answered_with_the_prior(engine: Engine, fault: Fault) -> None:
    sent = inputs.faulty(fault)
    content = answer(engine, sent).model_dump_json().encode()
    assert clients.judged(sent, 200, content, "id") == "prior"


def test_a_slow_detector_heeds_its_deadline() -> None:
    detector = FaultyDetector()
    assert climb_down(detector, picture(Fault.SLOW), Deadline.after(0.02), "full") is None


@pytest.mark.parametrize("name", inputs.HOSTILE)
def test_what_is_hostile_is_refused_as_expected(engine: Engine, name: str) -> None:
    make, statuses = inputs.HOSTILE[name]
    body = make(random.Random(3))
    if len(body) > inputs.MAX_BODY:
        assert statuses == (413,)
        return
    try:
        request = ImageRequest.model_validate_json(body)
        engine.predict(request)
    except InvalidBase64:
        status = 422
    except ImageError as error:
        status = 413 if error.code in ("too_many_pixels", "too_large_to_decode") else 422
    except ValueError:
        status = 400 if 400 in statuses else 422
    else:
        status = 200
    assert status in statuses


def test_a_prior_has_the_pictures_size() -> None:
    prior = Engine(FaultyDetector())
    prior.load()
    response = prior.predict(
        ImageRequest.from_bytes(inputs.encoded(picture(Fault.RAISE, 9, 7), "PNG"))
    )
    assert inputs.is_prior(response, (9, 7))
    assert not inputs.is_prior(response, (7, 9))
    assert not np.isnan(response.logprobs).any()
