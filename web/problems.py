"""Error answers: `{"error": {"code": ..., "message": ...}}`, one clear sentence, no internals.

The catalogue below is the single list of codes; the OpenAPI document and a test of the README are
made from it.
"""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping
from typing import NamedTuple

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from detector.contract import InvalidBase64
from detector.imaging import ImageError
from engine import Abandoned, Busy, NotReady

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5  # about the time the default model takes to load, or a short queue to drain
CLIENT_CLOSED_REQUEST = 499  # nginx's number for it; nobody is there to read it


class Kind(NamedTuple):
    """The status that goes with a code, and a message as an example."""

    status: int
    example: str


KINDS: dict[str, Kind] = {
    "empty_body": Kind(400, "The request has no body; see /docs for what to send."),
    "malformed_json": Kind(400, "The body is not JSON: expected value at line 1 column 1."),
    "not_found": Kind(404, "There is nothing at this path; see /docs for what there is."),
    "method_not_allowed": Kind(405, "Use POST with a JSON body; see /docs for an example."),
    "body_timeout": Kind(408, "The body did not arrive within 60 seconds."),
    "body_too_large": Kind(413, "The body is longer than 134217728 bytes."),
    "too_many_pixels": Kind(
        413,
        "The picture has 20000 x 20000 pixels; at most 128000000 pixels and 65535 on a side are "
        "accepted.",
    ),
    "too_large_to_decode": Kind(413, "There is not enough memory to decode the picture."),
    "unsupported_encoding": Kind(415, "Send the body without Content-Encoding."),
    "invalid_request": Kind(422, "image.data: Field required."),
    "invalid_base64": Kind(422, "image.data is not valid base64: Incorrect padding."),
    "not_an_image": Kind(422, "The data is not a picture of a known format."),
    "unsupported_format": Kind(
        422, "TIFF files are not supported; save the picture as JPEG or PNG."
    ),
    "corrupt_image": Kind(422, "The JPEG data is damaged; no pixel can be decoded."),
    "internal_error": Kind(500, "Something went wrong on our side; it has been logged."),
    "not_ready": Kind(503, "The model is still being loaded; try again in a few seconds."),
    "load_failed": Kind(503, "The model could not be loaded; the server's log says why."),
    "busy": Kind(503, "Too many requests are waiting; try again in a few seconds."),
}


class Problem(Exception):
    """An error answer; the message defaults to the code's example."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or KINDS[code].example)
        self.code = code

    @classmethod
    def from_validation(cls, error: ValidationError) -> Problem:
        """Say what is wrong first, without repeating what was sent."""
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        message = first["msg"].rstrip(".")
        if first["type"] == "json_invalid":
            return cls("malformed_json", f"The body is not JSON: {message.split(': ', 1)[-1]}.")
        where = ".".join(str(part) for part in first["loc"]) or "body"
        return cls("invalid_request", f"{where}: {message}.")


class ErrorDetail(BaseModel):
    code: str = Field(description="Machine-readable.", json_schema_extra={"enum": list(KINDS)})
    message: str = Field(description="One sentence for a person.")


class ErrorBody(BaseModel):
    """The body of every answer with a status of 400 or more."""

    error: ErrorDetail


def answer(code: str, message: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for a code of `KINDS`."""
    kind = KINDS[code]
    headers = dict(headers or {})
    if kind.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    body = ErrorBody(error=ErrorDetail(code=code, message=message or kind.example))
    return JSONResponse(body.model_dump(), kind.status, headers)


def install(app: FastAPI) -> None:
    """Make the app answer every exception with an error body."""

    @app.exception_handler(Problem)
    @app.exception_handler(ImageError)
    async def known(_: Request, error: Problem | ImageError) -> Response:
        return answer(error.code, str(error))

    @app.exception_handler(InvalidBase64)
    async def invalid_base64(_: Request, error: InvalidBase64) -> Response:
        return answer("invalid_base64", f"{str(error).rstrip('.')}.")

    @app.exception_handler(Busy)
    async def busy(_: Request, __: Busy) -> Response:
        return answer("busy")

    @app.exception_handler(NotReady)
    async def not_ready(request: Request, _: NotReady) -> Response:
        return answer("load_failed" if request.app.state.engine.failure else "not_ready")

    @app.exception_handler(Abandoned)
    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=CLIENT_CLOSED_REQUEST)

    @app.exception_handler(HTTPException)
    async def routing(_: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code)
        if code is None:
            logger.error("Unexpected HTTPException", exc_info=error)
            return answer("internal_error")
        message = "" if code == "not_found" else _allowed(error.headers)
        return answer(code, message, error.headers)

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, __: Exception) -> Response:
        return answer("internal_error")  # Starlette hands the exception on to the server's log


def _allowed(headers: Mapping[str, str] | None) -> str:
    methods = (headers or {}).get("Allow", "POST")
    return "" if methods == "POST" else f"Use {methods} here; see /docs for what there is."
