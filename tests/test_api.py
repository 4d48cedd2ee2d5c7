from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient

from detector import BinaryMask
from tests.clients import MAX_BODY, MAX_PIXELS, encoded, error, new_client
from tests.fakes import half_bright, png, request_for


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with new_client() as client:
        yield client


def test_a_picture_is_judged(client: TestClient) -> None:
    picture = half_bright()
    response = client.post("/predict", json=request_for(picture).model_dump())
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"logprobs", "localizationMask"}
    assert sum(np.exp(body["logprobs"])) == pytest.approx(1)
    assert int(np.argmax(body["logprobs"])) == 2
    mask = BinaryMask.model_validate(body["localizationMask"]).to_numpy()
    assert np.array_equal(mask, picture[..., 0] > 0)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain", ""]
)
def test_json_is_taken_whatever_it_is_called(client: TestClient, content_type: str) -> None:
    content = request_for(half_bright()).model_dump_json()
    response = client.post("/predict", content=content, headers={"Content-Type": content_type})
    assert response.status_code == 200


def test_unknown_fields_media_types_and_a_byte_order_mark_are_ignored(client: TestClient) -> None:
    body = {
        "image": {"mediaType": "tea/green", "data": encoded(png(half_bright())), "name": "x"},
        "seed": [1, {"deep": None}],
    }
    response = client.post("/predict", content=b"\xef\xbb\xbf" + json.dumps(body).encode())
    assert response.status_code == 200


def test_a_slash_more_is_the_same_place(client: TestClient) -> None:
    content = request_for(half_bright()).model_dump_json()
    assert client.post("/predict/", content=content).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_told_to_post(client: TestClient, method: str) -> None:
    response = client.request(method, "/predict")
    assert "Use POST" in error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


def test_head_is_told_to_post(client: TestClient) -> None:
    response = client.head("/predict")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


def test_unknown_paths(client: TestClient) -> None:
    assert "/docs" in error(client.get("/nothing/here"), 404, "not_found")
    assert "Use GET" in error(client.post("/info"), 405, "method_not_allowed")


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.head("/healthz").status_code == client.head("/readyz").status_code == 200


def test_info(client: TestClient) -> None:
    info = client.get("/info").json()
    threads = info.pop("threads")
    assert threads >= 1
    assert info == {
        "name": "EditScope",
        "version": "0.1.0",
        "model": "editscope/base",
        "model_version": "bright-1",
        "ready": True,
        "labels": ["Natural", "FullySynthesized", "LocallyEdited", "LocallySynthesized"],
        "device": "auto",
        "limits": {
            "max_body_bytes": MAX_BODY,
            "max_pixels": MAX_PIXELS,
            "max_concurrency": 1,
            "max_queue": 64,
            "time_budget_s": 20.0,
        },
    }
