"""Why something did not work and what to do about it, in words for whoever called the program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INSTALL = "python -m pip install -r requirements-submit.txt"
LONG_MESSAGE = 400  # characters of a server's own words that are still read
MEANINGS = {
    401: "The token is not valid: it is incomplete, expired or revoked. Ask the organisers for a "
    "new one and pass it as DYFF_API_TOKEN or with --token-file.",
    403: "The token may not do this. See that --account and --team are yours and that the team is "
    "Active (`teams` tells); the organisers approve teams by hand.",
    404: "There is no such thing, or the token may not see it. Check the IDs, and that they are of "
    "this platform (--api).",
    409: "It is in another state than this step needs. `status` shows it; wait a little and go on "
    "with --resume.",
    413: "It is too large for the platform.",
    429: "Too many requests, or a quota is used up. Wait and go on with --resume.",
}
QUOTA = re.compile(
    r"quota|limit (is )?(reached|exceeded|used)|submission limit|too many submi", re.I
)
QUOTA_MEANING = (
    "A quota is used up; `rules` says how many submissions a team has in a cycle and when the next "
    "one begins. Nothing was submitted."
)
SERVER_TROUBLE = "That is the platform's trouble. Wait a little and go on with --resume."
AMBIGUOUS = (
    "The request may have been carried out all the same: --resume looks for what it made before it "
    "makes anything anew."
)


class Refusal(Exception):
    """The message is all there is to say; no traceback is shown."""


def answered(doing: str, status: int, payload: Any, creates: bool = False) -> Refusal:
    """The platform's answer in words, its own among them."""
    said = detail(payload)
    if QUOTA.search(said):
        meaning = QUOTA_MEANING
    elif status >= 500:
        meaning = f"{SERVER_TROUBLE} {AMBIGUOUS}" if creates else SERVER_TROUBLE
    else:
        meaning = MEANINGS.get(status, "The platform does not take the request as it is.")
    quoted = f" ({said})" if said else ""
    return Refusal(f"{doing}: the platform answered {status}{quoted}. {meaning}")


def detail(payload: Any) -> str:
    """A server's own words, on one line."""
    if isinstance(payload, bytes):
        payload = payload.decode(errors="replace")
    if isinstance(payload, dict):
        for key in ("detail", "message", "error", "reason"):
            if payload.get(key):
                payload = payload[key]
                break
    text = payload if isinstance(payload, str) else json.dumps(payload) if payload else ""
    line = " ".join(text.split())
    return line if len(line) <= LONG_MESSAGE else f"{line[:LONG_MESSAGE]} ..."


@contextmanager
def explained(doing: str, creates: bool = False) -> Iterator[None]:
    """Turn what the Dyff SDK raises into a `Refusal`.

    Args:
        doing: what was tried, as in "Creating the artifact".
        creates: it makes something, so that a lost answer leaves it open whether it did.
    """
    import httpx
    from dyff.client.errors import HTTPError, TransportError
    from pydantic import ValidationError

    after = f" {AMBIGUOUS}" if creates else " Go on with --resume."
    try:
        yield
    except HTTPError as error:
        raise answered(doing, error.status, error.payload, creates) from None
    except httpx.HTTPStatusError as error:
        response = error.response
        raise answered(doing, response.status_code, read(response), creates) from None
    except httpx.ConnectError as error:  # nothing went out
        raise Refusal(
            f"{doing}: the platform cannot be reached ({error}). Are you online?"
        ) from None
    except httpx.TimeoutException:
        raise Refusal(f"{doing}: the platform did not answer in time.{after}") from None
    except (TransportError, httpx.HTTPError) as error:
        if isinstance(error.__cause__, httpx.TimeoutException):
            raise Refusal(f"{doing}: the platform did not answer in time.{after}") from None
        raise Refusal(f"{doing}: the line broke ({error}).{after}") from None
    except ValidationError as error:
        raise Refusal(f"{doing}: {invalid(error)}.{after if creates else ''}") from None


def read(response: Any) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text


def invalid(error: Any) -> str:
    """What pydantic found wrong, without the values: one of them might be a secret."""
    parts = []
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"])
        parts.append(f"{place}: {problem['msg']}" if place else problem["msg"])
    return f"the values do not fit {error.title}: {'; '.join(parts)}"
