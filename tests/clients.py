"""Clients of an API around a stand-in for a model, and what they may be told of an error."""

from __future__ import annotations

import base64
from typing import Any

from fastapi.testclient import TestClient

from api import create_api
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector
from web.problems import KINDS

MAX_BODY = 20_000
MAX_PIXELS = 100_000


def settings(**changes: Any) -> Settings:
    values = {"max_body_bytes": MAX_BODY, "max_pixels": MAX_PIXELS, "log_level": "ERROR"}
    return Settings(_env_file=None, **{**values, **changes})


def loaded_engine(detector: BrightDetector, config: Settings) -> Engine:
    engine = Engine(detector, queue=config.max_queue, max_pixels=config.max_pixels)
    engine.load()
    return engine


def new_client() -> TestClient:
    """A client of an API whose model is loaded."""
    config = settings()
    app = create_api(config, loaded_engine(BrightDetector(), config))
    return TestClient(app, raise_server_exceptions=False)


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


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
