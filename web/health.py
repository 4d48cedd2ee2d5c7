"""Is it alive, is it ready, and what is it: routes for whoever operates the service."""

from __future__ import annotations

from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

from detector.contract import Labels
from engine import Engine, NotReady
from settings import Settings
from web.examples import error_responses


class Health(BaseModel):
    status: Literal["alive", "ready"]


class Limits(BaseModel):
    max_body_bytes: int = Field(description="Longest request body.")
    max_pixels: int = Field(description="Most pixels in a picture.")
    max_concurrency: int = Field(
        description="Pictures judged at a time; small ones may go in pairs."
    )
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


def install(app: FastAPI, engine: Engine, settings: Settings) -> None:
    """Add `/healthz`, `/readyz` and `/info`."""

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
                max_concurrency=settings.concurrency,
                max_queue=settings.max_queue,
                time_budget_s=settings.time_budget_s,
            ),
        )
