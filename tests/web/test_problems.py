from __future__ import annotations

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from detector import ImageRequest
from detector.imaging import ImageError
from web.problems import KINDS, Problem, answer, install


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_has_a_status_and_one_sentence(code: str) -> None:
    status, example = KINDS[code]
    assert 400 <= status < 600
    assert example.endswith(".")
    response = answer(code)
    assert response.status_code == status
    assert json.loads(bytes(response.body)) == {"error": {"code": code, "message": example}}
    assert ("retry-after" in response.headers) == (status == 503)


def test_a_validation_error_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        ImageRequest.model_validate_json('{"image": "secret"}')
    problem = Problem.from_validation(caught.value)
    assert problem.code == "invalid_request"
    assert str(problem) == "image: Input should be an object."


@pytest.mark.parametrize(
    "code",
    ["not_an_image", "unsupported_format", "corrupt_image", "too_many_pixels"],
)
def test_an_image_error_keeps_its_code_and_message(code: str) -> None:
    app = FastAPI()
    install(app)

    @app.get("/")
    def fail() -> None:
        raise ImageError(code, "The picture is odd.")

    response = TestClient(app).get("/")
    assert response.status_code == KINDS[code].status
    assert response.json() == {"error": {"code": code, "message": "The picture is odd."}}


def test_an_exception_of_the_framework_that_we_do_not_know_is_ours() -> None:
    app = FastAPI()
    install(app)

    @app.get("/")
    def fail() -> None:
        raise HTTPException(418, "I am a teapot")

    response = TestClient(app).get("/")
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
