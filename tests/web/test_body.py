from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from engine import Busy
from tests.fakes import run_async
from web import body as body_module
from web.body import BODIES_HELD, BodyReader
from web.problems import Problem


def request(chunks: Iterable[bytes | None], **headers: str) -> Request:
    """A request whose body arrives in chunks; at None its sender falls silent."""
    queue = iter(chunks)

    async def receive() -> dict[str, Any]:
        chunk = next(queue, b"")
        if chunk is None:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    encoded = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": encoded}, receive)


def read(reader: BodyReader, incoming: Request) -> bytes:
    async def first() -> bytes:
        async with aclosing(reader(incoming)) as bodies:  # type: ignore[type-var]
            return bytes(await bodies.__anext__())

    return run_async(first)


def code(reader: BodyReader, incoming: Request) -> str:
    with pytest.raises(Problem) as caught:
        read(reader, incoming)
    assert reader._held == 0
    return caught.value.code


def test_chunks_are_joined() -> None:
    reader = BodyReader(10)
    assert read(reader, request([b"12345", b"678", b"90"])) == b"1234567890"
    assert reader._held == 0


def test_a_body_may_be_emptied_before_the_answer() -> None:
    reader = BodyReader(10)

    async def empty() -> None:
        async with aclosing(reader(request([b"12345"]))) as bodies:  # type: ignore[type-var]
            (await bodies.__anext__()).clear()
            assert reader._held == 5

    run_async(empty)
    assert reader._held == 0


@pytest.mark.parametrize("length", ["-5", "ten", "", "٣", "1e9"])
def test_a_senseless_length_is_not_believed(length: str) -> None:
    assert read(BodyReader(10), request([b"12345"], content_length=length)) == b"12345"


@pytest.mark.parametrize("length", ["11", "9" * 30, "9" * 10_000])
def test_too_long_by_its_own_word(length: str) -> None:
    assert code(BodyReader(10), request([], content_length=length)) == "body_too_large"


def test_one_byte_too_many_is_noticed_as_it_comes() -> None:
    assert code(BodyReader(10), request([b"12345", b"678901"])) == "body_too_large"


def test_too_long_by_its_own_word_is_read_to_its_end_first() -> None:
    """Else a client that sends before it listens sees a broken connection instead of the 413."""
    seen: list[bytes] = []

    def chunks() -> Iterable[bytes]:
        for chunk in (b"12345", b"67890", b"1"):
            seen.append(chunk)
            yield chunk

    assert code(BodyReader(10), request(chunks(), content_length="11")) == "body_too_large"
    assert len(seen) == 3


def test_whoever_asks_before_sending_is_told_not_to_send() -> None:
    incoming = request([None], content_length="11", expect="100-continue")
    assert code(BodyReader(10), incoming) == "body_too_large"


def test_reading_on_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "DRAIN_S", 0.01)
    assert code(BodyReader(10), request([None], content_length="11")) == "body_too_large"
    assert code(BodyReader(10), request([b"x" * 11, None])) == "body_too_large"


def test_a_sender_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_TIMEOUT_S", 0.01)
    assert code(BodyReader(10), request([b"123", None])) == "body_timeout"


def test_nothing_is_empty() -> None:
    assert code(BodyReader(10), request([])) == "empty_body"


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
def test_compressed(encoding: str) -> None:
    assert code(BodyReader(10), request([b"1"], content_encoding=encoding)) == (
        "unsupported_encoding"
    )


def test_what_is_not_compressed_may_say_so() -> None:
    assert read(BodyReader(10), request([b"1"], content_encoding="Identity")) == b"1"


def test_a_sender_that_hangs_up_leaves_nothing_behind() -> None:
    messages = iter([{"type": "http.request", "body": b"123", "more_body": True}])

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    reader = BodyReader(10)
    with pytest.raises(ClientDisconnect):
        read(reader, Request({"type": "http", "method": "POST", "headers": []}, receive))
    assert reader._held == 0


def test_all_bodies_together_are_bounded() -> None:
    reader = BodyReader(10)

    async def hold() -> None:
        held: list[AsyncIterator[bytearray]] = []
        for _ in range(BODIES_HELD):
            held.append(reader(request([b"x" * 10])))
            await held[-1].__anext__()
        with pytest.raises(Busy):
            await reader(request([b"y"])).__anext__()
        with pytest.raises(StopAsyncIteration):  # as FastAPI does after the answer
            await held[0].__anext__()
        await reader(request([b"y"])).__anext__()

    run_async(hold)
