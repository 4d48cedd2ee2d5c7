from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api import create_api
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector, half_bright, request_for
from web.logs import request_id


@pytest.fixture
def client() -> Iterator[TestClient]:
    engine = Engine(BrightDetector())
    engine.load()
    app = create_api(Settings(_env_file=None), engine)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/nothing", "/broken"])
def test_every_answer_has_an_id_of_its_own(client: TestClient, path: str) -> None:
    first, second = (client.get(path).headers["x-request-id"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


@pytest.mark.parametrize("sane", ["a", "trace-01:2.3_4", "x" * 64])
def test_a_sane_id_is_kept(client: TestClient, sane: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": sane}).headers["x-request-id"] == sane


@pytest.mark.parametrize("mad", ["", "x" * 65, "a b", "a\tb", "<script>", '"', b"\xff"])
def test_any_other_is_replaced(client: TestClient, mad: str | bytes) -> None:
    headers = {"X-Request-ID": mad}
    answered = client.get("/healthz", headers=headers).headers["x-request-id"]  # type: ignore[arg-type]
    assert re.fullmatch("[0-9a-f]{32}", answered)


def test_the_id_reaches_the_engines_log(client: TestClient) -> None:
    seen: list[tuple[str, str]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.getMessage(), request_id.get()))

    listener, root = Listener(), logging.getLogger()
    root.addHandler(listener)
    level = root.level
    root.setLevel(logging.INFO)
    try:
        content = request_for(half_bright()).model_dump_json()
        client.post("/predict", content=content, headers={"X-Request-ID": "mine"})
    finally:
        root.removeHandler(listener)
        root.setLevel(level)
    ours = [message for message, current in seen if current == "mine"]
    assert any("LocallyEdited" in message for message in ours)
    assert any(message.startswith("POST /predict: 200 in ") for message in ours)
    assert request_id.get() == ""


def test_each_request_is_a_line_with_figures(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="web.access")
    client.get("/healthz")  # probes every few seconds would bury the rest
    client.get("/broken")
    (record,) = [record for record in caplog.records if record.name == "web.access"]
    figures = vars(record)
    assert (figures["method"], figures["path"], figures["status"]) == ("GET", "/broken", 500)
    assert figures["seconds"] >= 0
