"""The table of a batch: a progress bar, and rows that come in one by one and can be sorted."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import GradioModel
from pydantic import Field

from demo.batch import Row
from demo.job import Job
from demo.schemas import schema
from demo.upload import Silent
from demo.words import NAMES, Step, headline, percent
from detector.contract import Labels

ASSETS = Path(__file__).parent / "assets"
STEPS: dict[Step, str] = {"full": "", "reduced": "reduced size", "prior": "not examined"}


class Table(GradioModel):
    """What `BatchTable` shows.

    Attributes:
        rows: one dict a file, see `cells`.
        total: files there are; `state` idle, running, done or stopped.
        current: name of the file being examined.
        left: seconds left, None where unknown.
        notes: sentences on the files as a whole.
    """

    rows: list[dict[str, Any]] = Field(default_factory=list)
    total: int = 0
    current: str = ""
    left: float | None = None
    state: str = "idle"
    notes: list[str] = Field(default_factory=list)


class BatchTable(gr.HTML, metaclass=Silent):
    """Shows a `Table`."""

    data_model = Table

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("batch.html"),
            css_template=_asset("batch.css"),
            js_on_load=_asset("batch.js"),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Table | None) -> Table | None:  # type: ignore[override]
        return value

    def api_info(self) -> dict[str, Any]:
        return schema(Table)


def table(job: Job, state: str) -> Table:
    """The job as it stands."""
    return Table(
        rows=[cells(row) for row in job.rows],
        total=job.total,
        current=job.current,
        left=job.seconds_left,
        state=state,
        notes=job.notes,
    )


def cells(row: Row) -> dict[str, Any]:
    """A row as the table takes it: words to show and numbers to sort by."""
    if row.label is None or row.probabilities is None:
        return {"name": row.name, "problem": row.problem}
    step = row.resolution or "full"
    words = headline(np.array(row.probabilities), step)
    unexamined = step == "prior"
    remarks = [STEPS[step], "damaged file" if row.damage else ""]
    if words.uncertain and not unexamined:
        remarks.append(f"likeliest: {NAMES[row.label]}")
    return {
        "name": row.name,
        "problem": "",
        "thumbnail": "data:image/jpeg;base64," + b64encode(row.thumbnail or b"").decode(),
        "label": words.text,
        "tone": words.tone,
        "likely": "" if unexamined else percent(row.probability or 0.0),
        "probability": 0.0 if unexamined else row.probability,
        "altered": 1.0 - row.probabilities[Labels.Natural],
        "marked": row.marked,
        "width": row.width,
        "height": row.height,
        "seconds": row.seconds,
        "remarks": ", ".join(filter(None, remarks)),
    }


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
