"""The tab of evidence: one view of the picture at a time, made when it is looked at."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from numpy.typing import NDArray
from PIL import Image

from demo.orientation import upright
from demo.session import Current, Session
from demo.upload import Silent
from demo.view import store
from detector.evidence import VIEWS, Exhibit, View

ASSETS = Path(__file__).parent / "assets"
FIRST = "error_level"
JPEG_PIXELS = 600_000  # a larger picture goes out as JPEG: as PNG noise takes three bytes a pixel
JPEG_QUALITY = 92  # no blocks of its own show at that
PNG_LEVEL = 1  # level 6 takes five times the time to save a tenth

_serials = itertools.count(1)


class Shown(GradioModel):
    """What the exhibit's component shows.

    Attributes:
        pending: there is a picture, but it was not looked at yet: the component asks when seen.
        picture: in the picture's geometry, upright; None where there is none.
        chart: None where there is none.
        title, caption, read, misleads, warnings: words; no title, no exhibit.
        alt: the picture in words.
        serial: differs each time, so that equal results still count as new.
    """

    pending: bool = False
    picture: FileData | None = None
    chart: FileData | None = None
    title: str = ""
    caption: str = ""
    read: str = ""
    misleads: str = ""
    warnings: tuple[str, ...] = ()
    alt: str = ""
    serial: int = 0


class ExhibitPanel(gr.HTML, metaclass=Silent):
    """Shows a `Shown`, large on a click; submits when one that is pending comes into sight."""

    data_model = Shown

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("evidence.html"),
            css_template=_asset("evidence.css"),
            js_on_load=_asset("evidence.js"),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Shown | None) -> Shown | None:  # type: ignore[override]
        return value

    def api_info(self) -> dict[str, Any]:
        return Shown.model_json_schema()


def build(tab: gr.Tab, session: Session) -> None:
    """Lay out the tab and wire it: a view is made when it is seen, chosen, or its slider moves."""
    choice = gr.Radio(
        [(view.title, name) for name, view in VIEWS.items()],
        value=FIRST,
        label="View",
        elem_id="es-evidence-views",
    )
    slider = _slider(VIEWS[FIRST])
    panel = ExhibitPanel(elem_id="es-evidence")

    def clear(current: Current | None) -> Shown:
        return Shown(pending=current is not None, serial=next(_serials))

    def choose(current: Current | None, name: str) -> tuple[gr.Slider, Shown]:
        return _slider(VIEWS[name]), look(current, name, None)

    def look(current: Current | None, name: str, setting: float | None) -> Shown:
        if current is None:
            return clear(None)
        return _shown(current, VIEWS[name], setting)

    heavy: dict[str, Any] = {
        "show_progress": "minimal",
        "show_progress_on": panel,
        "trigger_mode": "always_last",
        "api_visibility": "private",
        "concurrency_id": "looking",
        "concurrency_limit": 1,
    }
    # input rather than release, which a keyboard does not fire; of many only the last is looked at
    session.changed(clear, session.upload, panel)
    choice.input(choose, [session.upload, choice], [slider, panel], **heavy)
    gr.on([panel.submit, slider.input], look, [session.upload, choice, slider], panel, **heavy)


def _slider(view: View) -> gr.Slider:
    """The view's slider; hidden where it has none."""
    knob = view.slider
    if knob is None:
        return gr.Slider(visible=False)
    return gr.Slider(
        knob.minimum,
        knob.maximum,
        value=knob.value,
        step=knob.step,
        label=knob.label,
        visible=True,
        elem_id="es-evidence-slider",
    )


def _shown(current: Current, view: View, setting: float | None) -> Shown:
    examination = current.examination
    try:
        data = Path(current.path).read_bytes()
    except OSError:  # swept away an hour after it came; the pixels may still be there
        data = b""
    exhibit = view.look(examination.image, data, setting)
    picture, chart = _files(exhibit, view.name, examination.orientation)
    return Shown(
        picture=picture,
        chart=chart,
        title=view.title,
        caption=exhibit.caption,
        read=view.read,
        misleads=view.misleads,
        warnings=exhibit.warnings,
        alt=f"{view.title} of {current.name}: {exhibit.caption}",
        serial=next(_serials),
    )


def _files(
    exhibit: Exhibit, name: str, orientation: int
) -> tuple[FileData | None, FileData | None]:
    """The exhibit's picture, turned upright, and its chart, which stays as it is drawn."""
    picture = exhibit.image
    if picture is not None:
        picture = upright(picture, orientation)
    pair = (("", picture), ("-chart", exhibit.chart))
    first, second = (
        None if pixels is None else _stored(pixels, f"{name}{suffix}") for suffix, pixels in pair
    )
    return first, second


def _stored(pixels: NDArray[np.uint8], stem: str) -> FileData:
    image, buffer = Image.fromarray(np.ascontiguousarray(pixels)), io.BytesIO()
    if image.width * image.height > JPEG_PIXELS and "chart" not in stem:
        image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        return store(buffer.getvalue(), f"{stem}.jpg")
    image.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return store(buffer.getvalue(), f"{stem}.png")


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
