"""`--dry-run` prints what would be sent, and sends nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from submission.dryrun import shown
from submission.stand import TASK, TEAM, Stand
from tests.submission.conftest import ENTRY, Cli


def requests_in(text: str) -> list[str]:
    found = re.findall(r"^(GET|POST|PUT) https?://[^/]+(/\S*)$", text, re.MULTILINE)
    return [f"{method} {path.partition('?')[0]}" for method, path in found]


def without_ids(requests: list[str]) -> list[str]:
    return [re.sub(r"id-\d+|[0-9a-f]{32}", "ID", request) for request in requests]


def test_the_same_requests_as_in_earnest(
    cli: Cli, stand: Stand, registry: str, image: str, volume: Path
) -> None:
    weights = ["--volume", str(volume), "--volume-mount", "/weights"]
    dry = cli.upload(image, *weights, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert stand.requests == []
    assert not (cli.project / ".submissions").exists()
    assert "Authorization: Bearer [secret]" in dry.stdout
    assert f"{image} docker://{registry}/artifacts/id-1:latest" in dry.stdout
    assert "--dest-authfile [file]" in dry.stdout
    earnest = cli.upload(image, *weights)
    assert earnest.returncode == 0, earnest.stderr
    sent = [request for request in stand.requests if request != "GET /token"]
    assert without_ids(requests_in(dry.stdout)) == without_ids(sent)


def test_a_submission(cli: Cli, stand: Stand) -> None:
    done = cli("submit", *ENTRY, "--account", "acme", "--service", "service1", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert stand.requests == []
    last = done.stdout.splitlines()[-1].strip()
    assert json.loads(last) == {
        "account": "acme",
        "team": TEAM,
        "submission": {"kind": "InferenceService", "id": "service1"},
    }
    assert requests_in(done.stdout)[-1].endswith(f"/tasks/{TASK}/submissions")


@pytest.mark.parametrize(
    ("command", "last"),
    [
        (["status", "submission1", "--scores"], "GET /v0/safetycases/case/scores"),
        (["teams", "--challenge", "challenge1"], "GET /v0/challenges/challenge1/teams"),
        (["rules", "--challenge", "challenge1"], "GET /v0/challenges/challenge1"),
    ],
)
def test_what_only_reads(cli: Cli, stand: Stand, command: list[str], last: str) -> None:
    done = cli(*command, "--dry-run", DYFF_API_TOKEN="")
    assert done.returncode == 0, done.stderr
    assert requests_in(done.stdout)[-1] == last
    assert "Rehearsal" not in done.stdout
    assert stand.requests == []


def test_long_values_are_cut() -> None:
    assert shown(json.dumps({"a": ["x" * 1000]}).encode()).endswith('... (1000 characters)"]}')
    assert shown(b"\xff" * 7) == "(7 bytes)"
