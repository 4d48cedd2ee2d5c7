"""The page: how its parts are laid out and wired to the engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from gradio.data_classes import FileData

from demo import (
    agents,
    api_tab,
    batch_tab,
    compare_tab,
    evidence_tab,
    gallery,
    provenance_tab,
    report_tab,
    sweep,
)
from demo.card import notes_card, opening_card, problem_card, verdict_card
from demo.components import DropZone, Gallery, Viewer
from demo.examine import Examination, Problem, examine
from demo.picker import Detectors
from demo.session import KEEP_S, Current, Session
from demo.style import FAVICON, head, theme
from demo.view import downloads, no_view, view
from demo.words import CAVEAT, GUIDE, LIMITS, headline, whereabouts
from detector.contract import Labels
from engine import Engine
from settings import Settings

SWEEP_S = 600  # every ten minutes pictures and results older than `KEEP_S` are deleted
OVERLAP = 1  # one picture is decoded or drawn while another is with the engine
TABS = {
    "Evidence": evidence_tab,
    "Provenance": provenance_tab,
    "Report": report_tab,
    "Compare": compare_tab,
    "Batch": batch_tab,
    "API": api_tab,
}


def mount_page(app: FastAPI, engine: Engine, settings: Settings) -> FastAPI:
    """Mount the page at `/`; every route of `app` that exists by now goes before it.

    Call it outside the lifespan: Gradio's queue starts with the app's (gradio#8839).
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Blocks' own switch leaves parts of it on
    app.mount(gallery.ROUTE, StaticFiles(directory=gallery.FOLDER), name="examples")
    page = build_page(engine, settings)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,  # it would keep people's pictures in the browser's storage
        favicon_path=str(FAVICON),
        max_file_size=settings.max_body_bytes,
        theme=theme(),
        head=head(settings.app_name),
        show_error=True,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=agents.offered(settings),
    )
    agents.install(page, settings)
    sweep.install(app, SWEEP_S)
    within: Any = app.routes[-1]
    app.state.stopping = within.app.stop_event.set  # ends a stream for each page that is open
    return mounted


def build_page(engine: Engine, settings: Settings) -> gr.Blocks:
    """Lay out the page and wire it to `engine`, which may still be loading."""
    limit = (settings.max_concurrency or 1) + OVERLAP
    detectors = Detectors(engine, settings)

    def look(upload: FileData | None, detector: str = detectors.default) -> Current:
        if upload is None:
            raise Problem("Choose a picture first.")
        chosen, name = detectors.engine(detector), upload.orig_name or Path(upload.path).name
        model = detectors.describe(detector, chosen)
        examination = examine(Path(upload.path), name, chosen, settings.max_pixels, model)
        return Current(upload.path, name, examination)

    def show(upload: FileData | None, detector: str = detectors.default) -> tuple[Any, ...]:
        try:
            current = look(upload, detector)
        except Problem as problem:
            card = opening_card() if upload is None else problem_card(str(problem))
            nothing = gr.DownloadButton(value=None, interactive=False)
            return card, notes_card(), no_view(), nothing, nothing, None
        examination = current.examination
        mask, response = downloads(examination)
        return (
            verdict_card(examination),
            notes_card(examination),
            view(examination),
            gr.DownloadButton(value=mask, interactive=mask is not None),
            gr.DownloadButton(value=response, interactive=True),
            current,
        )

    def analyse(upload: FileData | None) -> tuple[dict[str, Any], str | None, str]:
        """Examine one picture. Returns the verdict, the mask (PNG) and the API's response."""
        try:
            examination = look(upload).examination
        except Problem as problem:
            raise gr.Error(str(problem), print_exception=False) from problem
        return _summary(examination), *downloads(examination)

    page = gr.Blocks(
        title=settings.app_name,
        analytics_enabled=False,
        delete_cache=(SWEEP_S, KEEP_S),
        fill_width=True,
    )
    with page:
        gr.HTML(_masthead(settings.app_name), apply_default_css=False, elem_id="es-masthead")
        current = gr.State(None, time_to_live=KEEP_S)
        with gr.Row(elem_id="es-main"):
            with gr.Column(scale=7, elem_id="es-looking"):
                drop_zone = DropZone(max_bytes=settings.max_body_bytes, elem_id="es-dropzone")
                viewer = Viewer(elem_id="es-view")
                Gallery(gallery.examples(), elem_id="es-gallery")
            with gr.Column(scale=4, elem_id="es-reading"):
                pickers = _picker(detectors)
                card = gr.HTML(opening_card(), apply_default_css=False, elem_id="es-verdict")
                notes = gr.HTML(notes_card(), apply_default_css=False, elem_id="es-notes")
                with gr.Row(elem_id="es-downloads"):
                    mask = gr.DownloadButton("Save mask (PNG)", interactive=False, size="sm")
                    response = gr.DownloadButton(
                        "Save response (JSON)", interactive=False, size="sm"
                    )
        for picker in pickers:  # another detector's answer must not pass for the chosen one's
            picker.input(None, js=_announce("again"), api_visibility="private")
        shown = gr.on(
            [drop_zone.upload, *(picker.input for picker in pickers)],
            show,
            [drop_zone, *pickers],
            [card, notes, viewer, mask, response, current],
            show_progress="minimal",
            show_progress_on=card,
            api_visibility="private",
            trigger_mode="multiple",
            concurrency_id="engine",
            concurrency_limit=limit,
        )
        shown.failure(
            None,
            js=_announce("failed"),
            api_visibility="private",
        )

        def changed(fn: Any, inputs: Any = None, outputs: Any = None) -> Any:
            return shown.then(
                fn, inputs, outputs, show_progress="hidden", queue=False, api_visibility="private"
            )

        _tabs(Session(current, engine, settings, changed))
        gr.HTML(_colophon(settings), apply_default_css=False, elem_id="es-colophon")
        _client_endpoint(analyse, drop_zone, limit)
    page.queue(max_size=settings.max_queue or None)
    return page


