from __future__ import annotations

import importlib
import inspect
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from demo.stubs import no_stubs

COMPONENT = """
import gradio as gr

class Note(gr.HTML):
    EVENTS = []

    def __init__(self):
        super().__init__()
"""


@pytest.mark.parametrize(
    ("around", "written"), [(no_stubs(), False), (nullcontext(), True)], ids=["within", "without"]
)
def test_gradio_writes_stubs_unless_it_is_kept_from_it(
    around: AbstractContextManager[None],
    written: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"note_{written}".lower()
    (tmp_path / f"{name}.py").write_text(COMPONENT)
    monkeypatch.syspath_prepend(tmp_path)
    with around:
        importlib.import_module(name)
    assert (tmp_path / f"{name}.pyi").is_file() == written


def test_everybody_else_finds_files_as_ever() -> None:
    before = inspect.getfile
    with no_stubs():
        assert inspect.getfile(Path) == before(Path)
    assert inspect.getfile is before
