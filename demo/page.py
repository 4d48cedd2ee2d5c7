"""The page: how its parts are laid out and wired to the engine."""

from __future__ import annotations

import base64
import itertools
import os
import re
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from demo import gallery, overlay
from demo.card import notes_card, opening_card, problem_card, verdict_card
from demo.components import DropZone, Gallery, View, Viewer
from demo.examine import Examination, Problem, examine
from demo.style import FAVICON, head, theme
from demo.words import CAVEAT, LIMITS, headline, whereabouts
from detector.contract import Labels
from engine import Engine
from settings import Settings

SWEEP_S = 600  # every ten minutes ...
KEEP_S = 3600  # ... pictures and results older than an hour are deleted
OVERLAP = 1  # one picture is decoded or drawn while another is with the engine

_serials = itertools.count(1)


def mount_page(app: FastAPI, engine: Engine, settings: Settings) -> FastAPI:
    """Mount the page at `/`; every route of `app` that exists by now goes before it.

    Call it outside the lifespan: Gradio's queue starts with the app's (gradio#8839).
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Blocks' own switch leaves parts of it on
    app.mount(gallery.ROUTE, StaticFiles(directory=gallery.FOLDER), name="examples")
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build_page(engine, settings),
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
    )
    return mounted


def build_page(engine: Engine, settings: Settings) -> gr.Blocks:
    """Lay out the page and wire it to `engine`, which may still be loading."""
    limit = (settings.max_concurrency or 1) + OVERLAP

    def show(upload: FileData | None) -> tuple[Any, ...]:
        try:
            examination = _examine(upload, engine, settings)
        except Problem as problem:
            nothing = gr.DownloadButton(value=None, interactive=False)
            cards = problem_card(str(problem)), notes_card()
            return *cards, View(serial=next(_serials)), nothing, nothing
        mask, response = _downloads(examination)
        return (
            verdict_card(examination),
            notes_card(examination, _model(engine, settings)),
            _view(examination),
            gr.DownloadButton(value=mask, interactive=mask is not None),
            gr.DownloadButton(value=response, interactive=True),
        )

    def analyse(upload: FileData | None) -> tuple[dict[str, Any], str | None, str]:
        """Examine one picture. Returns the verdict, the mask (PNG) and the API's response."""
        try:
            examination = _examine(upload, engine, settings)
        except Problem as problem:
            raise gr.Error(str(problem), print_exception=False) from problem
        return _summary(examination, _model(engine, settings)), *_downloads(examination)

    page = gr.Blocks(
        title=settings.app_name,
        analytics_enabled=False,
        delete_cache=(SWEEP_S, KEEP_S),
        fill_width=True,
    )
    with page:
        gr.HTML(_masthead(settings.app_name), apply_default_css=False, elem_id="es-masthead")
        with gr.Row(elem_id="es-main"):
            with gr.Column(scale=7, elem_id="es-looking"):
                drop_zone = DropZone(max_bytes=settings.max_body_bytes, elem_id="es-dropzone")
                viewer = Viewer(elem_id="es-view")
                Gallery(gallery.examples(), elem_id="es-gallery")
            with gr.Column(scale=4, elem_id="es-reading"):
                card = gr.HTML(opening_card(), apply_default_css=False, elem_id="es-verdict")
                notes = gr.HTML(notes_card(), apply_default_css=False, elem_id="es-notes")
                with gr.Row(elem_id="es-downloads"):
                    mask = gr.DownloadButton("Save mask (PNG)", interactive=False, size="sm")
                    response = gr.DownloadButton(
                        "Save response (JSON)", interactive=False, size="sm"
                    )
        gr.HTML(_colophon(settings), apply_default_css=False, elem_id="es-colophon")

        shown = drop_zone.upload(
            show,
            drop_zone,
            [card, notes, viewer, mask, response],
            show_progress="minimal",
            show_progress_on=card,
            api_visibility="private",
            trigger_mode="multiple",
            concurrency_id="engine",
            concurrency_limit=limit,
        )
        shown.failure(
            None,
            js="() => window.dispatchEvent(new CustomEvent('editscope:failed'))",
            api_visibility="private",
        )
        _client_endpoint(analyse, drop_zone, limit)
    page.queue(max_size=settings.max_queue or None)
    return page


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


def _examine(upload: FileData | None, engine: Engine, settings: Settings) -> Examination:
    if upload is None:
        raise Problem("Choose a picture first.")
    name = upload.orig_name or Path(upload.path).name
    return examine(Path(upload.path), name, engine, settings.max_pixels)


def _model(engine: Engine, settings: Settings) -> str:
    version = getattr(engine.service, "version", "")
    return f"{settings.model_name}, version {version}" if version else settings.model_name


def _view(examination: Examination) -> View:
    verdict, turn = examination.verdict, examination.orientation
    examined = examination.analysis.step != "prior"
    height, width = examination.image.shape[:2]
    picture, suffix = overlay.picture(examination.image, turn)
    words = headline(verdict.probabilities, examination.analysis.step)
    view = View(
        picture=_store(picture, f"picture{suffix}"),
        empty=whereabouts(verdict.mask, verdict.label) if examined else "Nothing was measured.",
        width=height if turn >= 5 else width,
        height=width if turn >= 5 else height,
        alt=f"{examination.name}: {words.text}",
        serial=next(_serials),
    )
    if verdict.mask is not None and examined:
        view.mask = _store(overlay.mask_only(verdict.mask, turn), "mask.png")
        if verdict.mask.any():
            view.marked = _store(overlay.marked(verdict.mask, turn), "marked.png")
    if verdict.manipulation is not None and examined:
        heat = overlay.heat(verdict.manipulation, (height, width), turn)
        view.heat = _store(heat, "heat.png")
    return view


def _downloads(examination: Examination) -> tuple[str | None, str]:
    """Paths of the mask at stored size, as the API gives it, and of the API's response."""
    answer = examination.verdict.to_response()
    stem = re.sub(r"[^\w-]+", "-", Path(examination.name).stem).strip("-")[:60] or "picture"
    mask = None
    if answer.localizationMask is not None:
        data = base64.b64decode(answer.localizationMask.data)
        mask = _store(data, f"{stem}-mask.png").path
    response = answer.model_dump_json(indent=2).encode()
    return mask, _store(response, f"{stem}-response.json").path


def _summary(examination: Examination, model: str) -> dict[str, Any]:
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
        "model": model,
        "note": f"{CAVEAT} {LIMITS}",
    }


def _store(data: bytes, name: str) -> FileData:
    """Write into Gradio's temporary folder, which `delete_cache` sweeps."""
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return FileData(path=path, orig_name=name)


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


def _colophon(settings: Settings) -> str:
    return (
        f'<footer class="es-colophon"><span>{settings.app_name} {settings.app_version}</span>'
        f"<span>Detector {settings.model_name}</span>"
        '<a href="docs">API for programs</a></footer>'
    )
