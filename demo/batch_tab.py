"""The tab for many pictures: files or zips in, a table that fills, a CSV and a zip of masks out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from demo.batch import COLUMNS, MAX_FILES, MAX_TOTAL_BYTES, Row
from demo.batch_table import BatchTable, Table, table
from demo.job import Job
from demo.sent import SentFiles
from demo.session import KEEP_S, Session

BATCHES = 2  # under way at a time: each has one picture with the engine, so others wait for two
INTRO = (
    f"Up to {MAX_FILES} pictures or zips of pictures, {MAX_TOTAL_BYTES // 2**30} GB unpacked, "
    "examined one after the other. Whoever uses the page meanwhile goes in between. Keep this tab "
    "open: closing it ends the batch after the current picture."
)
_ENABLE = '() => ({ __type__: "update", interactive: true })'
Sent = list[tuple[Path, str]]


def build(tab: gr.Tab, session: Session) -> None:
    """Lay out the tab; a batch is run by its button alone."""
    job = gr.State(None, time_to_live=KEEP_S, delete_callback=_forget)
    gr.HTML(f'<p class="es-lead">{INTRO}</p>', apply_default_css=False)
    files = SentFiles(
        label="Pictures, or zips of pictures",
        file_count="multiple",
        height=160,
        elem_id="es-batch-files",
    )
    with gr.Row():
        start = gr.Button("Examine all", variant="primary", elem_id="es-batch-start")
        stop = gr.Button("Stop", interactive=False, elem_id="es-batch-stop")
    results = BatchTable(elem_id="es-batch")
    with gr.Row():
        csv = gr.DownloadButton("Save table (CSV)", interactive=False, size="sm")
        masks = gr.DownloadButton("Save masks (zip)", interactive=False, size="sm")
    outputs = [results, job, start, stop, csv, masks]

    def examine_all(sent: Sent) -> Iterator[tuple[Any, ...]]:
        if not sent:
            raise gr.Error("Choose pictures or a zip first.", print_exception=False)
        job = Job(sent, session.engine, session.settings)
        for _ in job:
            yield table(job, "running"), job, _off(), gr.Button(interactive=True), _off(), _off()
        yield table(job, "done"), job, *_idle(job)

    def end(job: Job | None) -> tuple[Any, ...]:
        if job is None:  # it was still waiting for others' batches
            return Table(), None, *_idle(None)
        job.stop()
        if job.ended and len(job.rows) == job.total:  # it was just done
            return table(job, "done"), job, *_idle(job)
        job.finish()
        return table(job, "stopped"), job, *_idle(job)

    # A batch may be called off while it still waits for others'. Done in the browser, and declared
    # before the batch, so that it cannot come after the batch's own answers.
    start.click(None, None, stop, js=_ENABLE, api_visibility="private")
    started = start.click(
        examine_all,
        files,
        outputs,
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="once",
        concurrency_id="batches",
        concurrency_limit=BATCHES,
    )
    stop.click(
        end,
        job,
        outputs,
        cancels=[started],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    # Gradio counts a batch that was stopped as failed: what it left must stay on offer
    started.failure(_idle, job, outputs[2:], queue=False, api_visibility="private")
    _endpoint(session)


def _idle(job: Job | None) -> tuple[Any, ...]:
    """Buttons while nothing runs: start, stop, table, masks."""
    if job is None:
        return gr.Button(interactive=True), _off(), _off(), _off()
    csv, masks = job.finish()
    save = [gr.DownloadButton(value=path, interactive=bool(job.rows)) for path in (csv, masks)]
    return gr.Button(interactive=True), _off(), *save


def _off() -> dict[str, Any]:
    change: dict[str, Any] = gr.update(interactive=False)
    return change


def _forget(job: Job | None) -> None:
    if job is not None:
        job.discard()


def _endpoint(session: Session) -> None:
    """`batch` for gradio_client and agents, on parts that the page does not show."""

    def batch(files: Sent) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        """Examine many pictures, or zips of pictures, one after the other.

        Args:
            files: pictures and zips.

        Returns:
            The rows so far with how many files there are; at the end also the table (CSV) and a
            zip of masks and responses.
        """
        if not files:
            raise gr.Error("Send at least one file.", print_exception=False)
        job = Job(files, session.engine, session.settings)
        for _ in job:
            yield _summary(job), None, None
        yield _summary(job), *job.finish()

    gr.Button(visible=False).click(
        batch,
        SentFiles(label="files", file_count="multiple", visible=False),
        [
            gr.JSON(label="rows", visible=False),
            gr.File(label="table", visible=False),
            gr.File(label="masks", visible=False),
        ],
        api_name="batch",
        concurrency_id="batches",
        concurrency_limit=BATCHES,
    )


def _summary(job: Job) -> dict[str, Any]:
    rows = [dict(zip(COLUMNS, _values(row), strict=True)) for row in job.rows]
    return {"done": len(rows), "total": job.total, "notes": job.notes, "rows": rows}


def _values(row: Row) -> tuple[Any, ...]:
    label = None if row.label is None else row.label.name
    return (
        *(row.name, label, row.probability, *(row.probabilities or [None] * 4), row.marked),
        *(row.width, row.height, row.size, row.resolution, row.seconds, row.problem or None),
    )