def _announce(event: str) -> str:
    """A script that tells the drop zone and the viewer."""
    return f"() => window.dispatchEvent(new CustomEvent('editscope:{event}'))"


def _picker(detectors: Detectors) -> list[gr.Dropdown]:
    """A choice of detectors, where there is one."""
    names = detectors.names
    if len(names) < 2:
        return []
    return [gr.Dropdown(names, value=names[0], label="Detector", elem_id="es-picker")]


def _tabs(session: Session) -> None:
    """The tabs under the viewer; the first one costs nothing and says what the others are for."""
    with gr.Tabs(elem_id="es-tabs"):
        with gr.Tab("Guide", id="guide"):
            gr.HTML(_guide(), apply_default_css=False)
        for name, module in TABS.items():
            with gr.Tab(name, id=name.lower()) as tab:
                module.build(tab, session)


def _client_endpoint(analyse: Any, drop_zone: DropZone, limit: int) -> None:
    """`analyse` for gradio_client, on parts that the page does not show."""
    outputs = [
        gr.JSON(label="verdict", visible=False),
        gr.File(label="mask", visible=False),
        gr.File(label="response", visible=False),
    ]
    gr.Button(visible=False).click(
        analyse,
        drop_zone,
        outputs,
        api_name="analyse",
        concurrency_id="engine",
        concurrency_limit=limit,
    )


def _summary(examination: Examination) -> dict[str, Any]:
    verdict, analysis = examination.verdict, examination.analysis
    words = headline(verdict.probabilities, analysis.step)
    height, width = examination.image.shape[:2]
    return {
        "verdict": f"{words.text} {words.percent}".strip(),
        "uncertain": words.uncertain,
        "where": whereabouts(verdict.mask, verdict.label),
        "label": verdict.label.name,
        "probabilities": {
            label.name: round(float(verdict.probabilities[label]), 6) for label in Labels
        },
        "width": width,
        "height": height,
        "resolution": analysis.step,
        "seconds": round(analysis.seconds, 3),
        "model": examination.model,
        "damage": "" if examination.damage is None else examination.damage.words,
        "note": f"{CAVEAT} {LIMITS}",
    }


def _masthead(name: str) -> str:
    return (
        '<header class="es-masthead"><div><h1>'
        '<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M4 11V6a2 2 0 0 1 2-2h5M21 4h5a2 2 0'
        ' 0 1 2 2v5M28 21v5a2 2 0 0 1-2 2h-5M11 28H6a2 2 0 0 1-2-2v-5"/>'
        '<circle cx="18" cy="14" r="5"/></svg>'
        f"{name}</h1><p>Was this picture edited, or made by AI? And where?</p></div>"
        '<p class="es-private">Pictures stay on this server and are deleted within about an '
        "hour.</p></header>"
    )


def _guide() -> str:
    rows = "".join(f"<div><dt>{tab}</dt><dd>{text}</dd></div>" for tab, text in GUIDE.items())
    return f'<dl class="es-guide">{rows}</dl>'


def _colophon(settings: Settings) -> str:
    return (
        f'<footer class="es-colophon"><span>{settings.app_name} {settings.app_version}</span>'
        f"<span>Detector {settings.model_name}</span>"
        '<a href="docs">API for programs</a></footer>'
    )
