"""Services that take whole requests, as people write them for the challenge's template."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from detector import BinaryMask, ImageRequest, PredictionResponse, decode
from tests.engine.engines import UNIFORM, failing, loaded, mask_of
from tests.fakes import TemplateService, half_bright, request_for


def test_a_template_service_answers_pixels_too() -> None:
    service = TemplateService()
    engine = loaded(service)
    received: list[ImageRequest] = []

    def answer(request: ImageRequest) -> PredictionResponse:
        received.append(request)
        return service._uniform(request)

    service.answer = answer
    picture = half_bright()
    assert engine.analyse(picture).verdict.mask is None
    assert np.array_equal(decode(received[0].image.to_bytes()), picture)
    sent = request_for(picture)
    engine.predict(sent)
    assert received[1] is sent
    assert sent.image.data


def test_a_template_services_answer_is_put_right(caplog: pytest.LogCaptureFixture) -> None:
    service = TemplateService()
    engine = loaded(service)
    small = np.array([[False, True]])
    service.answer = lambda _: PredictionResponse.model_construct(
        logprobs=[0.0, 0.0, 0.0, 0.0], localizationMask=BinaryMask.from_numpy(small)
    )
    picture = half_bright()
    response = engine.predict(request_for(picture))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert np.array_equal(mask_of(response), picture[..., 0] > 0)
    assert "resized" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        failing,
        lambda _: PredictionResponse.model_construct(logprobs=[np.nan] * 4),
        lambda _: PredictionResponse.model_construct(
            logprobs=[-1.4] * 4, localizationMask=BinaryMask.model_construct(data="????")
        ),
        lambda _: None,
    ],
)
def test_a_template_service_that_fails_is_answered_for(
    answer: Callable[[ImageRequest], PredictionResponse], caplog: pytest.LogCaptureFixture
) -> None:
    service = TemplateService()
    engine = loaded(service)
    service.answer = answer
    response = engine.predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert mask_of(response).shape == (40, 60)
    assert "The service failed" in caplog.text
