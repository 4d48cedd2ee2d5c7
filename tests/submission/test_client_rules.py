"""The evaluation client's rules, with a service that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from dyff.schema.platform import EvaluationClientConfiguration

from detector import BinaryMask
from submission import client_rules
from submission.client_rules import Outcome, Rules, evaluate, request_body
from submission.inputs import Picture
from submission.runner import Reply

PICTURE = Picture("it", b"bytes of a file", "image/png", (7, 5))
QUICK = Rules(retry_limit=2, retry_delay_s=0.0)
UNIFORM = [float(np.log(0.25))] * 4


def answer(logprobs: object = UNIFORM, mask: object = None) -> Reply:
    body = json.dumps({"logprobs": logprobs, "localizationMask": mask})
    return Reply(200, body.encode(), 0.1)


def mask(height: int, width: int) -> dict[str, object]:
    found: dict[str, object] = BinaryMask.from_numpy(np.ones((height, width), bool)).model_dump()
    return found


class Scripted:
    """Gives its replies in turn, and the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, bytes, float]] = []

    def ask(self, path: str, body: bytes = b"", *, timeout_s: float = 30.0) -> Reply:
        self.asked.append((path, body, timeout_s))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def judged(*replies: Reply, rules: Rules = QUICK) -> Outcome:
    (outcome,) = evaluate(Scripted(*replies), "predict", [PICTURE], rules)
    return outcome


def test_the_defaults_are_those_of_the_platform() -> None:
    theirs, ours = EvaluationClientConfiguration(), Rules()
    assert theirs.requestTimeoutSeconds == ours.request_timeout_s
    assert theirs.totalTimeoutSeconds == ours.total_timeout_s
    assert theirs.transientErrorRetryLimit == ours.retry_limit
    assert theirs.transientErrorRetryDelaySeconds == ours.retry_delay_s
    assert theirs.badRequestPolicy == "Abort"


def test_a_good_answer() -> None:
    service = Scripted(answer(mask=mask(5, 7)))
    (outcome,) = evaluate(service, "/detect/", [PICTURE], Rules())
    assert (outcome.fault, outcome.status, outcome.logprobs) == (None, 200, UNIFORM)
    assert service.asked == [("/detect", request_body(PICTURE), 30.0)]
    sent = json.loads(request_body(PICTURE))
    assert sent["image"] == {"mediaType": "image/png", "data": "Ynl0ZXMgb2YgYSBmaWxl"}
    assert judged(answer()).fault is None


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            Reply(400, b'{"error": "odd"}', 0.1),
            'status 400, which aborts the whole evaluation: {"e',
        ),
        (Reply(413, b"", 0.1), "status 413, which aborts"),
        (Reply(500, b"trouble", 0.1), "status 500: trouble"),
        (Reply(200, b"<html>", 0.1), "not an answer of the contract: body: Invalid JSON"),
        (answer([0.0] * 4), "probabilities must sum to 1"),
        (answer([-0.1, -3.0, -3.0]), "logprobs: List should have at least 4 items"),
        (answer([float("nan")] * 4), "must be finite"),
        (answer([float("-inf"), 0.0, -50.0, -50.0]), "must be finite"),
        (answer(mask=mask(7, 5)), "the mask is 5x7, the picture 7x5"),
        (answer(mask={"mediaType": "image/png", "data": "AAAA"}), "the mask is not a PNG"),
        (answer(mask={"mediaType": "image/jpeg", "data": ""}), "localizationMask.mediaType"),
        (Reply(0, b"", 30.0, "timeout"), "no answer within 30 s"),
        (Reply(200, b"", 31.0), "no answer within 30 s"),
    ],
)
def test_what_ends_an_evaluation(reply: Reply, words: str) -> None:
    assert words in (judged(reply).fault or "")


def test_a_passing_trouble_is_asked_again() -> None:
    outcome = judged(Reply(0, b"", 0.0, "ConnectionRefusedError"), Reply(503, b"", 0.1), answer())
    assert (outcome.fault, outcome.retries) == (None, 2)


def test_patience_has_limits() -> None:
    busy = Reply(503, b"", 0.1)
    assert judged(busy).fault == "still status 503 after 2 retries"
    short = Rules(total_timeout_s=0.0, retry_delay_s=1.0)
    assert judged(busy, rules=short).fault == "status 503, and the 0 s in all are over"


def test_the_first_fault_ends_it_unless_all_are_wanted() -> None:
    pictures = [PICTURE] * 3

    def faults(keep_on: bool) -> Iterator[str | None]:
        service = Scripted(answer(), Reply(422, b"", 0.1), answer())
        for outcome in evaluate(service, "predict", pictures, QUICK, keep_on=keep_on):
            yield outcome.fault and outcome.fault[:10]

    assert list(faults(keep_on=False)) == [None, "status 422"]
    assert list(faults(keep_on=True)) == [None, "status 422", None]


def test_excerpts_are_short() -> None:
    assert len(client_rules.excerpt(b"x " * 1000)) < 210
