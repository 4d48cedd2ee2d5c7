"""What a confined component takes, asked as Gradio asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import FileData
from gradio.processing_utils import async_move_files_to_cache
from gradio.utils import get_upload_folder

from demo.components import DropZone
from demo.upload import ConfinedFile
from tests.fakes import run_async


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads" / "hash").mkdir(parents=True)
    assert Path(get_upload_folder()) == tmp_path / "uploads"
    return tmp_path


def moved(component: gr.components.Component, path: str) -> str:
    async def move() -> Any:
        return await async_move_files_to_cache(FileData(path=path).model_dump(), component)

    return run_async(move)["path"]


def components() -> list[gr.components.Component]:
    return [ConfinedFile(), DropZone(max_bytes=9)]


def test_uploaded_files_are_taken_as_they_are(folder):
    file = folder / "uploads" / "hash" / "a.png"
    file.write_bytes(b"x")
    for component in components():
        assert moved(component, str(file)) == str(file)


@pytest.mark.parametrize("place", ["secret.txt", "uploads/../secret.txt", "uploads-2/secret.txt"])
def test_other_files_of_the_server_are_not(folder, place):
    (folder / "uploads-2").mkdir()
    (folder / place).write_text("secret")
    for component in components():
        with pytest.raises(gr.Error, match="Send the file itself"):
            moved(component, str(folder / place))


def test_nothing_is_fetched(folder):
    for component in components():
        with pytest.raises(gr.Error, match="Send the file itself"):
            moved(component, "http://127.0.0.1:9/a.png")


def test_the_page_needs_no_script_of_its_own_for_it():
    assert ConfinedFile().get_block_name() == "file"
