"""What the platform or the line refuses, in words for whoever reads the screen."""

from __future__ import annotations

import json

import pytest

from submission.refusal import answered, detail
from submission.stand import Stand
from tests.submission.conftest import Cli, Gate
from tests.submission.test_entry import service


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, '{"detail": "expired"}', "answered 401 (expired). The token is not valid"),
        (403, "{}", "The token may not do this"),
        (404, '"nothing"', "There is no such thing, or the token may not see it"),
        (409, "{}", "It is in another state than this step needs"),
        (422, '{"detail": "too long a name"}', "(too long a name). The platform does not take"),
        (429, '{"detail": "QuotaLimit exceeded"}', "A quota is used up"),
        (500, "trouble", "That is the platform's trouble."),
    ],
)
def test_an_answer(status: int, body: str, words: str) -> None:
    payload = json.loads(body) if body.startswith("{") else body
    told = str(answered("Creating", status, payload))
    assert told.startswith(f"Creating: the platform answered {status}")
    assert words in told


def test_a_lost_answer_may_have_been_a_success() -> None:
    assert "looks for what it made" in str(answered("Creating", 502, b"", creates=True))
    assert "looks for what it made" not in str(answered("Reading", 502, b""))


def test_long_words_are_cut() -> None:
    assert len(detail("word " * 1000)) < 500


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "The token is not valid"), (403, "may not do this"), (422, "does not take the request")],
)
def test_in_the_middle_of_an_upload(
    cli: Cli, gate: Gate, stand: Stand, status: int, words: str
) -> None:
    gate.refuse = (r"POST /v0/inferenceservices$", status, '{"detail": "because"}')
    stand.add("artifacts", {"account": "acme"}, id="a1", kind="OCIArtifact", status="Ready")
    done = cli("upload-submission", "--account", "acme", "--name", "n", "--artifact", "a1")
    assert done.returncode == 1
    assert (
        f"Creating the inference service: the platform answered {status} (because)" in done.stderr
    )
    assert words in done.stderr
    gate.refuse = None
    assert cli("upload-submission", "--resume").returncode == 0


def test_a_create_is_not_sent_again_by_itself(cli: Cli, gate: Gate, stand: Stand) -> None:
    gate.refuse = (r"POST .*/submissions$", 503, "{}")
    done = cli("submit", *service(stand))
    assert "looks for what it made" in done.stderr
    assert sum(request.startswith("POST") for request in stand.requests) == 0
    assert len([a for a in gate.authorizations if a]) == len(stand.requests) + 1


def test_no_answer_in_time(cli: Cli, gate: Gate, stand: Stand) -> None:
    gate.hold, gate.after = r"POST .*/submissions$", True
    options = service(stand)
    done = cli("submit", *options, "--request-timeout", "3")
    assert done.returncode == 1
    assert "did not answer in time. The request may have been carried out" in done.stderr
    gate.released.set()
    (made,) = stand.of("submissions")
    assert made in cli("submit", *options).stdout
    assert len(stand.of("submissions")) == 1


def test_nobody_there(cli: Cli, stand: Stand) -> None:
    stand.url = "http://127.0.0.1:9"
    done = cli("upload-submission", "--account", "a", "--name", "b", "--artifact", "c")
    assert "cannot be reached" in done.stderr or "the line broke" in done.stderr


def test_no_token(cli: Cli, stand: Stand) -> None:
    assert "There is no token: set DYFF_API_TOKEN" in cli("teams", DYFF_API_TOKEN="").stderr
    spoiled = cli("teams", DYFF_API_TOKEN="export TOKEN = secret-words")
    assert "does not hold a token: it is not one word" in spoiled.stderr
    assert "secret-words" not in spoiled.stderr
    assert stand.requests == []
