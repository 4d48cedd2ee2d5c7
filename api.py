"""The HTTP API: `POST /predict` of the challenge, health, readiness and documentation.

`python api.py` serves it alone; `app.py` adds the browser page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from anyio import from_thread, to_thread
from fastapi import Depends, FastAPI, Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from detector.contract import ImageRequest, Labels, PredictionResponse
from detector.registry import ModelNotFound, UnknownModel, create_service
from engine import Engine, NotReady
from settings import Settings
from web import docs, problems
from web.body import BodyReader
from web.examples import error_responses, label_table, request_example, response_example
from web.problems import Problem
from web.server import run

logger = logging.getLogger(__name__)

SPARE_THREADS = 16  # beside those that wait for their turn: to turn others away, to serve the docs
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


class Health(BaseModel):
    status: Literal["alive", "ready"]


class Limits(BaseModel):
    max_body_bytes: int = Field(description="Longest request body.")
    max_pixels: int = Field(description="Most pixels in a picture.")
    max_concurrency: int = Field(description="Pictures judged at a time.")
    max_queue: int = Field(description="Requests that may wait for their turn.")
    time_budget_s: float = Field(description="Seconds within which a request is answered.")


class Info(BaseModel):
    name: str
    version: str
    model: str = Field(description="The setting `MODEL_NAME`.")
    model_version: str | None = Field(description="As the model tells it; null until it is ready.")
    ready: bool
    labels: list[str] = Field(description="In the order of `logprobs`.")
    device: str = Field(description="The setting `DEVICE`, or what it came to once it is ready.")
    threads: int = Field(description="CPU threads for one picture.")
    limits: Limits


def create_engine(settings: Settings) -> Engine:
    """The engine that the settings describe, not loaded yet."""
    return Engine(
        lambda: create_service(settings.model_name, settings.models_dir, settings.device),
        concurrency=concurrency(settings),
        queue=settings.max_queue,
        budget_s=settings.time_budget_s,
        synthesized_mask=settings.synthesized_mask,
        max_pixels=settings.max_pixels,
        num_threads=settings.num_threads,
    )


def concurrency(settings: Settings) -> int:
    """Pictures judged at a time: by default one, since it uses all threads or the whole GPU."""
    return settings.max_concurrency or 1


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
    problems.install(app)
    docs.install(app)
    _add_predict(app, engine, BodyReader(settings.max_body_bytes))
    _add_health(app, engine, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    logger.info("Starting %s %s...", settings.app_name, settings.app_version)
    waiting = concurrency(settings) + settings.max_queue
    to_thread.current_default_thread_limiter().total_tokens = waiting + SPARE_THREADS
    started = time.monotonic()
    if not app.state.engine.ready:  # a daemon, so that a signal need not wait for it
        threading.Thread(target=_load, args=(app, started), name="load", daemon=True).start()
    yield
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
        response = engine.predict(
            _parse(body), abandoned=lambda: from_thread.run(request.is_disconnected)
        )
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
        return ImageRequest.model_validate_json(body.removeprefix(UTF8_BOM))
    except ValidationError as error:
        raise Problem.from_validation(error) from error


def _add_health(app: FastAPI, engine: Engine, settings: Settings) -> None:
    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", tags=["Operation"], summary="Is the process alive?")
    async def healthz() -> Health:
        """Answers at once, also while the model is loading or busy."""
        return Health(status="alive")

    @app.head("/readyz", include_in_schema=False)
    @app.get(
        "/readyz",
        tags=["Operation"],
        summary="Can pictures be judged?",
        responses=error_responses("not_ready", "load_failed"),
    )
    async def readyz() -> Health:
        """503 until the model is loaded and has judged its first picture, then 200."""
        if not engine.ready:
            raise NotReady
        return Health(status="ready")

    @app.get("/info", tags=["Operation"], summary="Model, version, labels and limits")
    async def info() -> Info:
        return Info(
            name=settings.app_name,
            version=settings.app_version,
            model=settings.model_name,
            model_version=getattr(engine.service, "version", None),
            ready=engine.ready,
            labels=[label.name for label in Labels],
            device=getattr(engine.service, "device", settings.device),
            threads=engine.threads,
            limits=Limits(
                max_body_bytes=settings.max_body_bytes,
                max_pixels=settings.max_pixels,
                max_concurrency=concurrency(settings),
                max_queue=settings.max_queue,
                time_budget_s=settings.time_budget_s,
            ),
        )


if __name__ == "__main__":
    raise SystemExit(run(create_api))
