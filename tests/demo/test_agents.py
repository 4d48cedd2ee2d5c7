"""The MCP server, spoken to over HTTP as agents do."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from demo import agents
from settings import Settings
from tests.demo.conftest import Server, start

EVIL = {"Host": "evil.invalid", "X-Forwarded-Host": "evil.invalid"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pytest.importorskip("mcp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MCP_SERVER", "true")
        running = start(tmp_path_factory.mktemp("agents"))
    yield running
    running.stop()


def picture() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 40), (9, 9, 9)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def ask(server: Server, method: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    accept = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{server.url}/gradio_api/mcp/", json.dumps(body).encode(), {**accept, **(headers or {})}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        lines = [line for line in answer.read().splitlines() if line.startswith(b"data:")]
    return json.loads(lines[-1][5:])["result"]


def call(server: Server, name: str, headers: dict[str, str] | None = None, **arguments: str) -> Any:
    result = ask(server, "tools/call", headers, name=name, arguments=arguments)
    return result.get("isError", False), " ".join(part["text"] for part in result["content"])


def test_tools_are_listed_and_answer(server):
    assert "Very likely" in call(server, "analyse", EVIL, upload=picture())[1]
    tools = {tool["name"]: tool["inputSchema"] for tool in ask(server, "tools/list")["tools"]}
    assert set(tools) == {"analyse", "compare"}
    assert tools["compare"]["required"] == ["original", "suspect"]
    failed, text = call(server, "compare", original=picture(), suspect=picture())
    assert not failed
    assert "the same, pixel for pixel" in text


def test_nothing_is_fetched_or_read_for_agents(server):
    secret = server.log.parent / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    for address in (
        f"{server.url}/examples/cat.jpg",
        "http://169.254.169.254/latest",
        f"{server.url}/gradio_api/file={secret}",
    ):
        failed, text = call(server, "analyse", upload=address)
        assert failed
        assert text == "Send the file itself, not where it lies."


def test_it_stops_at_once_although_clients_listen(tmp_path, monkeypatch):
    pytest.importorskip("mcp")
    monkeypatch.setenv("MCP_SERVER", "true")
    running = start(tmp_path)
    with contextlib.ExitStack() as listening:
        for path in ("heartbeat/abc", "mcp/", "mcp/sse"):
            request = urllib.request.Request(
                f"{running.url}/gradio_api/{path}", headers={"Accept": "text/event-stream"}
            )
            stream = listening.enter_context(urllib.request.urlopen(request, timeout=60))
            assert stream.status == 200
        assert running.stop()
    # uvicorn says so if it had to wait for its grace time and cut them off
    assert "timeout graceful shutdown exceeded" not in running.log.read_text()


def test_an_obstacle_is_one_clear_line(monkeypatch, caplog):
    settings = Settings(mcp_server=True, port=8000)
    monkeypatch.setattr(agents, "find_spec", lambda name: None)
    assert not agents.offered(settings)

    page: Any = SimpleNamespace(mcp_server_obj=None)
    with caplog.at_level(logging.WARNING):
        agents.install(page, settings)
    assert [record.message for record in caplog.records] == [
        "No MCP server: the package mcp is missing, run `pip install 'mcp<2'`"
    ]
    assert not agents.offered(Settings(mcp_server=False))


def test_a_free_port_is_no_address(monkeypatch):
    monkeypatch.setattr(agents, "find_spec", lambda name: object())
    assert agents.offered(Settings(mcp_server=True, port=8000))
    assert not agents.offered(Settings(mcp_server=True, port=0))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("10.0.0.5", "http://10.0.0.5:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_tools_are_called_at_home(host, address):
    endpoints = {"analyse": "/analyse", "batch": "/batch"}
    tools = SimpleNamespace(_local_url=None, tool_to_endpoint=endpoints)
    page: Any = SimpleNamespace(mcp_server_obj=tools)
    agents.install(page, Settings(host=host, port=8000))
    assert tools._local_url == address
    assert set(tools.tool_to_endpoint) == {"analyse"}
