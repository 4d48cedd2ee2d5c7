"""Whom a ready-made call is for: this service, as its visitor reaches it, and the picture shown."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from demo.session import Current
from demo.snippets import MEDIA_TYPES, Target, base_url
from detector.containers import identify

HEAD_BYTES = 64  # of a file: enough to tell its kind


def target(current: Current | None, request: gr.Request) -> Target:
    """The service's address by `request`, and the picture's name and type where there is one."""
    raw = request.request
    assert raw is not None  # Gradio makes one by hand in its own tests alone
    root = str(raw.scope.get("root_path", ""))
    base = base_url(raw.headers, raw.url.scheme, raw.headers.get("host", ""), root)
    if current is None:
        return Target(base)
    return Target(base, current.name, media_type(Path(current.path)))


def media_type(path: Path) -> str:
    """By content; `image/jpeg` where that is of no known kind, or the file was swept away."""
    try:
        with path.open("rb") as file:
            return MEDIA_TYPES.get(identify(file.read(HEAD_BYTES)) or "", "image/jpeg")
    except OSError:
        return "image/jpeg"
