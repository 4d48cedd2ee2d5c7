from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api import create_api
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/healthz"), ("GET", "/nothing"), ("POST", "/predict"), ("GET", "/docs")],
)
def test_every_answer_is_guarded(method: str, path: str) -> None:
    app = create_api(Settings(_env_file=None), Engine(BrightDetector()))
    headers = TestClient(app).request(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "x-frame-options" not in headers  # it cannot name a Space's host
    (frames,) = [
        rule
        for rule in headers["content-security-policy"].split("; ")
        if rule.startswith("frame-ancestors")
    ]
    assert "https://huggingface.co" in frames.split()


def test_the_documentation_keeps_its_stricter_policy() -> None:
    app = create_api(Settings(_env_file=None), Engine(BrightDetector()))
    client = TestClient(app)
    assert "unsafe-eval" not in client.get("/docs").headers["content-security-policy"]
    assert len(client.get("/docs").headers.get_list("content-security-policy")) == 1
