"""A clone with an embedded model, `download-model.sh` in it, and a stand-in of the Hub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts import manifest
from tests.hub import TOKEN, Hub, serve

ROOT = Path(__file__).parents[2]
CONFIG = b'{"model_type": "editscope"}\n'
WEIGHTS = bytes(range(256)) * 1200  # some chunks of a socket
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def hub() -> Iterator[Hub]:
    files = {"config.json": CONFIG, "model.safetensors": WEIGHTS, "pytorch_model.bin": b"pickle"}
    with serve(Hub(files)) as hub:
        yield hub


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the repository, as far as the script goes, with an embedded model."""
    shutil.copy(ROOT / "download-model.sh", tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    embedded = tmp_path / "models/editscope/base"
    embedded.mkdir(parents=True)
    (embedded / "config.json").write_bytes(CONFIG)
    (embedded / "model.safetensors").write_bytes(WEIGHTS)
    listed = {"editscope/base": manifest.describe(embedded)}
    manifest.write(tmp_path / "models/manifest.json", listed)
    return tmp_path


@pytest.fixture
def run(clone: Path, hub: Hub) -> Run:
    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        mine = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(clone / "home")}
        done = subprocess.run(
            ["./download-model.sh", *arguments],
            cwd=clone,
            env={**mine, "HF_ENDPOINT": hub.url, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done

    return run


def fetched(clone: Path, model: str = "acme/detector") -> dict[str, bytes]:
    folder = clone / "models" / model
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def leftovers(clone: Path) -> list[str]:
    return [path.name for path in clone.rglob("*.part")]


def pinned(clone: Path) -> dict[str, manifest.Entry]:
    return manifest.read(clone / "models/manifest.json")
