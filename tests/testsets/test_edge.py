"""Every edge case against the real API: status, code and mask are what the data sets say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api import create_api
from detector.contract import PredictionResponse
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector
from testsets.dataset import DataSet
from testsets.edge import data_sets
from testsets.schema import Sample


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    engine = Engine(BrightDetector())
    engine.load()
    with TestClient(create_api(Settings(_env_file=None), engine)) as client:
        yield client


@pytest.mark.parametrize("data_set", data_sets(), ids=lambda data_set: data_set.name)
def test_the_api_answers_as_expected(client: TestClient, data_set: DataSet) -> None:
    wrong = [
        f"{sample.case}: {answer}"
        for sample in data_set.samples(0)
        if (answer := ask(client, sample)) != expected(sample)
    ]
    assert not wrong


def ask(client: TestClient, sample: Sample) -> tuple[object, ...]:
    response = client.post(
        "/predict", content=sample.request, headers={"content-type": sample.content_type}
    )
    if response.status_code != 200:
        return response.status_code, response.json()["error"]["code"]
    mask = PredictionResponse.model_validate_json(response.content).localizationMask
    assert mask is not None
    return 200, *mask.to_numpy().shape


def expected(sample: Sample) -> tuple[object, ...]:
    if sample.expected_status != 200:
        return sample.expected_status, sample.error_code
    return 200, sample.height, sample.width


@pytest.mark.parametrize("data_set", data_sets(), ids=lambda data_set: data_set.name)
def test_what_is_accepted_is_never_a_failure(data_set: DataSet) -> None:
    samples = list(data_set.samples(0))
    assert len({sample.case for sample in samples}) == len(samples)
    for sample in samples:
        assert sample.expected_status in sample.accepted_statuses
        assert all(200 <= status < 500 for status in sample.accepted_statuses)
        judged = 200 in sample.accepted_statuses  # then its mask can be checked
        assert judged == (sample.width is not None) == (sample.height is not None)
        assert sample.image is not None or not judged
