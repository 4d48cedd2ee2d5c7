from __future__ import annotations

import base64
import json
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from api import create_api, create_engine
from detector import BinaryMask, Deadline, Detection, PredictionResponse
from engine import Engine
from settings import Settings
from tests.fakes import EDITED, BrightDetector, half_bright, png, request_for, run_async, wait_until
from web.problems import KINDS

MAX_BODY = 20_000
MAX_PIXELS = 100_000
WAIT_S = 60.0  # only reached if something hangs


def settings(**changes: Any) -> Settings:
    values = {"max_body_bytes": MAX_BODY, "max_pixels": MAX_PIXELS, "log_level": "ERROR"}
    return Settings(_env_file=None, **{**values, **changes})


def loaded_engine(detector: BrightDetector, config: Settings) -> Engine:
    engine = Engine(detector, queue=config.max_queue, max_pixels=config.max_pixels)
    engine.load()
    return engine


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    config = settings()
    app = create_api(config, loaded_engine(BrightDetector(), config))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def error(response: Any, status: int, code: str) -> str:
    """Check an error answer; return its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == code
    assert KINDS[code].status == status
    message: str = body["error"]["message"]
    assert message.endswith(".")
    assert "\n" not in message
    assert "/work" not in message
    assert "Traceback" not in message
    return message


def body_for(data: str) -> dict[str, Any]:
    return {"image": {"mediaType": "image/png", "data": data}}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


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


class Held:
    """A detection that waits until it is released, the warm-up aside."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.released = threading.Event()

    def __call__(self, image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        if deadline != Deadline.never():
            self.entered.release()
            assert self.released.wait(WAIT_S)
        return Detection(EDITED)


def test_a_full_queue_says_when_to_come_back_and_health_stays_up() -> None:
    held, config = Held(), settings(max_queue=0)
    app = create_api(config, loaded_engine(BrightDetector(held), config))
    content = request_for(half_bright()).model_dump_json()
    with TestClient(app) as client, ThreadPoolExecutor() as pool:
        first = pool.submit(client.post, "/predict", content=content)
        assert held.entered.acquire(timeout=WAIT_S)
        second = client.post("/predict", content=content)
        assert client.get("/healthz").status_code == 200
        held.released.set()
        assert first.result(WAIT_S).status_code == 200
        assert client.post("/predict", content=content).status_code == 200
    error(second, 503, "busy")
    assert int(second.headers["retry-after"]) > 0


def test_nothing_but_health_is_there_until_the_model_is() -> None:
    loading, may_load = threading.Event(), threading.Event()

    def create() -> BrightDetector:
        loading.set()
        assert may_load.wait(WAIT_S)
        return BrightDetector()

    engine, told = Engine(create), threading.Event()
    app = create_api(settings(), engine)
    app.state.loaded = told.set
    with TestClient(app) as client:
        assert loading.wait(WAIT_S)
        assert not told.is_set()
        assert client.get("/healthz").status_code == 200
        info = client.get("/info").json()
        assert info["ready"] is False
        assert info["model_version"] is None
        for response in (
            client.get("/readyz"),
            client.post("/predict", content=request_for(half_bright()).model_dump_json()),
        ):
            error(response, 503, "not_ready")
            assert int(response.headers["retry-after"]) > 0
        may_load.set()
        wait_until(lambda: engine.ready)
        assert client.get("/readyz").status_code == 200
        assert told.wait(WAIT_S)


def test_a_model_that_cannot_be_loaded_stops_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = threading.Event()
    app = create_api(settings(models_dir=tmp_path))
    app.state.stop = stopped.set
    with TestClient(app) as client:
        assert stopped.wait(WAIT_S)
        error(client.get("/readyz"), 503, "load_failed")
    assert f"Model directory not found: {tmp_path / 'editscope/base'}" in caplog.text
    assert "git checkout -- models/editscope/base" in caplog.text
    assert "Traceback" not in caplog.text


def test_an_error_of_ours_says_nothing_of_the_inside() -> None:
    app = create_api(settings(), Engine(BrightDetector()))

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret /path")

    with TestClient(app, raise_server_exceptions=False) as client:
        assert "secret" not in error(client.get("/broken"), 500, "internal_error")


def scope_for_predict(**headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/predict",
        "raw_path": b"/predict",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


@pytest.mark.parametrize("after", ["half the body", "the whole body"])
def test_whoever_hangs_up_costs_no_inference_and_no_slot(after: str) -> None:
    config = settings(max_queue=0)
    detector = BrightDetector()
    app = create_api(config, loaded_engine(detector, config))
    detector.seen.clear()
    content = request_for(half_bright()).model_dump_json().encode()
    sent: list[dict[str, Any]] = []

    async def messages() -> AsyncIterator[dict[str, Any]]:
        whole = after == "the whole body"
        part = content if whole else content[:50]
        yield {"type": "http.request", "body": part, "more_body": not whole}
        while True:
            yield {"type": "http.disconnect"}

    async def call() -> None:
        source = messages()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app(scope_for_predict(), source.__anext__, send)  # type: ignore[arg-type]

    run_async(call)
    assert sent[0]["status"] == 499
    assert detector.seen == []
    with TestClient(app) as client:
        assert client.post("/predict", content=content).status_code == 200


def test_the_engine_is_made_from_the_settings() -> None:
    engine = create_engine(settings(num_threads=6, max_concurrency=2, model_name="a/b"))
    assert engine.threads == 3
    assert not engine.ready
