"""The page's endpoint for `gradio_client`, and what it refuses, against a real server."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import gradio_client
import numpy as np
import pytest
from PIL import Image

from detector.contract import Labels
from tests.demo.conftest import start


@pytest.fixture(scope="module")
def client(server, tmp_path_factory) -> gradio_client.Client:
    return gradio_client.Client(
        server.url, verbose=False, download_files=tmp_path_factory.mktemp("downloads")
    )


@pytest.fixture
def photo(tmp_path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_what_is_public_was_meant_to_be(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert "/analyse" in named
    private = {"/show", "/analyse_1", "/lambda", "/fn"}
    assert not private & set(named)
    assert not client.view_api(return_format="dict")["unnamed_endpoints"]


def test_analyse_answers_in_words_mask_and_response(client, photo):
    verdict, mask, response = client.predict(gradio_client.handle_file(photo), api_name="/analyse")
    assert verdict["label"] == Labels.LocallyEdited.name
    assert verdict["verdict"] == "Very likely edited in part 85 %"
    assert sum(verdict["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
    assert (verdict["width"], verdict["height"]) == (80, 40)
    with Image.open(mask) as image:
        assert (image.mode, image.size) == ("1", (80, 40))
    assert np.exp(json.loads(Path(response).read_text())["logprobs"]).sum() == pytest.approx(1.0)


def test_a_broken_file_is_an_error_with_one_sentence(client, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(gradio_client.exceptions.AppError, match=r"^This file is not a picture\.$"):
        client.predict(gradio_client.handle_file(tmp_path / "broken.png"), api_name="/analyse")


def test_nothing_but_an_uploaded_file_is_examined(server):
    secret = server.log.parent / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    examined = server.examinations
    upward = server.temporary / ".." / secret.name
    meta = {"meta": {"_type": "gradio.FileData"}}
    for payload in [
        {"path": str(secret), **meta},
        {"path": str(secret)},
        {"path": str(upward), **meta},
        {"path": f"{server.url}/examples/cat.jpg", **meta},
        {"path": str(secret), "url": f"{server.url}/examples/cat.jpg", **meta},
        str(secret),
    ]:
        body = json.dumps({"data": [payload]}).encode()
        request = urllib.request.Request(
            f"{server.url}/gradio_api/call/analyse",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            event = json.load(answer)["event_id"]
        url = f"{server.url}/gradio_api/call/analyse/{event}"
        with urllib.request.urlopen(url, timeout=10) as stream:
            assert b"event: error" in stream.read(), payload
    assert server.examinations == examined
    assert not list(server.temporary.rglob("secret.png"))


def test_files_stay_in_the_temporary_folder_and_are_deleted_at_the_end(tmp_path, photo):
    server = start(tmp_path)
    client = gradio_client.Client(server.url, verbose=False, download_files=tmp_path / "got")
    client.predict(gradio_client.handle_file(photo), api_name="/analyse")
    kept = {path for path in tmp_path.rglob("*") if path.is_file()}
    expected = {server.log, photo}
    outside = {p for p in kept if server.temporary not in p.parents} - expected
    assert all(tmp_path / "got" in path.parents for path in outside)
    assert {path.name for path in server.temporary.rglob("*.*")} >= {
        "photo.png",
        "photo-mask.png",
        "photo-response.json",
    }
    assert server.stop()
    assert [path for path in server.temporary.rglob("*") if path.is_file()] == []
