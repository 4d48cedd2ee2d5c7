"""What is listed in `models/manifest.json`: checked, replaced, and kept in its folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import manifest
from tests.download.conftest import CONFIG, ROOT, WEIGHTS, Run, fetched, leftovers, pinned
from tests.hub import COMMIT, Hub


def test_the_repositorys_own_model_is_as_listed() -> None:
    entry = manifest.read(ROOT / "models/manifest.json")["editscope/base"]
    assert list(manifest.faults(ROOT / "models/editscope/base", entry)) == []
    assert sorted(entry.files) == manifest.names(ROOT / "models/editscope/base")


def test_what_is_pinned_is_checked_and_not_fetched_twice(run: Run, hub: Hub, clone: Path) -> None:
    assert run("acme/detector", "--pin").returncode == 0
    assert pinned(clone)["acme/detector"].revision == COMMIT
    assert set(pinned(clone)) == {"acme/detector", "editscope/base"}
    hub.requests.clear()
    assert "Nothing to fetch" in run("acme/detector").stdout
    assert hub.requests == []


def test_other_weights_under_a_pinned_name_are_refused(run: Run, hub: Hub, clone: Path) -> None:
    assert run("acme/detector", "--pin").returncode == 0
    before = fetched(clone)
    (clone / "models/acme/detector/config.json").unlink()
    hub.files["model.safetensors"] = WEIGHTS[::-1]  # the Hub's own checksum agrees with it
    done = run("acme/detector")
    assert "model.safetensors is damaged" in done.stderr
    assert fetched(clone)["model.safetensors"] == before["model.safetensors"]
    del hub.files["config.json"]
    assert "acme/detector has no config.json" in run("acme/detector").stderr


def test_another_revision_takes_the_place_of_the_first(run: Run, hub: Hub, clone: Path) -> None:
    assert run("acme/detector").returncode == 0
    hub.commit, hub.files["model.safetensors"] = "f" * 40, b"newer"
    assert run("acme/detector", "main").returncode == 0
    assert fetched(clone) == {"config.json": CONFIG, "model.safetensors": b"newer"}
    assert leftovers(clone) == []


def test_nothing_of_somebody_elses_is_removed(run: Run, clone: Path) -> None:
    (clone / "models/notes.txt").write_text("mine")
    done = run("acme/detector", "--to", "models")
    assert "notes.txt" in done.stderr
    assert (clone / "models/notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["../outside.json", "/outside.json"])
def test_a_file_name_does_not_lead_out_of_the_folder(
    run: Run, hub: Hub, clone: Path, name: str
) -> None:
    hub.files = {name: b"{}"}
    assert f"has a file outside of its folder: {name}" in run("acme/detector").stderr
    assert not list(clone.rglob("outside.json"))


@pytest.mark.parametrize("name", ["detector name", "a/b/c"])
def test_a_name_that_cannot_be_one(run: Run, hub: Hub, name: str) -> None:
    assert "download-model: Repo id must" in run(name).stderr
    assert hub.requests == []


def test_a_folder_is_entered_into_the_manifest(clone: Path) -> None:
    (clone / "models/editscope/base/model.safetensors").write_bytes(b"new weights")
    command = [sys.executable, "-m", "scripts.fetch_model", "manifest"]
    subprocess.run(command, cwd=clone, check=True, capture_output=True)
    listed = json.loads((clone / "models/manifest.json").read_text())["editscope/base"]
    assert listed["files"]["model.safetensors"] == {
        "sha256": "75f585ae1855ec1d1ba5e4fc9861e07fbdba3919a965042b2ba78b6fc3e9a18f",
        "size": 11,
    }
