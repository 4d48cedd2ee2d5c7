"""`status`: looking, following, scores, and the exit status."""

from __future__ import annotations

import pytest

from submission.stand import Stand
from tests.submission.conftest import Cli, Gate
from tests.submission.test_entry import service


@pytest.fixture
def submission(cli: Cli, stand: Stand) -> str:
    stand.entities.clear()
    assert cli("submit", *service(stand)).returncode == 0
    (made,) = stand.of("submissions")
    stand.requests.clear()
    return made


def test_on_its_way(cli: Cli, submission: str) -> None:
    done = cli("status")
    assert done.returncode == 0, done.stderr
    assert f"submission {submission}: Created\n  evaluation: Created\n" in done.stdout


def test_finished(cli: Cli, stand: Stand, submission: str) -> None:
    stand.finish("Complete", "all answered", [("balanced accuracy", 0.75)])
    done = cli("status", submission, "--wait", "--scores")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"submission {submission}: Complete",
        "  evaluation: Complete (all answered)",
        "score balanced accuracy: 0.75",
    ]


def test_failed(cli: Cli, stand: Stand, submission: str) -> None:
    stand.nodes = {"evaluation": {"status": "Failed", "reason": "QuotaLimit"}}
    done = cli("status", submission, "--follow", "--scores")  # no word of the submission's own yet
    assert done.returncode == 1
    assert "evaluation: Failed (it waits until a quota" in done.stdout
    assert "no scores that are visible to you yet" in done.stdout


def test_following_tells_every_change(cli: Cli, stand: Stand, gate: Gate, submission: str) -> None:
    gate.hold, gate.after = r"GET /v0/pipelines/runs/\w+/status", True
    child = cli.started("status", submission, "--follow")
    assert gate.held.wait()
    stand.finish("Complete", "done", [])
    gate.released.set()
    done = child.result()
    assert done.returncode == 0
    told = done.stdout
    assert told.index("evaluation: Created") < told.index("evaluation: Complete (done)")


def test_patience_ends(cli: Cli, submission: str) -> None:
    done = cli("status", submission, "--wait", "--timeout", "0.1")
    assert done.returncode == 1
    assert "It is not finished after 0 s" in done.stderr
