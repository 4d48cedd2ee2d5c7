"""Two components of our own, in HTML: where a picture goes in, and where it is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, GradioModel
from pydantic import Field

from demo.schemas import schema
from demo.upload import Confined, Silent

ASSETS = Path(__file__).parent / "assets"
VIEWER = ("parts", "layers", "zoom", "looking", "marks", "receiving")  # one function, in this order


class Box(GradioModel):
    """A rectangle round a region: its sides as shares 0..1 of the upright picture."""

    left: float
    top: float
    right: float
    bottom: float


class View(GradioModel):
    """What the viewer shows: files of one aspect, which the browser colours and stacks.

    Attributes:
        picture: the picture upright, at most screen size; None when there is nothing to show.
        mask: the verdict's mask, grey; None where the detector gave none.
        soft: the detector's map, grey; None where there is none.
        reliability: grey, black where the pixels say too little.
        marked: whether the mask marks anything.
        threshold: of the map, 0..1, as the verdict has it.
        boxes: round the mask's largest regions.
        empty: said in place of a legend when there is no marked area.
        reasons: why the pixels say too little, in sentences.
        width, height: the upright picture's size in stored pixels.
        orientation: EXIF, 1..8.
        alt: the picture in words.
        serial: differs from view to view, so that equal results still count as new.
    """

    picture: FileData | None = None
    mask: FileData | None = None
    soft: FileData | None = None
    reliability: FileData | None = None
    marked: bool = False
    threshold: float = 0.5
    boxes: list[Box] = Field(default_factory=list)
    empty: str = ""
    reasons: str = ""
    width: int = 1
    height: int = 1
    orientation: int = 1
    alt: str = ""
    serial: int = 0


class DropZone(Confined, gr.HTML, metaclass=Silent):
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

    def preprocess(self, payload: FileData | None) -> FileData | None:  # type: ignore[override]
        return payload

    def postprocess(self, value: Any) -> Any:
        return value

    def api_info(self) -> dict[str, Any]:
        return FileData.model_json_schema()

    def example_payload(self) -> Any:
        return None


class Gallery(gr.HTML, metaclass=Silent):
    """Pictures to click. Each example is a dict of `file`, `url`, `title`, `truth` and `made`."""

    def __init__(self, examples: list[dict[str, str]], **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("gallery.html"),
            js_on_load=_asset("gallery.js"),
            apply_default_css=False,
            examples=examples,
            **kwargs,
        )


class Viewer(gr.HTML, metaclass=Silent):
    """Shows a `View`: layers, threshold, zoom and side-by-side, all without the server."""

    data_model = View

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("viewer.html"),
            js_on_load="".join(_asset(f"viewer/{part}.js") for part in VIEWER),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: View | None) -> View | None:  # type: ignore[override]
        return value

    def api_info(self) -> dict[str, Any]:
        return schema(View)


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
