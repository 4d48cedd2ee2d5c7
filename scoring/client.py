"""Asks a service as an evaluation does: one POST a picture, 30 s, no second try."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

import anyio
import httpx

TIMEOUT_S = 30.0  # of an answer in all: dyff-schema's EvaluationClientConfiguration
KNOCK_S = 5.0  # for a service to say anything at all
LOADING_S = 120.0  # that a model may take to load, where the service says so
POLL_S = 0.5  # between two looks at a model that is being loaded
MAX_ANSWER = 64 * 2**20  # bytes: a mask of 128 megapixels, all noise, is 22 MB in base64
PREDICT = "/predict"
SERVICE_UNAVAILABLE = 503
HINT = "start it with `make serve`, or name another address"


class Unreachable(Exception):
    """There is no service at the address, or no longer; the message says so in one sentence."""


class BadAddress(ValueError):
    """What was given as an address is none."""


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        status: of HTTP; 0 if there was no answer, and then `error` says why.
        body: as it came, without any Content-Encoding.
        seconds: from sending the request to the last byte of the answer, or to giving up.
        error: why there is no answer, in a few words; empty if there is one.
        refused: whether the service could not be reached at all.
    """

    status: int
    body: bytes
    seconds: float
    error: str = ""
    refused: bool = False


class Client:
    """One service; `async with` opens and closes its connections.

    Args:
        url: `http://host:port`, to which `/predict` is added, or the endpoint itself.
        connections: requests under way at a time, at most.
        timeout_s: of an answer, from the first byte sent to the last received.

    Raises:
        BadAddress: `url` is not an address of HTTP.
    """

    def __init__(self, url: str, connections: int = 1, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadAddress(f"{url} is not an address such as http://localhost:8000.")
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.endpoint = parts.path if parts.path.strip("/") else PREDICT
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            base_url=self.base,
            # A connection for each: Uvicorn cuts the line after an unhandled error without a word,
            # and the sample that came next on it would look like a failure.
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=0),
            timeout=None,  # a deadline for the whole exchange is set around it instead
            trust_env=not is_loopback(parts.hostname),  # no proxy knows our localhost
        )

    @property
    def address(self) -> str:
        """How the service is called in a report."""
        return self.base if self.endpoint == PREDICT else f"{self.base}{self.endpoint}"

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def knock(self) -> None:
        """See that something speaks HTTP there; wait while it says that its model is loading.

        Only services that have `/readyz` can say that: any other status means that it is there.

        Raises:
            Unreachable: nothing answers, or the model is not loaded in time.
        """
        started = time.monotonic()
        while True:
            try:
                with anyio.fail_after(KNOCK_S):
                    response = await self._http.get("/readyz")
            except httpx.HTTPError as error:
                raise Unreachable(
                    f"No service answers at {self.base} ({said(error)}); {HINT}."
                ) from None
            except TimeoutError:
                raise Unreachable(
                    f"The service at {self.base} took a connection but said nothing within "
                    f"{KNOCK_S:g} s; {HINT}."
                ) from None
            if response.status_code != SERVICE_UNAVAILABLE:
                return
            if time.monotonic() - started > LOADING_S:
                raise Unreachable(
                    f"The service at {self.base} is there, but not ready after {LOADING_S:g} s; "
                    "its log says why."
                )
            await anyio.sleep(POLL_S)

    async def ask(self, body: bytes, content_type: str) -> Reply:
        """POST a body; whatever happens on the line is a `Reply`."""
        started = time.monotonic()
        headers = {"Content-Type": content_type}

        def failed(error: str, refused: bool = False) -> Reply:
            return Reply(0, b"", time.monotonic() - started, error, refused)

        try:
            with anyio.fail_after(self._timeout_s):
                async with self._http.stream(
                    "POST", self.endpoint, content=body, headers=headers
                ) as response:
                    parts, size = [], 0
                    async for part in response.aiter_bytes():
                        parts.append(part)
                        size += len(part)
                        if size > MAX_ANSWER:
                            return failed(f"the answer is longer than {MAX_ANSWER} bytes")
        except TimeoutError:
            return failed(f"no answer within {self._timeout_s:g} s")
        except httpx.ConnectError as error:
            return failed(f"no connection: {said(error)}", refused=True)
        except httpx.HTTPError as error:
            return failed(f"the connection broke: {said(error)}")
        return Reply(response.status_code, b"".join(parts), time.monotonic() - started)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def said(error: Exception) -> str:
    """An exception in one line; some of httpx's say nothing but their name."""
    return " ".join(str(error).split()) or type(error).__name__
