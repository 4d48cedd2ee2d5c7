"""The HTTP API: `POST /predict` of the challenge, health, readiness and documentation.

`python api.py` serves it alone; `app.py` adds the browser page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import from_thread, to_thread
from fastapi import Depends, FastAPI, Request, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from detector.contract import ImageRequest, PredictionResponse
from detector.registry import ModelNotFound, UnknownModel, create_service
from engine import Engine, Service
from isolation.services import isolate
from settings import Settings
from web import docs, health, metrics, problems
from web.access import Access
from web.body import BodyReader
from web.examples import error_responses, label_table, request_example, response_example
from web.headers import SecurityHeaders
from web.metrics import Metrics
from web.problems import Problem
from web.server import run

logger = logging.getLogger(__name__)

SPARE_THREADS = 16  # beside those that wait for their turn: to turn others away, to serve the docs
PARSING = 2  # bodies at a time: 64 long ones would keep the interpreter from all else for a second
UTF8_BOM = b"\xef\xbb\xbf"  # some Windows tools write it before JSON
DESCRIPTION = f"""
Is a picture natural, wholly synthesized, locally edited or locally synthesized, and where?

`POST /predict` is the interface of the SAFE Image Edit Detection and Localization Challenge.
`logprobs` holds four natural-log probabilities in this order:

{label_table()}

A set pixel of `localizationMask` means "manipulated". The mask is a 1-bit greyscale PNG of exactly
the width and height that the picture is stored with; an EXIF orientation is not applied. Every
answer is a statistical indication, not proof.
"""


def create_engine(settings: Settings) -> Engine:
    """The engine that the settings describe, not loaded yet."""

    def create() -> Service:
        named = (settings.model_name, settings.models_dir, settings.device)
        if not settings.isolate:
            return create_service(*named, settings.backend)
        return isolate(
            *named,
            count=settings.concurrency,
            num_threads=engine.threads,
            budget_s=settings.time_budget_s,
            memory_bytes=settings.worker_memory_bytes,
            backend=settings.backend,
            restarted=engine.observer.restarted,  # the app's: it is set before this is called
        )

    engine = Engine(
        create,
        concurrency=settings.max_concurrency,
        queue=settings.max_queue,
        budget_s=settings.time_budget_s,
        synthesized_mask=settings.synthesized_mask,
        max_pixels=settings.max_pixels,
        num_threads=settings.num_threads,
    )
    return engine


def create_api(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The API as an app that loads its engine in the background once it is started.

    Args:
        settings: limits and names.
        engine: one to share with others; made from the settings by default.
    """
    engine = create_engine(settings) if engine is None else engine
    app = FastAPI(
        title=settings.app_name,
        version=settings.app_version,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.engine = engine
    app.state.settings = settings
    app.state.stop = lambda: None  # `web.server.serve` puts the server's stop here
    app.state.loaded = lambda: None  # and there, what it does once the model is loaded
    app.state.stopping = lambda: None  # the page, where there is one, ends its idle streams here
    engine.observer = watch = Metrics(settings, engine)
    _follow(app, watch)
    problems.install(app)
    docs.install(app)
    if settings.metrics:
        metrics.install(app, watch)
    _add_predict(app, engine, BodyReader(settings.max_body_bytes))
    health.install(app, engine, settings)
    return app


def _follow(app: FastAPI, watch: Metrics) -> None:
    """Put our middleware around all of Starlette's, so that a 500 has an id and headers too."""
    build = app.build_middleware_stack
    app.build_middleware_stack = (  # type: ignore[method-assign]
        lambda: Access(SecurityHeaders(build()), watch)
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    logger.info("Starting %s %s...", settings.app_name, settings.app_version)
    waiting = settings.concurrency + settings.max_queue
    to_thread.current_default_thread_limiter().total_tokens = waiting + SPARE_THREADS
    started = time.monotonic()
    if not app.state.engine.ready:  # a daemon, so that a signal need not wait for it
        threading.Thread(target=_load, args=(app, started), name="load", daemon=True).start()
    yield
    app.state.engine.close()
    logger.info("Stopped %s", settings.app_name)


def _load(app: FastAPI, started: float) -> None:
    try:
        app.state.engine.load()
    except (ModelNotFound, UnknownModel) as error:
        logger.critical("%s", error)
        app.state.stop()
    except Exception:
        logger.critical("The model could not be loaded", exc_info=True)
        app.state.stop()
    else:
        app.state.loaded()
        logger.info("Startup completed in %.1f s", time.monotonic() - started)


def _add_predict(app: FastAPI, engine: Engine, read_body: BodyReader) -> None:
    body_schema = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{ImageRequest.__name__}"},
                "example": request_example(),
            }
        },
    }

    parsing = threading.Semaphore(PARSING)

    @app.post(
        "/predict",
        tags=["Detection"],
        summary="Judge a picture",
        response_model=PredictionResponse,
        responses={
            200: {"content": {"application/json": {"example": response_example()}}},
            **error_responses(
                "empty_body",
                "malformed_json",
                "body_timeout",
                "body_too_large",
                "too_many_pixels",
                "too_large_to_decode",
                "unsupported_encoding",
                "invalid_request",
                "invalid_base64",
                "not_an_image",
                "unsupported_format",
                "corrupt_image",
                "busy",
                "not_ready",
            ),
        },
        openapi_extra={"requestBody": body_schema},
    )
    def predict(request: Request, body: bytearray = Depends(read_body)) -> Response:
        """Any JSON body is taken, whatever its Content-Type. Fields we do not know are ignored.

        A 503 carries `Retry-After`; sent again later, the same request will be answered.
        """
        with parsing:
            asked = _parse(body)
        body.clear()  # the picture is enough to wait with, and dozens of photos may wait
        response = engine.predict(asked, abandoned=lambda: from_thread.run(request.is_disconnected))
        return Response(response.model_dump_json(), media_type="application/json")

    app.post("/predict/", include_in_schema=False)(predict)  # the page's mount at / would take it

    @app.api_route(
        "/predict",
        methods=["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
        include_in_schema=False,
    )
    async def use_post() -> None:
        raise HTTPException(405, headers={"Allow": "POST"})


def _parse(body: bytearray) -> ImageRequest:
    try:
        if body.startswith(UTF8_BOM):
            del body[: len(UTF8_BOM)]
        return ImageRequest.model_validate_json(body)
    except ValidationError as error:
        raise Problem.from_validation(error) from error


if __name__ == "__main__":
    raise SystemExit(run(create_api))
