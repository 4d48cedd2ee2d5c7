"""`/metrics` for Prometheus: a registry for each app, so that several can live in one process."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client import generate_latest as render
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from engine import Engine, Observer, Stage, Step
from settings import Settings

PATHS = ("/predict", "/healthz", "/readyz", "/info", "/metrics", "/openapi.json", "/")
PAGE = "/gradio_api"  # the page's own requests, whose paths hold session ids
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER = "other"  # anybody can send any path: unbounded labels would fill the memory
BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
STEPS: tuple[Step, ...] = ("full", "reduced", "prior")
STAGES: tuple[Stage, ...] = ("decode", "queue", "model", "encode")


class Metrics(Observer):
    """Counts what an engine and a server do.

    Args:
        settings: names and versions shown in `editscope_info`.
        engine: whose queue is measured at each scrape.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, CPU, open files; Linux
        self._registry.register(_State(settings, engine))
        self._requests = Counter(
            "editscope_requests",
            "Requests answered, by path, method and status (499: the sender had gone).",
            ("path", "method", "status"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "editscope_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("path",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        stages = Histogram(
            "editscope_stage_seconds",
            "Time that /predict spends on decoding, waiting, the model, and encoding the mask.",
            ("stage",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        answers = Counter(
            "editscope_answers",
            "Pictures answered, by step; anything but full is a fallback.",
            ("step",),
            registry=self._registry,
        )
        self._restarts = Counter(
            "editscope_worker_restarts",
            "Worker processes replaced (ISOLATE=1), by reason.",
            ("reason",),
            registry=self._registry,
        )
        self._stages = {
            stage: stages.labels(stage) for stage in STAGES
        }  # made now: zero, not absent
        self._answers = {step: answers.labels(step) for step in STEPS}

    def stage(self, stage: Stage, seconds: float) -> None:
        self._stages[stage].observe(seconds)

    def answered(self, step: Step) -> None:
        self._answers[step].inc()

    def restarted(self, reason: str) -> None:
        self._restarts.labels(reason).inc()

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request has been answered; see `web.access.Requests`."""
        path = path.rstrip("/") or "/"
        if path.startswith(PAGE):
            path = PAGE
        elif path not in PATHS:
            path = OTHER
        method = method if method in METHODS else OTHER
        self._requests.labels(path, method, str(status)).inc()
        self._request_seconds.labels(path).observe(seconds)

    def render(self) -> bytes:
        """All of it in Prometheus' text format."""
        return render(self._registry)


class _State(Collector):
    """What is so at the moment of a scrape."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        engine, settings = self._engine, self._settings
        for name, text, value in (
            ("queue_depth", "Requests that wait for their turn.", engine.waiting),
            ("queue_limit", "Requests that may wait; one more is turned away.", settings.max_queue),
            ("judging", "Pictures being judged.", engine.judging),
            ("ready", "1 once pictures can be judged.", engine.ready),
        ):
            yield GaugeMetricFamily(f"editscope_{name}", text, value=float(value))
        info = GaugeMetricFamily(
            "editscope_info",
            "Always 1; what is being served.",
            labels=("version", "model", "model_version"),
        )
        model_version = str(getattr(engine.service, "version", ""))
        info.add_metric([settings.app_version, settings.model_name, model_version], 1.0)
        yield info


def install(app: FastAPI, metrics: Metrics) -> None:
    """Add `GET /metrics`."""

    @app.api_route("/metrics", methods=["GET", "HEAD"], include_in_schema=False)
    async def show(_: Request) -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)
