from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api import create_api
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector, half_bright, request_for
from web.metrics import Metrics


def client_for(**changes: object) -> TestClient:
    engine = Engine(BrightDetector())
    engine.load()
    settings = Settings(_env_file=None, app_version="1.2.3", **changes)  # type: ignore[arg-type]
    return TestClient(create_api(settings, engine))


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_for() as client:
        yield client


def scrape(client: TestClient) -> dict[str, float]:
    """Every sample as `name{label=value,...}`."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    samples = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f"{name}={text}" for name, text in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}"] = sample.value
    return samples


def test_a_fresh_server_shows_zeros_not_gaps(client: TestClient) -> None:
    samples = scrape(client)
    for name in (
        "editscope_queue_depth{}",
        "editscope_judging{}",
        "editscope_answers_total{step=prior}",
        "editscope_answers_total{step=reduced}",
        "editscope_stage_seconds_count{stage=model}",
    ):
        assert samples[name] == 0
    assert samples["editscope_ready{}"] == 1
    assert samples["editscope_queue_limit{}"] == 64
    info = "editscope_info{model=editscope/base,model_version=bright-1,version=1.2.3}"
    assert samples[info] == 1


def test_requests_and_stages_are_counted(client: TestClient) -> None:
    content = request_for(half_bright()).model_dump_json()
    for _ in range(3):
        assert client.post("/predict", content=content).status_code == 200
    client.post("/predict/", content="{")
    samples = scrape(client)
    assert samples["editscope_requests_total{method=POST,path=/predict,status=200}"] == 3
    assert samples["editscope_requests_total{method=POST,path=/predict,status=400}"] == 1
    assert samples["editscope_request_seconds_count{path=/predict}"] == 4
    assert samples["editscope_answers_total{step=full}"] == 3
    for stage in ("decode", "queue", "model", "encode"):
        assert samples[f"editscope_stage_seconds_count{{stage={stage}}}"] == 3
        assert samples[f"editscope_stage_seconds_sum{{stage={stage}}}"] < 60


def test_strangers_cannot_make_labels(client: TestClient) -> None:
    for number in range(5):
        client.get(f"/made/up/{number}")
        client.request(f"MADE{number}", "/gradio_api/queue/join")
    made = [name for name in scrape(client) if re.search("made", name, re.IGNORECASE)]
    assert made == []
    assert scrape(client)["editscope_requests_total{method=GET,path=other,status=404}"] == 5


def test_a_restarted_worker_is_counted() -> None:
    engine = Engine(BrightDetector())
    metrics = Metrics(Settings(_env_file=None), engine)
    metrics.restarted("crash")
    assert b'editscope_worker_restarts_total{reason="crash"} 1.0' in metrics.render()


def test_two_apps_count_apart(client: TestClient) -> None:
    with client_for() as other:
        other.get("/healthz")
        name = "editscope_requests_total{method=GET,path=/healthz,status=200}"
        assert scrape(other)[name] == 1
        assert name not in scrape(client)


def test_it_can_be_switched_off() -> None:
    with client_for(metrics=False) as client:
        assert client.get("/metrics").status_code == 404
