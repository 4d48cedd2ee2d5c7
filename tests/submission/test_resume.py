"""Killed at every step, the CLI goes on; nothing is made twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.stand import Stand
from tests.submission.conftest import ENTRY, TOKEN, Cli, Gate

ARTIFACT = r"POST /v0/artifacts$"
STEPS = {
    "artifact": ARTIFACT,
    "push": r"GET /token",
    "finalize": r"POST /v0/artifacts/\w+/finalize",
    "model": r"POST /v0/models$",
    "link": r"GET /v0/models/\w+/upload/sub",
    "file": r"PUT /storage/\w+/sub",
    "model finalize": r"POST /v0/models/\w+/finalize",
    "service": r"POST /v0/inferenceservices$",
}


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step(
    cli: Cli, gate: Gate, image: str, volume: Path, *, step: str, after: bool
) -> None:
    stand = cli.stand
    gate.hold, gate.after = STEPS[step], after
    asked = ["--account", "acme", "--name", "tiny", "--image", image]
    weights = ["--volume", str(volume), "--volume-mount", "/weights"]
    seen = cli.killed_at(gate, "upload-submission", *asked, *weights)
    assert not [argv for argv in seen if TOKEN.encode() in argv]
    assert any(b"skopeo" in argv for argv in seen) == (step == "push")
    done = cli("upload-submission", "--resume")
    assert done.returncode == 0, done.stderr
    ready = {kind: [e["status"] for e in stand.of(kind).values()] for kind in MADE}
    orphans = ["Created"] if step == "artifact" and after else []  # it cannot be looked up
    assert ready == {**MADE, "artifacts": [*orphans, "Ready"]}
    links = [request for request in stand.requests if "/upload/a.bin" in request]
    assert len(links) == 1, "a file that had arrived was sent again"
    leaked = [path for path in cli.project.parent.rglob("*") if holds_token(path)]
    assert leaked == []


MADE = {"artifacts": ["Ready"], "models": ["Ready"], "inferenceservices": ["Ready"]}


def holds_token(path: Path) -> bool:
    return path.is_file() and TOKEN.encode() in path.read_bytes()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_while_submitting(cli: Cli, stand: Stand, gate: Gate, after: bool) -> None:
    service = stand.add("inferenceservices", SERVICE)["id"]
    gate.hold, gate.after = r"POST .*/submissions$", after
    asked = [*ENTRY, "--account", "acme", "--service", service]
    cli.killed_at(gate, "submit", *asked)
    done = cli("submit", *asked, "--resume")
    assert done.returncode == 0, done.stderr
    (made,) = stand.of("submissions")
    assert made in done.stdout
    assert made in cli("submit", *asked).stdout
    assert len(stand.of("submissions")) == 1


SERVICE = {
    "kind": "InferenceService",
    "account": "acme",
    "name": "elsewhere",
    "interface": {"endpoint": "predict", "outputSchema": {"arrowSchema": ""}},
}


def test_what_cannot_be_resumed(cli: Cli, stand: Stand, image: str, tmp_path: Path) -> None:
    assert "known are: none" in cli("upload-submission", "--resume").stderr
    missing = cli("upload-submission", "--resume", "--name", "other")
    assert "other.json: nothing to resume" in missing.stderr
    (tmp_path / "state.json").write_text("{}")
    broken = cli("upload-submission", "--resume", "--state", str(tmp_path / "state.json"))
    assert "is not a state file" in broken.stderr
    assert stand.requests == []


def test_another_image_is_no_resumption(cli: Cli, gate: Gate, stand: Stand, image: str) -> None:
    gate.refuse = (ARTIFACT, 503, "{}")
    assert cli.upload(image).returncode == 1
    again = cli.upload(image)
    assert "tiny was begun already" in again.stderr
    other = cli.upload("docker-archive:other.tar", "--resume")
    assert f"--image was '{image}' in the run to resume" in other.stderr
    stand.url = stand.url.replace("127.0.0.1", "localhost")
    assert "is of the platform http://127.0.0.1" in cli.upload(image, "--resume").stderr


@pytest.mark.usefixtures("registry")
def test_weights_that_changed_in_between(
    cli: Cli, gate: Gate, stand: Stand, image: str, volume: Path
) -> None:
    gate.refuse = (STEPS["file"], 500, "{}")
    weights = ["--volume", str(volume), "--volume-mount", "/weights"]
    assert "the storage 127.0.0.1 answered 500" in cli.upload(image, *weights).stderr
    gate.refuse = None
    (volume / "a.bin").write_bytes(b"other")
    done = cli("upload-submission", "--resume")
    assert "a.bin is not what it was when the model" in done.stderr
    assert not stand.of("inferenceservices")
