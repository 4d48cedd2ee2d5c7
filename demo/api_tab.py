"""The tab for programs: ready-made calls of this very service, what the answer means, limits."""

from __future__ import annotations

import json
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo import agents, snippets
from demo.batch import MAX_FILES, MAX_TOTAL_BYTES
from demo.session import Current, Session
from demo.snippets import Target, plain
from demo.target import media_type, target
from demo.view import store
from demo.words import MEANINGS
from detector.contract import Labels
from settings import Settings

_SAVE = """(file) => {
    if (!file) return;
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    link.click();
}"""


def build(tab: gr.Tab, session: Session) -> None:
    """Lay out the tab; the calls are written when it is opened."""
    start = Target("http://localhost")
    with_agents = agents.offered(session.settings)
    intro = gr.HTML(_intro(start, None), apply_default_css=False, elem_id="es-api-intro")
    calls: list[gr.Code] = []
    with gr.Tabs(elem_id="es-calls"):
        for title, language in (
            *(("curl", "shell"), ("Python", "python"), ("gradio_client", "python")),
            *(("JavaScript", "javascript"), *([("Agents (MCP)", "json")] if with_agents else [])),
        ):
            with gr.Tab(title):
                calls.append(
                    gr.Code(
                        language=language,  # type: ignore[arg-type]
                        interactive=False,
                        show_label=False,
                        wrap_lines=True,  # nothing to scroll, which a keyboard could not reach
                    )
                )
    save = gr.Button("Save request.json of the picture above", size="sm", interactive=False)
    request_file = gr.File(visible=False)
    gr.HTML(_meaning(session.settings), apply_default_css=False, elem_id="es-api-meaning")

    def fill(current: Current | None, request: gr.Request) -> tuple[Any, ...]:
        here = target(current, request)
        written = [
            snippets.curl(here)
            + "\n# or, with the file from the button below:\n"
            + snippets.curl_request(here, _request_name(here.name)),
            snippets.python(here),
            snippets.gradio(here),
            snippets.javascript(here),
            *([snippets.agents(here)] if with_agents else []),
        ]
        return _intro(here, current), *written, gr.Button(interactive=current is not None)

    def make(current: Current | None) -> str | None:
        return None if current is None else _request_file(current)

    outputs = [intro, *calls, save]
    tab.select(fill, session.upload, outputs, show_progress="hidden", api_visibility="private")
    session.changed(fill, session.upload, outputs)
    save.click(
        make, session.upload, request_file, show_progress="hidden", api_visibility="private"
    ).success(None, request_file, None, js=_SAVE, api_visibility="private")


def _request_name(name: str) -> str:
    return f"{Path(plain(name)).stem}-request.json"


def _request_file(current: Current) -> str:
    path = Path(current.path)
    data = b64encode(path.read_bytes()).decode()
    body = {"image": {"mediaType": media_type(path), "data": data}}
    stored: str = store(json.dumps(body).encode(), _request_name(current.name)).path
    return stored


def _intro(here: Target, current: Current | None) -> str:
    about = (
        f"filled with {escape(plain(current.name))}, the picture above"
        if current
        else "with photo.jpg for a file of yours, or show a picture above"
    )
    return (
        f'<p class="es-lead">The same detector for programs: <code>POST {escape(here.base)}'
        f"/predict</code>. The calls below work as they are, {about}. "
        '<a href="docs" target="_blank" rel="noopener">Reference and try-out</a>.</p>'
    )


def _meaning(settings: Settings) -> str:
    labels = "".join(
        f"<tr><td>{label.value}</td><td><code>{label.name}</code></td><td>{MEANINGS[label]}</td></tr>"
        for label in Labels
    )
    limits = {
        "Longest request": f"{settings.max_body_bytes / 2**20:.0f} MiB, in base64 a third of it "
        "is overhead; beyond it 413",
        "Largest picture": f"{settings.max_pixels / 1e6:.0f} megapixels; beyond it 413",
        "At a time": f"{settings.concurrency}; {settings.max_queue} more may wait, then "
        "503 with Retry-After",
        "Time": f"an answer within {settings.time_budget_s:g} s; a coarser one if it gets late",
        "A batch": f"{MAX_FILES} files, {MAX_TOTAL_BYTES // 2**30} GiB unpacked",
        "Keys": "none are needed",
    }
    rows = "".join(f"<tr><th scope='row'>{k}</th><td>{v}</td></tr>" for k, v in limits.items())
    return (
        f"{_STYLE}<div class='es-api'><section class='es-card es-notes'>"
        "<h2 class='es-label'>What the answer means</h2><p><code>logprobs</code>: natural "
        "logarithms of four probabilities that sum to 1, in this order.</p>"
        f"<table><tbody>{labels}</tbody></table><p><code>localizationMask.data</code>: base64 of a "
        "1-bit PNG of exactly the picture's stored size; white is altered. An EXIF rotation is not "
        "applied. A file that cannot be read gets a 4xx with "
        '<code>{"error": {"code", "message"}}</code>.</p></section>'
        "<section class='es-card es-notes'><h2 class='es-label'>Limits</h2>"
        f"<table><tbody>{rows}</tbody></table></section></div>"
    )


_STYLE = """<style>
.es-api { display: grid; grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); gap: 14px; }
.gradio-container .es-api table { width: 100%; margin: 8px 0; border-collapse: collapse; }
.gradio-container .es-api :is(td, th) { padding: 5px 8px 5px 0; border: 0; text-align: left;
  border-top: 1px solid var(--es-line); vertical-align: top; font-weight: 400;
  color: var(--es-ink); }
.gradio-container .es-api th { color: var(--es-muted); white-space: nowrap; }
.gradio-container .es-api td code { overflow-wrap: normal; white-space: nowrap; }
.gradio-container #es-api-intro a { color: var(--es-accent); text-decoration: underline; }
.gradio-container #es-api-intro code { overflow-wrap: anywhere; }
</style>"""
