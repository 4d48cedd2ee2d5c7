"""The calls on offer, run as they are against a real server."""

from __future__ import annotations

import json
import math
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo import snippets
from demo.snippets import EXAMPLE, Target, base_url, plain
from detector.contract import ImageRequest, Labels

NAME = 'it\'s a \u00e9t\u00e9 "photo" $HOME \U0001f680.png'


@pytest.fixture
def folder(tmp_path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / NAME)  # more bytes than a command line takes
    assert (tmp_path / NAME).stat().st_size > 200_000
    return tmp_path


@pytest.fixture
def target(server) -> Target:
    return Target(server.url, NAME, "image/png")


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env={**os.environ, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl(target, folder):
    answer = json.loads(run(["sh", "-c", snippets.curl(target)], folder))
    assert np.argmax(answer["logprobs"]) == Labels.LocallyEdited
    assert answer["localizationMask"]["mediaType"] == "image/png"


def test_curl_with_a_saved_request(target, folder):
    (folder / "a request.json").write_text(
        run(["sh", "-c", snippets.curl(target).split("|\n")[0].rstrip("| \n")], folder)
    )
    answer = json.loads(run(["sh", "-c", snippets.curl_request(target, "a request.json")], folder))
    assert len(answer["logprobs"]) == len(Labels)


@pytest.mark.parametrize(
    "name",
    ["photo.jpg", "it's; touch hacked.jpg", "$(touch hacked).jpg", "-rf.jpg", "a b\\c\u202e.png"],
)
def test_no_name_becomes_a_command(name, tmp_path):
    (tmp_path / plain(name)).write_bytes(b"\x00\xff" * 40_000)
    body, _, call = snippets.curl(Target("https://a.test", name)).partition(" |\n")
    done = subprocess.run(["sh", "-c", body], cwd=tmp_path, capture_output=True, check=True)
    request = ImageRequest.model_validate_json(done.stdout)
    assert request.image.to_bytes() == b"\x00\xff" * 40_000
    assert request.image.mediaType == "image/jpeg"
    assert shlex.split(call)[:4] == ["curl", "-sS", "--fail-with-body", "https://a.test/predict"]
    assert [path.name for path in tmp_path.iterdir()] == [plain(name)]


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
def test_javascript(target, folder):
    (folder / "judge.mjs").write_text(snippets.javascript(target), "utf-8")
    check_lines(run(["node", "judge.mjs"], folder), folder)


def test_python(target, folder):
    (folder / "judge.py").write_text(snippets.python(target), "utf-8")
    check_lines(run([sys.executable, "judge.py"], folder), folder)


def test_gradio_client(target, folder):
    (folder / "judge.py").write_text(snippets.gradio(target), "utf-8")
    output = run([sys.executable, "judge.py"], folder)
    assert "Very likely edited in part 85 % Marked: about 7 %" in output
    mask = output.rsplit("mask: ", 1)[1].strip()
    with Image.open(mask) as image:
        assert image.size == (400, 300)


def check_lines(output: str, folder: Path) -> None:
    probabilities = {line.split()[0]: float(line.split()[1]) for line in output.splitlines()}
    assert list(probabilities) == [label.name for label in Labels]
    assert math.isclose(probabilities["LocallyEdited"], 0.85, abs_tol=0.001)
    with Image.open(folder / "mask.png") as mask:
        assert (mask.mode, mask.size) == ("1", (400, 300))


@pytest.mark.parametrize(
    ("headers", "root", "address"),
    [
        ({}, "", "http://here:8000"),
        ({"x-forwarded-proto": "https"}, "", "https://here:8000"),
        (
            {"x-forwarded-proto": "https,http", "x-forwarded-host": "a.hf.space, inner:80"},
            "",
            "https://a.hf.space",
        ),
        ({"x-forwarded-host": "example.org:8443"}, "/tools/", "http://example.org:8443/tools"),
        ({"x-forwarded-host": "[::1]:80"}, "/", "http://[::1]:80"),
        ({"x-forwarded-host": "x'; rm -rf ~ #"}, "", "http://here:8000"),
        ({"x-forwarded-proto": "javascript"}, "/a b';", "http://here:8000"),
    ],
)
def test_the_address_is_the_visitors(headers, root, address):
    assert base_url(headers, "http", "here:8000", root) == address


def test_a_host_that_is_none_is_not_repeated():
    assert base_url({}, "http", "`x`") == "http://localhost"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.jpg", "a.jpg"),
        ("../../a b.jpg", "a b.jpg"),
        ("C:\\x\\a.jpg", "a.jpg"),
        ("a\n\u202egpj.exe", "a__gpj.exe"),
        ("", EXAMPLE),
        ("folder/", EXAMPLE),
    ],
)
def test_names_show_what_they_are(name, shown):
    assert plain(name) == shown


def test_agents_are_given_the_address():
    servers = json.loads(snippets.agents(Target("https://a.hf.space")))["mcpServers"]
    assert servers == {"editscope": {"url": "https://a.hf.space/gradio_api/mcp/"}}
