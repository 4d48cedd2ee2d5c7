"""The API while its model is loaded, busy, broken, or asked by one who hangs up."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from starlette.types import Message

from api import create_api, create_engine
from detector import Deadline, Detection
from engine import Engine
from tests.clients import error, loaded_engine, settings
from tests.fakes import EDITED, BrightDetector, half_bright, request_for, run_async, wait_until

WAIT_S = 60.0  # only reached if something hangs


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
    sent: list[Message] = []

    async def messages() -> AsyncIterator[Message]:
        whole = after == "the whole body"
        part = content if whole else content[:50]
        yield {"type": "http.request", "body": part, "more_body": not whole}
        while True:
            yield {"type": "http.disconnect"}

    async def call() -> None:
        source = messages()

        async def send(message: Message) -> None:
            sent.append(message)

        await app(scope_for_predict(), source.__anext__, send)

    run_async(call)
    assert sent[0]["status"] == 499
    assert detector.seen == []
    with TestClient(app) as client:
        assert client.post("/predict", content=content).status_code == 200


def test_the_engine_is_made_from_the_settings() -> None:
    engine = create_engine(settings(num_threads=6, max_concurrency=2, model_name="a/b"))
    assert engine.threads == 3
    assert not engine.ready
