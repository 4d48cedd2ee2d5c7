"""`rehearse`: the whole way on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from submission import loopback
from tests.submission import forked
from tests.submission.test_preflight import HERE


def rehearse(
    project: Path, env: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "challenge-cli.py"), "rehearse"]
    small = ["--source", "--megapixels", "0.1"]
    done = forked.start([*command, *small, *arguments], project.parent, env).result()
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.skipif(
    shutil.which("skopeo") is None or loopback.registry_program() is None,
    reason="skopeo or docker-registry is not installed",
)
def test_our_own_service(project: Path, env: dict[str, str], volume: Path) -> None:
    """The service as it is, with a small detector in it."""
    fake = ["--env", "MODEL_NAME=tests.fakes:BrightDetector", "--env", "HEADLESS=1"]
    done = rehearse(project, env, *fake, "--volume", str(volume), "--cpu", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The registry has the image, at the digest that was pushed" in done.stdout
    assert "evaluation: Complete (" in done.stdout
    assert "score pictures answered: " in done.stdout
    assert done.stdout.endswith("The rehearsal went through\n")
    assert not (project / ".submissions").exists()


def test_an_evaluation_that_is_aborted(project: Path, env: dict[str, str]) -> None:
    shutil.copy(HERE / "small_app.py", project / "app.py")
    done = rehearse(project, env, "--env", "MODE=picky")
    assert done.returncode == 1
    assert ": Failed (" in done.stdout
    assert "status 422, which aborts the whole evaluation" in done.stdout
    assert "The evaluation failed; `check` shows everything" in done.stderr


def test_a_service_that_does_not_start(project: Path, env: dict[str, str]) -> None:
    shutil.copy(HERE / "small_app.py", project / "app.py")
    done = rehearse(project, env, "--env", "MODE=broken")
    assert done.returncode == 1
    assert "evaluation: Failed (the service did not start)" in done.stdout


def test_more_than_any_machine_has(project: Path, env: dict[str, str]) -> None:
    done = rehearse(project, env, "--cpu", "1000")
    assert done.returncode == 1
    assert "The service asks for more than any machine of the task has" in done.stderr


def test_without_a_registry(project: Path, env: dict[str, str], tmp_path: Path) -> None:
    shutil.copy(HERE / "small_app.py", project / "app.py")
    for name in ("git", "unshare"):
        if path := shutil.which(name):
            (tmp_path / name).symlink_to(path)
    done = rehearse(project, {**env, "PATH": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "docker-registry is not installed, so the push is only said" in done.stdout
    assert "skopeo copy --dest-authfile [file] --format oci" in done.stdout
