"""The tab that puts an examination on paper: PDF, HTML, response, mask, and the command."""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

from demo import snippets
from demo.report.content import gather
from demo.report.html import to_html
from demo.report.name import stem
from demo.report.pdf import to_pdf
from demo.session import Current, Session
from demo.target import target
from demo.view import downloads, store

INTRO = (
    "One document with the verdict, the marked picture, every exhibit, what the file says of "
    "itself, its SHA-256, the model and its limits. Building it takes from a few seconds to half a "
    "minute."
)
NO_PICTURE = "Show a picture first."
SWEPT = "The file is no longer kept. Send it again."


def build(tab: gr.Tab, session: Session) -> None:
    """Lay out the tab; the report is built at the button's press."""
    settings = session.settings
    gr.HTML(f'<p class="es-lead">{INTRO}</p>', apply_default_css=False)
    button = gr.Button("Build the report", variant="primary", elem_id="es-report-button")
    said = gr.HTML("", apply_default_css=False, elem_id="es-report")
    with gr.Row(elem_id="es-report-files"):
        files = [
            gr.DownloadButton(label, interactive=False, size="sm")
            for label in ("PDF", "HTML", "Response (JSON)", "Mask (PNG)")
        ]
    shell = gr.Code(
        "",
        language="shell",
        wrap_lines=True,  # nothing to scroll sideways, which a keyboard could not reach
        label="The same question from a shell, in the folder of the file",
        interactive=False,
        visible=False,
        elem_id="es-report-curl",
    )

    def make(current: Current | None, request: gr.Request) -> tuple[object, ...]:
        if current is None:
            return (_problem(NO_PICTURE), *_none(), gr.update(visible=False))
        examination = current.examination
        try:
            data = Path(current.path).read_bytes()
        except OSError:  # swept away with Gradio's other files
            return (_problem(SWEPT), *_none(), gr.update(visible=False))
        program = f"{settings.app_name} {settings.app_version}"
        command = snippets.curl(target(current, request)).strip()
        report = gather(examination, data, program, command)
        name = f"{stem(current.name)}-report"
        mask, response = downloads(examination)
        paths = (
            store(to_pdf(report), f"{name}.pdf").path,
            store(to_html(report), f"{name}.html").path,
            response,
            mask,
        )
        return (
            f'<p class="es-detail" role="status">The report on {escape(report.name)} is ready, '
            f"with {len(report.exhibits)} exhibits.</p>",
            *(gr.DownloadButton(value=path, interactive=path is not None) for path in paths),
            gr.update(value=command, visible=True),
        )

    button.click(
        make,
        session.upload,
        [said, *files, shell],
        show_progress="minimal",
        show_progress_on=said,
        api_visibility="private",
        concurrency_id="looking",
        concurrency_limit=1,
    )
    session.changed(
        lambda: ("", *_none(), gr.update(value="", visible=False)), None, [said, *files, shell]
    )


def _none() -> list[gr.DownloadButton]:
    return [gr.DownloadButton(value=None, interactive=False) for _ in range(4)]


def _problem(message: str) -> str:
    return f'<p class="es-note" role="alert">{message}</p>'
