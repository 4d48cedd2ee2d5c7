"""Against a real server and real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from api import create_api
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector, half_bright, request_for, wait_until
from web import connections
from web.connections import GuardedProtocol

WAIT_S = 60.0  # only reached if something hangs
GET = b"GET /healthz HTTP/1.1\r\nHost: test\r\n"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    engine = Engine(BrightDetector())
    engine.load()
    config = uvicorn.Config(
        create_api(Settings(_env_file=None), engine),
        host="127.0.0.1",
        port=0,
        log_config=None,
        http=GuardedProtocol,
        timeout_keep_alive=int(WAIT_S),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(WAIT_S)


def connect(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=WAIT_S)


def answer(client: socket.socket) -> bytes:
    """Everything up to an answer's last byte, or to the end of the connection."""
    received = b""
    while not received.endswith(b"}") and (part := client.recv(65_536)):
        received += part
    return received


@pytest.mark.parametrize("begun", [b"", b"GET", GET])
def test_headers_that_never_end_are_given_up(
    address: tuple[str, int], begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADERS_TIMEOUT_S", 0.05)
    with connect(address) as client:
        client.sendall(begun)
        assert client.recv(1) == b""


def test_nor_those_of_a_second_request(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(address) as client:
        for _ in range(3):
            client.sendall(GET + b"\r\n")
            assert answer(client).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(connections, "HEADERS_TIMEOUT_S", 0.05)
        client.sendall(GET)
        assert client.recv(1) == b""


def test_a_request_under_way_is_not_cut_off(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADERS_TIMEOUT_S", 0.2)
    content = request_for(half_bright()).model_dump_json().encode()
    with connect(address) as client:
        client.sendall(
            b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % len(content)
        )
        pause = threading.Event()
        pause.wait(0.5)  # longer than headers may take; a body has its own limit
        client.sendall(content)
        assert answer(client).startswith(b"HTTP/1.1 200")


def test_too_many_connections_are_refused_and_the_others_live(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    with connect(address) as first, connect(address):
        first.sendall(GET + b"\r\n")
        assert answer(first).startswith(b"HTTP/1.1 200")
        with connect(address) as third, contextlib.suppress(ConnectionResetError):
            assert third.recv(1) == b""
        first.sendall(GET + b"\r\n")
        assert answer(first).startswith(b"HTTP/1.1 200")
