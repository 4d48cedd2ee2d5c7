"""`create-space`, in a process of its own, against a stand-in of the hub."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.submission import forked
from tests.submission.spaces import COMMIT, TOKEN, Spaces, serve

ROOT = Path(__file__).parents[2]
READER = "hf_planted0reader"
WEIGHTS = bytes(range(256)) * 500
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def hub() -> Iterator[Spaces]:
    with serve(Spaces()) as hub:
        yield hub


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small project with the CLI in it, a picture, weights, and something that git ignores."""
    folder = tmp_path / "project"
    for name in ("submission", "scripts", "detector"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("challenge-cli.py", ".gitattributes"):
        shutil.copy(ROOT / name, folder)
    (folder / "README.md").write_text("---\nsdk: docker\n---\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "DYFF_TEAM").write_text("your-team-id\n")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "icon.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (folder / ".env").write_text("TOKEN=x\n")
    (folder / ".gitignore").write_text(".env\n__pycache__/\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@pytest.fixture
def run(clone: Path, hub: Spaces, tmp_path: Path) -> Run:
    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        mine = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",  # the stand-in speaks the older protocol, Git LFS's
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        command = [sys.executable, str(clone / "challenge-cli.py"), "create-space", *arguments]
        done = forked.start(command, clone, {**mine, **env}).result()
        assert "Traceback" not in done.stderr, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        assert READER not in done.stdout + done.stderr
        return done

    return run


def test_a_private_space(run: Run, hub: Spaces, clone: Path, tmp_path: Path) -> None:
    (tmp_path / "reader").write_text(f"{READER}\n")
    model = ["--model-repo", "acme/net", "--model-revision", COMMIT]
    secret = ["--build-token-file", str(tmp_path / "reader")]
    done = run("acme/detector", "--team", "team-1", "--private", *model, *secret)
    assert done.returncode == 0, done.stderr
    (made,) = hub.created
    assert {**made, "visibility": "private"} == made
    assert (made["organization"], made["name"], made["type"]) == ("acme", "detector", "space")
    assert made["sdk"] == "docker"
    assert hub.secrets == {"HF_TOKEN": READER}
    assert hub.variables == {"MODEL_REPO": "acme/net", "MODEL_REVISION": COMMIT}
    assert hub.lfs == {
        "icon.png": hashlib.sha256((clone / "icon.png").read_bytes()).hexdigest(),
        "model.safetensors": hashlib.sha256(WEIGHTS).hexdigest(),
    }
    assert hub.regular["DYFF_TEAM"] == b"team-1\n"
    assert (clone / "DYFF_TEAM").read_text() == "team-1\n"
    assert {"Dockerfile", "README.md", ".gitattributes", "submission/cli.py"} <= set(hub.regular)
    assert ".env" not in hub.regular
    order = [request for request in hub.requests if "secrets" in request or "commit" in request]
    assert "secrets" in order[0], "the build started without its secret"
    assert "safe-challenge-2025-submissions as a member with the role `read`" in done.stdout
    assert f"https://challenge.dyff.io/submit with the address {hub.url}/spaces" in done.stdout
    assert COMMIT in done.stdout


def test_again_brings_it_up_to_date(run: Run, hub: Spaces, clone: Path) -> None:
    assert run("acme/detector", "--team", "team-1").returncode == 0
    (clone / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    hub.requests.clear()
    done = run("acme/detector")
    assert done.returncode == 0, done.stderr
    assert hub.regular["Dockerfile"].endswith(b"COPY . .\n")
    assert not [request for request in hub.requests if "/storage/" in request]
    assert hub.secrets == {}


def test_a_dry_run(run: Run, hub: Spaces, clone: Path) -> None:
    done = run("acme/detector", "--team", "team-1", "--private", "--dry-run", HF_TOKEN="")
    assert done.returncode == 0, done.stderr
    assert "Would create the Docker Space acme/detector (private)" in done.stdout
    assert hub.requests == []
    assert (clone / "DYFF_TEAM").read_text() == "your-team-id\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["acme/" + "n" * 42, "--team", "t"], "has 47 characters; the challenge takes fewer"),
        (["detector", "--team", "t"], "is not of the form ORG/NAME"),
        (["acme/detector"], "pass its ID with --team"),
        (["acme/detector", "--team", "two words"], "is not one team's ID"),
        (["acme/detector", "--team", "t", "--hardware", "toaster"], "no hardware 'toaster'"),
    ],
)
def test_what_would_not_do(run: Run, hub: Spaces, arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert not hub.created


def test_files_that_would_not_do(run: Run, hub: Spaces, clone: Path) -> None:
    (clone / "odd.dat").write_bytes(b"\0\1")
    assert "has no LFS rule for odd.dat" in run("acme/detector", "--team", "t").stderr
    (clone / "odd.dat").unlink()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    (clone / "model.safetensors").write_bytes(pointer)
    assert "only Git LFS pointers are here" in run("acme/detector", "--team", "t").stderr
    assert hub.requests == []


def test_the_owner_has_to_be_an_organisation(run: Run, hub: Spaces) -> None:
    hub.user = "acme"
    done = run("acme/detector", "--team", "t")
    assert "acme is a user account. The challenge wants an organisation" in done.stderr
    assert not hub.created


def test_an_organisation_of_others(run: Run, hub: Spaces) -> None:
    hub.orgs = ["other"]
    done = run("acme/detector", "--team", "t")
    assert "does not look like a member of acme" in done.stdout


@pytest.mark.parametrize(
    ("refuse", "words"),
    [
        (("/repos/create", 402, "pay"), "answered 402 for acme/detector (pay). A Docker Space on"),
        (("/repos/create", 403, "no"), "The token may not write to this organisation"),
        (("/commit/", 500, "down"), "answered 500 for acme/detector (down). Try again later"),
    ],
)
def test_a_refusal_in_words(
    run: Run, hub: Spaces, refuse: tuple[str, int, str], words: str
) -> None:
    hub.refuse = refuse
    done = run("acme/detector", "--team", "t")
    assert done.returncode == 1
    assert words in done.stderr


def test_tokens(run: Run, tmp_path: Path) -> None:
    asked = ["acme/detector", "--team", "t"]
    assert "There is no token" in run(*asked, HF_TOKEN="").stderr
    assert "answered 401" in run(*asked, HF_TOKEN="hf_another").stderr
    (tmp_path / "writer").write_text(TOKEN)
    done = run(*asked, "--token-file", str(tmp_path / "writer"), HF_TOKEN="")
    assert done.returncode == 0, done.stderr


def test_offline(run: Run) -> None:
    done = run("acme/detector", "--team", "t", HF_ENDPOINT="http://127.0.0.1:9")
    assert "The hub cannot be reached, or the line broke" in done.stderr
