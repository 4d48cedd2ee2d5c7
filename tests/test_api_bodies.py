"""Bodies that are not what is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from detector import PredictionResponse
from tests.clients import MAX_BODY, MAX_PIXELS, encoded, error, new_client
from tests.fakes import half_bright, png, request_for
from web.problems import KINDS


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with new_client() as client:
        yield client


def body_for(data: str) -> dict[str, Any]:
    return {"image": {"mediaType": "image/png", "data": data}}


@pytest.mark.parametrize(
    ("content", "status", "code", "message"),
    [
        (b"", 400, "empty_body", "no body"),
        (b"{", 400, "malformed_json", "The body is not JSON: EOF while parsing"),
        (b"picture", 400, "malformed_json", "expected value at line 1 column 1"),
        (b"\xff\xfe\x00", 400, "malformed_json", "not JSON"),
        (b'{"image": {"mediaType": "", "data": "\xe9"}}', 400, "malformed_json", "not JSON"),
        (b'{"image": {"mediaType": "", "data": "\\ud800"}}', 400, "malformed_json", "not JSON"),
        (b"[" * 5_000, 400, "malformed_json", "recursion limit"),
        (b'{"x": ' * 2_000 + b"1" + b"}" * 2_000, 400, "malformed_json", "recursion limit"),
        (b"[]", 422, "invalid_request", "body: Input should be an object"),
        (b"null", 422, "invalid_request", "body: "),
        (b"{}", 422, "invalid_request", "image: Field required"),
        (b'{"image": "abc"}', 422, "invalid_request", "image: Input should be an object"),
        (b'{"image": {"data": "YQ=="}}', 422, "invalid_request", "image.mediaType: Field required"),
        (b'{"image": {"mediaType": "x"}}', 422, "invalid_request", "image.data: Field required"),
        (
            b'{"image": {"mediaType": "x", "data": 5}}',
            422,
            "invalid_request",
            "image.data: Input should be a valid string",
        ),
    ],
)
def test_what_is_not_the_contract_is_said(
    client: TestClient, content: bytes, status: int, code: str, message: str
) -> None:
    assert message in error(client.post("/predict", content=content), status, code)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "invalid_base64"),
        ("a", "invalid_base64"),
        ("YQ=", "invalid_base64"),
        ("äöü=", "invalid_base64"),
        ("data:image/png;base64,YQ==", "invalid_base64"),
        (encoded(b"hello world"), "not_an_image"),
        (encoded(b"\0" * 100), "not_an_image"),
        (encoded(b"II*\0" + b"\0" * 100), "unsupported_format"),
        (encoded(b"\x89PNG\r\n\x1a\n" + b"\0" * 100), "corrupt_image"),
    ],
)
def test_what_is_not_a_picture_is_said(client: TestClient, data: str, code: str) -> None:
    error(client.post("/predict", json=body_for(data)), 422, code)


def test_too_many_pixels(client: TestClient) -> None:
    picture = np.zeros((200, MAX_PIXELS // 200 + 1, 3), np.uint8)
    message = error(
        client.post("/predict", json=request_for(picture).model_dump()), 413, "too_many_pixels"
    )
    assert f"{MAX_PIXELS // 200 + 1} x 200" in message


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1000):
        yield b"x" * 1000


def test_a_body_that_is_too_long_by_its_own_word(client: TestClient) -> None:
    response = client.post("/predict", content=b"x" * (MAX_BODY + 1))
    assert str(MAX_BODY) in error(response, 413, "body_too_large")


def test_a_body_that_turns_out_too_long(client: TestClient) -> None:
    request = client.build_request("POST", "/predict", content=chunks(MAX_BODY + 1000))
    assert "content-length" not in request.headers
    error(client.send(request), 413, "body_too_large")


def test_a_body_of_the_greatest_length_is_read(client: TestClient) -> None:
    assert client.post("/predict", content=b" " * MAX_BODY).json()["error"]["code"] == (
        "malformed_json"
    )
    error(client.post("/predict", content=chunks(MAX_BODY)), 400, "malformed_json")


def test_a_compressed_body_is_refused(client: TestClient) -> None:
    headers = {"Content-Encoding": "gzip"}
    error(
        client.post("/predict", content=b"\x1f\x8b", headers=headers), 415, "unsupported_encoding"
    )


any_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["image", "mediaType", "data", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
broken_pictures = st.builds(
    lambda data, keep, junk: data[:keep] + junk,
    st.just(png(half_bright(6, 9))),
    st.integers(0, 120),
    st.binary(max_size=30),
)


@given(content=st.binary(max_size=300) | any_json.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_the_server_fail(client: TestClient, content: bytes) -> None:
    response = client.post("/predict", content=content)
    assert 400 <= response.status_code < 500
    assert response.json()["error"]["code"] in KINDS


@given(data=st.text(max_size=60) | broken_pictures.map(encoded))
def test_no_data_makes_the_server_fail(client: TestClient, data: str) -> None:
    response = client.post("/predict", json=body_for(data))
    if response.status_code == 200:
        answer = PredictionResponse.model_validate(response.json())
        assert answer.localizationMask is not None
        assert answer.localizationMask.to_numpy().shape == (6, 9)
    else:
        assert response.json()["error"]["code"] in {
            "invalid_base64",
            "not_an_image",
            "unsupported_format",
            "corrupt_image",
            "too_many_pixels",
        }
