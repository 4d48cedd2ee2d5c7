"""How Dyff's evaluation client asks a service, and what it takes for an answer."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import ValidationError

from detector.contract import PredictionResponse
from submission.inputs import Picture
from submission.runner import Reply

TRANSIENT = (408, 429, 502, 503, 504)  # what is asked again; 0 is a line that broke


@dataclass(frozen=True)
class Rules:
    """The defaults of dyff-schema's `EvaluationClientConfiguration`; an evaluation may differ."""

    request_timeout_s: float = 30.0
    total_timeout_s: float = 2 * 60 * 60
    retry_limit: int = 120
    retry_delay_s: float = 30.0
    abort_on_bad_request: bool = True  # badRequestPolicy="Abort"


@dataclass
class Outcome:
    """What came of one picture.

    Attributes:
        seconds: of the answered request alone.
        fault: why the evaluation would fail here, or None.
        retries: how often it had to be asked again.
        body: the answer as it came.
    """

    picture: Picture
    seconds: float = 0.0
    status: int = 0
    fault: str | None = None
    retries: int = 0
    logprobs: list[float] = field(default_factory=list)
    body: bytes = b""


class Asks(Protocol):
    def ask(self, path: str, body: bytes = b"", *, timeout_s: float = 30.0) -> Reply: ...


def evaluate(
    service: Asks, endpoint: str, pictures: list[Picture], rules: Rules, *, keep_on: bool = False
) -> Iterator[Outcome]:
    """Ask for every picture in turn, as the evaluation client does.

    Args:
        keep_on: report every fault instead of ending at the first, as an evaluation would.
    """
    end = time.monotonic() + rules.total_timeout_s
    for picture in pictures:
        outcome = ask(service, endpoint, picture, rules, end)
        yield outcome
        if outcome.fault and not keep_on:
            return


def ask(service: Asks, endpoint: str, picture: Picture, rules: Rules, end: float) -> Outcome:
    """Ask for one picture until there is an answer that is not a passing trouble."""
    body = request_body(picture)
    outcome = Outcome(picture)
    while True:
        reply = service.ask(f"/{endpoint.strip('/')}", body, timeout_s=rules.request_timeout_s)
        outcome.seconds, outcome.status = reply.seconds, reply.status
        if reply.error == "timeout" or reply.seconds > rules.request_timeout_s:
            outcome.fault = f"no answer within {rules.request_timeout_s:g} s"
            return outcome
        if reply.status not in (0, *TRANSIENT):
            outcome.fault = fault(picture, reply, outcome)
            return outcome
        what = reply.error or f"status {reply.status}"
        if outcome.retries >= rules.retry_limit:
            outcome.fault = f"still {what} after {outcome.retries} retries"
            return outcome
        if time.monotonic() + rules.retry_delay_s > end:
            outcome.fault = f"{what}, and the {rules.total_timeout_s:g} s in all are over"
            return outcome
        outcome.retries += 1
        time.sleep(rules.retry_delay_s)


def request_body(picture: Picture) -> bytes:
    data = base64.b64encode(picture.data).decode("ascii")
    return json.dumps({"image": {"mediaType": picture.media_type, "data": data}}).encode()


def fault(picture: Picture, reply: Reply, outcome: Outcome) -> str | None:
    """Why an answer is none, or None; fills in the outcome's log-probabilities."""
    if reply.status != 200:
        aborts = ", which aborts the whole evaluation" if 400 <= reply.status < 500 else ""
        return f"status {reply.status}{aborts}: {excerpt(reply.body)}"
    try:
        answer = PredictionResponse.model_validate_json(reply.body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        return f"not an answer of the contract: {place or 'body'}: {problem['msg']}"
    outcome.logprobs, outcome.body = answer.logprobs, reply.body
    if answer.localizationMask is None:
        return None
    try:
        height, width = answer.localizationMask.to_numpy().shape
    except ValueError as error:
        return str(error)
    if (width, height) != picture.size:
        return f"the mask is {width}x{height}, the picture {picture.size[0]}x{picture.size[1]}"
    return None


def excerpt(body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
