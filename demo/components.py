"""Two components of our own, in HTML: where a picture goes in, and where it is looked at."""

from __future__ import annotations

from abc import ABCMeta
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta
from gradio.data_classes import FileData, GradioModel
from gradio.utils import abspath, get_upload_folder, is_in_or_equal

ASSETS = Path(__file__).parent / "assets"


class View(GradioModel):
    """What the viewer shows: files of one aspect, stacked.

    Attributes:
        picture: the picture upright, at most screen size; None when there is nothing to show.
        marked, heat, mask: the layers; None where the detector gave none.
        empty: said in place of a legend when there is no marked area.
        width, height: the upright picture's size in stored pixels.
        alt: the picture in words.
        serial: differs from view to view, so that equal results still count as new.
    """

    picture: FileData | None = None
    marked: FileData | None = None
    heat: FileData | None = None
    mask: FileData | None = None
    empty: str = ""
    width: int = 1
    height: int = 1
    alt: str = ""
    serial: int = 0


class _Silent(ComponentMeta):
    """Gradio's metaclass without the stub file that it writes beside the source at import."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        return ABCMeta.__new__(cls, name, bases, namespace)


class DropZone(gr.HTML, metaclass=_Silent):
    """Takes one file: chosen, dropped, pasted, or handed over by the gallery; bytes untouched."""

    data_model = FileData

    def __init__(self, *, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("dropzone.html"),
            js_on_load=_asset("dropzone.js"),
            apply_default_css=False,
            max_bytes=max_bytes,
            **kwargs,
        )

    async def async_move_resource_to_block_cache(
        self, url_or_file_path: str | Path | None
    ) -> str | None:
        """Take nothing but uploaded files.

        Gradio 6.31 skips this check in apps that are mounted rather than launched, so that any
        picture on the server could be named; and it would fetch a URL.

        Raises:
            gradio.Error: the path lies outside Gradio's upload folder.
        """
        if url_or_file_path is None or not is_in_or_equal(
            abspath(url_or_file_path), get_upload_folder()
        ):
            raise gr.Error("Send the picture itself, not where it lies.", print_exception=False)
        return await super().async_move_resource_to_block_cache(url_or_file_path)

    def preprocess(self, payload: FileData | None) -> FileData | None:  # type: ignore[override]
        return payload

    def postprocess(self, value: Any) -> Any:
        return value

    def api_info(self) -> dict[str, Any]:
        return FileData.model_json_schema()

    def example_payload(self) -> Any:
        return None


class Gallery(gr.HTML, metaclass=_Silent):
    """Pictures to click. Each example is a dict of `file`, `url`, `title`, `truth` and `made`."""

    def __init__(self, examples: list[dict[str, str]], **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("gallery.html"),
            js_on_load=_asset("gallery.js"),
            apply_default_css=False,
            examples=examples,
            **kwargs,
        )


class Viewer(gr.HTML, metaclass=_Silent):
    """Shows a `View`: one layer over the picture, opacity and side-by-side without the server."""

    data_model = View

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("viewer.html"),
            js_on_load=_asset("viewer.js"),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: View | None) -> View | None:  # type: ignore[override]
        return value

    def api_info(self) -> dict[str, Any]:
        return View.model_json_schema()


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
