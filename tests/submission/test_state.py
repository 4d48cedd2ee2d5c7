"""The state file: written at once, whole or not at all, and found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.refusal import Refusal
from submission.state import Record, State, Wanted, only_one, path_for


def fresh(path: Path | None) -> State:
    return State(Record(api="https://a", wanted=Wanted(account="acme", name="n")), path)


def test_every_change_is_kept(tmp_path: Path) -> None:
    path = path_for(tmp_path, "n")
    state = fresh(path)
    state.begin("artifact")
    assert State.load(path).interrupted("artifact") is not None
    assert State.load(path).interrupted("model") is None
    state.update(artifact="a1", pending=None)
    state.update(uploaded=["x", "y"])
    assert State.load(path).record == state.record
    assert State.load(path).interrupted("artifact") is None
    assert [found.name for found in path.parent.iterdir()] == ["n.json"]


def test_a_write_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.json"
    state = fresh(path)
    state.update(artifact="a1")

    def full(handle: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        state.update(artifact="a2")
    assert State.load(path).record.artifact == "a1"


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    fresh(None).update(artifact="a1")
    assert list(tmp_path.iterdir()) == []


def test_names_become_files(tmp_path: Path) -> None:
    assert path_for(tmp_path, "My system/2").name == "My-system-2.json"
    assert path_for(tmp_path, "../..").parent == tmp_path / ".submissions"
    assert path_for(tmp_path, "../..").name == "unnamed.json"


def test_the_only_one_is_meant(tmp_path: Path) -> None:
    fresh(path_for(tmp_path, "a")).update()
    assert only_one(tmp_path) == path_for(tmp_path, "a")
    fresh(path_for(tmp_path, "b")).update()
    with pytest.raises(Refusal, match="with --name; known are: a, b"):
        only_one(tmp_path)


def test_what_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="nothing to resume"):
        State.load(tmp_path / "n.json")
    (tmp_path / "n.json").write_text("[]")
    with pytest.raises(Refusal, match="is not a state file"):
        State.load(tmp_path / "n.json")
