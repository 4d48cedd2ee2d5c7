from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import create_api
from detector import BinaryMask, PredictionResponse, decode
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector
from web.docs import ASSETS
from web.problems import KINDS

OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    engine = Engine(BrightDetector())
    engine.load()
    with TestClient(create_api(Settings(_env_file=None), engine)) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_page_names_no_other_host_and_its_assets_are_here(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert not OUTSIDE.search(response.text)
    assets = re.findall(r'(?:src|href)="(/[^"]+)"', response.text)
    assert assets
    for asset in assets:
        assert client.get(asset).status_code == 200


@pytest.mark.parametrize(("name", "media_type"), ASSETS.items())
def test_an_asset_is_the_real_thing(client: TestClient, name: str, media_type: str) -> None:
    response = client.get(f"/docs/{name}")
    assert response.headers["content-type"].startswith(media_type)
    assert len(response.content) > 100_000
    assert b"cdn.redoc.ly" not in response.content


def test_the_documents_references_lead_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document)))
    assert {"ImageRequest", "ImageData", "PredictionResponse", "ErrorBody"} <= references
    assert references <= set(document["components"]["schemas"])
    assert "$defs" not in str(document)


def test_the_example_request_gets_an_answer(client: TestClient, document: dict[str, Any]) -> None:
    operation = document["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    response = client.post("/predict", json=example)
    assert response.status_code == 200
    assert decode_size(example) == (48, 64)


def decode_size(example: dict[str, Any]) -> tuple[int, int]:
    from detector import ImageRequest

    height, width, _ = decode(ImageRequest.model_validate(example).image.to_bytes()).shape
    return height, width


def test_the_example_answer_is_a_valid_one(document: dict[str, Any]) -> None:
    responses = document["paths"]["/predict"]["post"]["responses"]
    example = PredictionResponse.model_validate(
        responses["200"]["content"]["application/json"]["example"]
    )
    assert isinstance(example.localizationMask, BinaryMask)
    assert example.localizationMask.to_numpy().shape == (48, 64)


def test_every_error_has_an_example_under_its_status(document: dict[str, Any]) -> None:
    documented = set()
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                examples = response["content"]["application/json"].get("examples", {})
                for code, example in examples.items():
                    assert KINDS[code].status == int(status)
                    assert example["value"]["error"]["code"] == code
                    documented.add(code)
    # Never meant to happen, or to do with no documented path.
    assert set(KINDS) - documented == {"internal_error", "not_found", "method_not_allowed"}
