"""The README's code is run, its tables are compared with the code, its paths must exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from fastapi.testclient import TestClient

from api import create_api
from detector import BinaryMask, Labels, PredictionResponse
from detector.registry import available_models
from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector, request_for, wait_until
from web.problems import KINDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^( *)<!-- test: (.+?) -->\n\1```\w+\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
BLOCKS = {name: textwrap.dedent(text) for _, name, text in BLOCK.findall(README)}


def table(header: str) -> list[str]:
    """The rows below a table's header and rule."""
    after = README.split(f"| {header} |\n", 1)[1].splitlines()[1:]
    return [line for line in after[: after.index("")] if line.startswith("|")]


def code(text: str) -> str:
    return f"`{text}`"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path with the README's Python files."""
    for name, text in BLOCKS.items():
        if name.endswith(".py"):
            (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("noise_detector", "template_service"):
        sys.modules.pop(name, None)


def client_for(model_name: str) -> TestClient:
    return TestClient(create_api(Settings(_env_file=None, model_name=model_name)))


def wait_until_ready(client: TestClient) -> None:
    engine = client.app.state.engine  # type: ignore[attr-defined]
    wait_until(lambda: engine.ready or engine.failure)
    assert engine.failure is None


def test_the_settings_are_listed_with_their_defaults() -> None:
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        value = str(default).lower() if isinstance(default, bool) else default
        rows.append(f"| {code(name.upper())} | {code(value)} | {field.description} |")
    assert table("Variable | Default | Meaning") == rows


def test_the_error_codes_are_listed() -> None:
    rows = [f"| {kind.status} | {code(name)} | {kind.example} |" for name, kind in KINDS.items()]
    assert table("Status | Code | For example") == rows


def test_the_labels_are_listed() -> None:
    rows = table("Index | Label | Meaning")
    assert len(rows) == len(Labels)
    for label, row in zip(Labels, rows, strict=True):
        assert row.startswith(f"| {label.value} | {code(label.name)} |")


def test_the_paths_of_the_api_exist() -> None:
    engine = Engine(BrightDetector())
    engine.load()
    with TestClient(create_api(Settings(_env_file=None), engine)) as client:
        for row in table("Path | Answers"):
            for path in re.findall(r"`(?:GET )?(/\w[\w./]*)`", row):
                assert client.get(path).status_code == 200


def test_the_request_is_answered_by_a_real_server(tmp_path: Path) -> None:
    engine = Engine(BrightDetector())
    engine.load()
    app = create_api(Settings(_env_file=None), engine)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    host = f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    (tmp_path / "request.sh").write_text(BLOCKS["request"].replace("localhost:8000", host))
    run = subprocess.run(
        ["bash", "request.sh"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    cat = tmp_path / "cat.json"
    cat.write_text(request_for(np.full((3, 2, 3), 200, np.uint8)).model_dump_json(indent=2))
    prompt = subprocess.run(
        [ROOT / "prompt.sh", cat],
        env={"URL": f"http://{host}", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    server.should_exit = True
    thread.join()
    answer = PredictionResponse.model_validate_json(run.stdout)
    assert answer.localizationMask is not None
    assert answer.localizationMask.to_numpy().sum() == 9
    assert PredictionResponse.model_validate_json(prompt.stdout).localizationMask is not None


def test_the_response_is_valid() -> None:
    body = json.loads(BLOCKS["response"])
    response = PredictionResponse.model_validate(body)
    assert response.localizationMask is not None
    assert response.localizationMask.to_numpy().shape == (6, 8)
    assert response.model_dump() == body


def test_the_plug_in_works(project: Path) -> None:
    assert len(BLOCKS["noise_detector.py"].splitlines()) <= 32
    rng = np.random.default_rng(0)
    picture = rng.normal(128, 20, (160, 240, 3)).clip(0, 255).astype(np.uint8)
    picture[48:112, 80:160] = 128
    model_name = re.search(r"MODEL_NAME=(\S+)", BLOCKS["serve"])
    assert model_name is not None
    with client_for(model_name[1]) as client:
        wait_until_ready(client)
        response = client.post("/predict", json=request_for(picture).model_dump())
    answer = PredictionResponse.model_validate(response.json())
    assert np.argmax(answer.logprobs) == Labels.LocallyEdited
    assert isinstance(answer.localizationMask, BinaryMask)
    mask = answer.localizationMask.to_numpy()
    assert mask[48:112, 80:160].mean() > 0.9
    assert mask.mean() < 0.3


def test_the_plug_in_can_be_installed(project: Path) -> None:
    entry = re.search(r'\[project\.entry-points\."(.+)"\]\n"(.+)" = "(.+)"', BLOCKS["entry points"])
    assert entry is not None
    group, name, value = entry.groups()
    installed = project / "acme_noise-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-noise\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    assert name in available_models()
    with client_for(name) as client:
        wait_until_ready(client)
        assert client.get("/info").json()["model_version"] == "1"


@pytest.mark.usefixtures("project")
def test_the_templates_service_works() -> None:
    with client_for("template_service:TemplateService") as client:
        wait_until_ready(client)
        picture = np.zeros((4, 5, 3), np.uint8)
        body = client.post("/predict", json=request_for(picture).model_dump()).json()
    assert np.argmax(body["logprobs"]) == Labels.Natural
    assert body["localizationMask"] is None


def test_the_paths_of_the_project_exist() -> None:
    tree = README.split("## Project structure", 1)[1].split("```")[1]
    folder = Path()
    for line in tree.splitlines()[1:]:
        path = Path(line.split()[0])
        if not line.startswith(" "):
            folder = path
        else:
            path = folder / path
        assert (ROOT / path).exists(), path


def test_links_within_the_repository_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)\b(?![-/])", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_spaces_front_matter_is_within_the_hubs_limits() -> None:
    front = README.split("---\n")[1]
    values = dict(re.findall(r"^(\w+): *(.+)$", front, re.MULTILINE))
    assert values["sdk"] == "docker"
    assert values["app_port"] == str(Settings.model_fields["port"].default)
    assert len(values["short_description"]) <= 60
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {values["colorFrom"], values["colorTo"]} <= colours
