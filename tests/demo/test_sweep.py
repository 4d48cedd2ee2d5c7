from __future__ import annotations

import os

from fastapi import FastAPI
from fastapi.testclient import TestClient

from demo.sweep import install, sweep
from tests.fakes import wait_until


def test_empty_folders_go_and_files_stay(tmp_path):
    for name in ("empty", "another", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "picture.png").write_bytes(b"x")
    (tmp_path / "loose.png").write_bytes(b"x")
    assert sweep(tmp_path, -1.0) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"full", "loose.png"}
    assert (tmp_path / "full" / "picture.png").exists()


def test_a_folder_just_made_waits_for_its_file(tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    new.mkdir()
    old.mkdir()
    os.utime(old, (1, 1))
    assert sweep(tmp_path) == 1
    assert new.exists()


def test_links_are_left_and_a_missing_folder_is_no_error(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    assert sweep(inside, -1.0) == 0
    assert outside.exists()
    assert sweep(tmp_path / "none") == 0


def test_it_sweeps_while_the_app_runs_and_after_what_it_closes(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    app = FastAPI()
    install(app, 0.01)
    old = tmp_path / "old"
    old.mkdir()
    os.utime(old, (1, 1))
    with TestClient(app):  # in its own thread: a browser's event loop may run in this one
        wait_until(lambda: not old.exists())
        (tmp_path / "new").mkdir()
    assert list(tmp_path.iterdir()) == []
