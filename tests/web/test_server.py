"""The process as an operator sees it: exit status, log, signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[2]
WAIT_S = 300.0  # only reached if something hangs; importing torch takes seconds on a busy machine


@contextmanager
def server(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, *(arguments or ["api.py"])],
        cwd=ROOT,
        env={**inherited, "HOST": "127.0.0.1", "PORT": "0", **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def log_until(process: subprocess.Popen[str], pattern: str) -> tuple[re.Match[str], str]:
    """Read the log up to a line that matches; return the match and the log so far."""
    assert process.stderr is not None
    log = ""
    for line in process.stderr:
        log += line
        if match := re.search(pattern, line):
            return match, log
    raise AssertionError(f"no {pattern!r} in:\n{log}")


def test_it_starts_serves_and_stops() -> None:
    with server(MODEL_NAME="tests.fakes:TemplateService") as process:
        match, log = log_until(process, r"running on (http://127\.0\.0\.1:\d+)")
        if "Startup completed" not in log:
            log += log_until(process, "Startup completed in .* s")[1]
        for line in (
            "INFO: Starting EditScope 0.1.0...",
            "INFO: Initializing the detector with",
            "INFO: Loading TemplateService",
            "INFO: Model loaded: TemplateService",
            "INFO: Model warmed up",
        ):
            assert line in log
        assert httpx2.get(f"{match[1]}/readyz").json() == {"status": "ready"}
        response = httpx2.post(f"{match[1]}/predict", content=b"x" * 200_000_000)
        assert response.status_code == 413
        assert "server" not in response.headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == -signal.SIGTERM
        assert process.stderr is not None
        rest = process.stderr.read()
        assert "INFO: Stopped EditScope" in rest
        assert "Traceback" not in rest


def test_control_c_leaves_no_traceback() -> None:
    with server(MODEL_NAME="tests.fakes:TemplateService") as process:
        log_until(process, "Startup completed")
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("model_name", "reason"),
    [
        ("editscope/base", "not found: {models}/editscope/base. `git checkout -- models/"),
        ("no/model", "not found: {models}/no/model. Run `make download MODEL=no/model`."),
        ("typo", "MODEL_NAME=typo is not known"),
        ("no_such_module:Class", "No module named 'no_such_module'"),
        ("detector:Labels", "could not be loaded"),
    ],
)
def test_it_exits_with_1_if_the_model_cannot_be_loaded(
    model_name: str, reason: str, tmp_path: Path
) -> None:
    with server(MODEL_NAME=model_name, MODELS_DIR=str(tmp_path)) as process:
        _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1
    assert reason.format(models=tmp_path) in errors
    assert errors.count("CRITICAL") == 1


def test_it_exits_with_2_if_a_setting_is_wrong() -> None:
    with server(PORT="http", LOG_LEVEL="loud") as process:
        _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert len(errors.splitlines()) == 2
    assert errors.startswith("Setting PORT='http': Input should be a valid integer")


def test_it_exits_with_3_if_the_port_is_taken() -> None:
    with server(MODEL_NAME="tests.fakes:TemplateService") as first:
        port = log_until(first, r"running on http://127\.0\.0\.1:(\d+)")[0][1]
        with server(MODEL_NAME="tests.fakes:TemplateService", PORT=port) as second:
            _, errors = second.communicate(timeout=WAIT_S)
        assert second.returncode == 3
        assert "address already in use" in errors


def test_what_is_loaded_is_not_walked_through_again_and_again() -> None:
    program = """
import gc, uvicorn
from api import create_api
from settings import Settings
from web.server import serve
uvicorn.Server.run = lambda self: None
settings = Settings(_env_file=None)
app = create_api(settings)
serve(app, settings)
assert gc.get_freeze_count() == 0
app.state.loaded()
assert gc.get_freeze_count() > 50_000
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
