"""Reading a request's body while counting it: by request, and over all requests at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
from fastapi import Request

from engine import Busy
from web.problems import Problem

BODY_TIMEOUT_S = 60.0  # slower senders would hold memory and sockets for ever
DRAIN_S = 5.0  # reading on lets clients that send first and listen later see the 413
LENGTH_DIGITS = 20  # beyond any disk; Python refuses to read numbers of thousands of digits
BODIES_HELD = 4  # times the longest body: bounds memory, while any number of usual bodies fit


class BodyReader:
    """A FastAPI dependency that yields the body and holds its share of memory until the answer.

    Args:
        max_bytes: the longest body taken.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0  # touched on the event loop only, so it needs no lock

    async def __call__(self, request: Request) -> AsyncIterator[bytearray]:
        """Yield the body, which may be emptied once it has been read.

        Raises:
            Problem: it is too long (also when chunked), too slow, empty or compressed.
            Busy: all bodies being held are too much together.
        """
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem("unsupported_encoding")
        body, length = bytearray(), 0
        try:
            await self._read(request, body)
            if not body:
                raise Problem("empty_body")
            length = len(body)
            yield body
        finally:
            self._held -= length or len(body)

    async def _read(self, request: Request, body: bytearray) -> None:
        stream = request.stream()
        announced = request.headers.get("content-length", "")[:LENGTH_DIGITS]
        if announced.isdecimal() and int(announced) > self._max_bytes:
            if request.headers.get("expect", "").lower() != "100-continue":
                await _drain(stream)
            raise self._too_large()
        try:
            with anyio.fail_after(BODY_TIMEOUT_S):
                async for chunk in stream:
                    if len(body) + len(chunk) > self._max_bytes:
                        await _drain(stream)
                        raise self._too_large()
                    if self._held + len(chunk) > BODIES_HELD * self._max_bytes:
                        raise Busy
                    body += chunk
                    self._held += len(chunk)
        except TimeoutError:
            raise Problem("body_timeout") from None

    def _too_large(self) -> Problem:
        return Problem("body_too_large", f"The body is longer than {self._max_bytes} bytes.")


async def _drain(stream: AsyncIterator[bytes]) -> None:
    with anyio.move_on_after(DRAIN_S):
        async for _ in stream:
            pass
