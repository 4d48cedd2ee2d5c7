"""The tab on what the file says of itself: a summary in plain words, then tables."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.orientation import upright
from demo.session import Current, Session
from provenance import Provenance, read
from provenance.fact import Fact
from provenance.record import Section

STYLE = Path(__file__).parent / "assets" / "provenance.css"
INTRO = "What the file says of itself. None of it is shown to the detector, which sees pixels only."
NO_PICTURE = "Show a picture first."
OPEN = 3  # tables shown unfolded; the rest is a click away


def build(tab: gr.Tab, session: Session) -> None:
    """Lay out the tab; the file is read when the tab is opened, or at the button's press."""
    gr.HTML(f'<p class="es-lead">{INTRO}</p>', apply_default_css=False)
    button = gr.Button("Read this file", visible=False, size="sm", elem_id="es-provenance-button")
    shown = gr.HTML(
        "",
        apply_default_css=False,
        css_template=STYLE.read_text("utf-8"),
        elem_id="es-provenance",
    )

    def look(current: Current | None) -> tuple[str, dict[str, object]]:
        return card(current), gr.update(visible=False)

    for event in (tab.select, button.click):
        event(
            look,
            session.upload,
            [shown, button],
            show_progress="minimal",
            show_progress_on=shown,
            api_visibility="private",
            concurrency_id="looking",
            concurrency_limit=1,
        )
    # the tab may be the open one: then its button reads the new picture
    session.changed(
        lambda current: ("", gr.update(visible=current is not None)),
        session.upload,
        [shown, button],
    )


def card(current: Current | None) -> str:
    """All that a file says, as HTML; everything in it that comes from the file is escaped."""
    if current is None:
        return f'<p class="ep-empty">{NO_PICTURE}</p>'
    examination = current.examination
    try:
        data = Path(current.path).read_bytes()
    except OSError:  # swept away with Gradio's other files
        return '<p class="ep-empty">The file is no longer kept. Send it again.</p>'
    found = read(data, examination.image)
    lines = "".join(f"<li>{escape(line)}</li>" for line in found.summary)
    tables = "".join(
        _table(section, number < OPEN) for number, section in enumerate(found.sections())
    )
    return (
        f'<div role="status"><ul class="ep-summary">{lines}</ul></div>'
        f"{_thumbnails(found, examination.orientation)}{tables}"
    )


def _table(section: Section, unfolded: bool) -> str:
    rows = "".join(_row(fact) for fact in section.facts)
    return (
        f"<details{' open' if unfolded else ''}><summary>{escape(section.title)} "
        f"<small>{len(section.facts)}</small></summary>"
        f'<p class="ep-hint">{escape(section.hint)}</p><table>{rows}</table></details>'
    )


def _row(fact: Fact) -> str:
    return f'<tr><th scope="row">{escape(fact.name)}</th><td>{escape(fact.value)}</td></tr>'


def _thumbnails(found: Provenance, orientation: int) -> str:
    """Both pictures side by side, where they differ."""
    small = found.thumbnail
    if small is None or not small.differs:
        return ""
    pair = ((small.image, "The small copy inside the file"), (small.reduced, "The picture"))
    figures = "".join(
        f'<figure><img src="{_uri(upright(image, orientation))}" alt="{words}">'
        f"<figcaption>{words}</figcaption></figure>"
        for image, words in pair
    )
    return f'<div class="ep-pair">{figures}</div>'


def _uri(image: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
