"""The page beside the API, asked without a browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.fakes import half_bright, request_for

ROOT = Path(__file__).parents[2]


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


def test_the_api_keeps_its_routes_beside_the_page(server):
    body = request_for(half_bright()).model_dump_json().encode()
    request = urllib.request.Request(f"{server.url}/predict", data=body)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert len(json.load(answer)["logprobs"]) == 4
    assert json.loads(get(f"{server.url}/healthz")) == {"status": "alive"}
    assert "/predict" in json.loads(get(f"{server.url}/openapi.json"))["paths"]
    assert b"swagger" in get(f"{server.url}/docs").lower()


def test_the_page_has_its_own_icon_and_examples(server):
    assert get(f"{server.url}/favicon.ico") == (ROOT / "demo/assets/favicon.png").read_bytes()
    assert get(f"{server.url}/examples/cat.jpg")[:2] == b"\xff\xd8"
    for outside in ("../page.py", "%2e%2e/page.py", "..%2fpage.py"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{server.url}/examples/{outside}")


def test_nothing_is_sent_home_and_nothing_is_kept_in_the_browser(server):
    config = json.loads(get(f"{server.url}/config"))
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False
    assert config["title"] == "EditScope"


def test_importing_the_page_writes_nothing_beside_its_source():
    assert not list((ROOT / "demo").glob("*.pyi"))
