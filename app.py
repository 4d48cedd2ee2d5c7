"""The whole service: the API, and the browser page at `/` unless `HEADLESS` is set.

`python app.py` serves it on `HOST`:`PORT`.
"""

from __future__ import annotations

from fastapi import FastAPI

from api import create_api
from engine import Engine
from settings import Settings
from web.server import run


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> FastAPI:
    """The API with the page on the same engine; with `headless`, the API alone.

    Args:
        settings: read from the environment by default.
        engine: one to share with others; made from the settings by default.
    """
    settings = settings or Settings()
    app = create_api(settings, engine)
    if settings.headless:
        return app
    from demo.stubs import no_stubs

    with no_stubs():
        from demo.page import mount_page  # Gradio takes seconds and memory that the API alone saves

    return mount_page(app, app.state.engine, settings)


if __name__ == "__main__":
    raise SystemExit(run(create_app))
