"""Follows each request from its first byte to the last of its answer: id, log line, metrics."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.logs import request_id

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")  # what can do no harm in a log or a header
QUIET = ("/healthz", "/readyz", "/metrics")  # asked every few seconds: logged at DEBUG
NO_ANSWER = 499  # whoever asked has gone before there was one


class Requests(Protocol):
    """What is told of every request."""

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request has been answered, or given up by its sender."""


class Access:
    """Gives each request an id (its own if it is sane), says it in the answer, logs and counts.

    Pure ASGI and so at no cost for streamed answers; its context variable reaches the threads that
    the request's work is done in.
    """

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), NO_ANSWER
        given = Headers(scope=scope).get(HEADER, "")
        current = given if SANE_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(current)

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = current
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            seconds = time.perf_counter() - started
            method, path = scope["method"], scope["path"]
            self._requests.request(method, path, status, seconds)
            logger.log(
                logging.DEBUG if path in QUIET else logging.INFO,
                "%s %s: %d in %.3f s",
                *(method, path, status, seconds),
                extra={
                    "method": method,
                    "path": path,
                    "status": status,
                    "seconds": round(seconds, 4),
                },
            )
            request_id.reset(token)
