"""What can be said of the image without building it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from importlinter.api import read_configuration

ROOT = Path(__file__).parents[1]
FILES = ["Dockerfile", "Dockerfile.gpu"]
WEIGHTS = "RUN --mount=type=secret,id=HF_TOKEN,mode=0444,required=false ./download-model.sh"


def instructions(name: str) -> list[str]:
    """The file's instructions, each on one line, without comments."""
    lines = (ROOT / name).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for line in joined.splitlines() if line.strip()]


@pytest.fixture(params=FILES)
def image(request: pytest.FixtureRequest) -> list[str]:
    return instructions(request.param)


def test_torch_is_the_pinned_one(image: list[str]) -> None:
    (pin,) = re.findall(r"^torch==\S+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert f"ARG TORCH={pin}" in image


def test_the_secret_is_there_for_one_step(image: list[str]) -> None:
    assert [line for line in image if "HF_TOKEN" in line or "secret" in line] == [WEIGHTS]


def test_the_build_is_no_heredoc(image: list[str]) -> None:
    assert not [line for line in image if "<<" in line]


def test_what_changes_often_comes_late(image: list[str]) -> None:
    order = [
        next(i for i, line in enumerate(image) if re.search(pattern, line))
        for pattern in (r'"\$TORCH"', r"install .*-r ", r"COPY .* models/", r"COPY .* detector/")
    ]
    assert order == sorted(order)
    assert order[2] < image.index(WEIGHTS) < order[3]


def test_every_package_of_ours_is_copied(image: list[str]) -> None:
    names = read_configuration(str(ROOT / "pyproject.toml"))["session_options"]["root_packages"]
    copied = {
        word.rstrip("/") for line in image if line.startswith("COPY") for word in line.split()
    }
    packages = {name for name in names if (ROOT / name).is_dir()} - {"submission"}
    assert {*packages, "models", "scripts", "*.py", "DYFF_TEAM"} <= copied


def test_files_belong_to_the_user_whom_the_container_runs_as(image: list[str]) -> None:
    assert any("--uid 1000 user" in line for line in image)
    assert [line for line in image if line.startswith("USER")] == ["USER user"]
    late = image[image.index("USER user") :]
    copies = [line for line in late if line.startswith(("COPY", "ADD"))]
    assert copies
    assert all(line.startswith("COPY --chown=user --chmod=755 ") for line in copies)


def test_the_gpus_image_differs_in_its_libraries_alone() -> None:
    cpu, gpu = (instructions(name) for name in FILES)
    assert cpu[cpu.index("WORKDIR /app") :] == gpu[gpu.index("WORKDIR /app") :]


def test_secrets_stay_out_of_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".env", ".env.*", "HF_TOKEN*", "*.token"} <= set(ignored)


class Readyz(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest shows enough."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Readyz)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_healthy_is_ready(
    image: list[str],
    server: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    healthy: bool,
) -> None:
    monkeypatch.setattr(Readyz, "status", status)
    (line,) = [line for line in image if line.startswith("HEALTHCHECK")]
    program, *arguments = json.loads(line[line.index("[") :])
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments],
        env={"PORT": str(server.server_port)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) is healthy
