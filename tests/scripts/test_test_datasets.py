"""The runner as a program, against services on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scoring.cli import main
from tests.scoring.peers import (
    Answer,
    always,
    body,
    free_address,
    good,
    malformed,
    mask_png,
    sample,
    serving,
    store,
)

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "test_datasets.py"


@pytest.fixture
def datasets(tmp_path: Path) -> str:
    samples = [sample(i) for i in range(7)] + [malformed(), sample(9, "performance_test_01")]
    return str(store(tmp_path / "sets", samples))


def test_a_good_service(datasets: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "run.parquet"
    report = tmp_path / "run.html"
    with serving(good) as url:
        arguments = ["--url", url, "--datasets", datasets]
        assert main([*arguments, "--results", str(kept), "--report", str(report)]) == 0
        text = capsys.readouterr().out
        assert main([*arguments, "--diff", str(kept), "--compare", url]) == 0
        compared = capsys.readouterr().out
        assert main([*arguments, "--quick", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert main([*arguments, "--exact"]) == 1  # FastAPI's 422 for our 400
    assert "Datasets tested: 3\nSuccessful datasets: 3\nFailed datasets: 0\n" in text
    assert "Total samples: 9\nOverall success rate: 100.0%" in text
    assert "Mask F1: 1.000" in text
    assert "edge_case: 1 dataset, 100.0% avg success" in text
    assert report.read_text().startswith("<!doctype html>")
    assert compared.count("Unchanged: 9") == 2
    assert document["samples"]["total"] == 7  # 5, 1, 1
    assert document["accuracy"]["figures"]["pixel_iou"]["value"] == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ((200, body(file=mask_png(6, (8, 12)))), "the mask is 8x12, the picture 12x8"),
        ((200, body([float("nan"), 0, 0, 0])), "logprobs[0] is not finite: nan"),
        ((200, body([-1.0] * 4)), "the probabilities sum to 1.472 instead of 1"),
        ((500, b"Internal Server Error"), "status 500 instead of 200"),
    ],
)
def test_a_broken_service(
    datasets: str, content: Answer, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(always(*content)) as url:
        assert main(["--url", url, "--datasets", datasets, "--category", "standard"]) == 1
    assert f"7 x {fault}: standard_test_01/" in capsys.readouterr().out


def test_a_service_that_takes_too_long(datasets: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def never(_: bytes) -> Answer:
        await asyncio.sleep(3600)
        return 200, b""

    with serving(never) as url:
        arguments = ["--url", url, "--datasets", datasets, "--dataset", "edge_case_01"]
        assert main([*arguments, "--timeout", "0.2"]) == 1
    assert "1 x no answer within 0.2 s" in capsys.readouterr().out


def test_what_changed_between_two_services(
    datasets: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(good) as url, serving(always(200, body(file=mask_png(3)))) as other:
        assert main(["--url", url, "--compare", other, "--datasets", datasets]) == 1
    text = capsys.readouterr().out
    assert "edge_case_01/0000 (picture 0): status 422 -> 200, now failed" in text
    assert "standard_test_01/0000 (picture 0): |Δlogprob| 0, mask IoU 0.500" in text
    assert "Unchanged: 0" in text


def test_no_service_is_one_line(datasets: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", free_address(), "--datasets", datasets]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if "0/9" not in line]  # the progress bar's
    assert len([line for line in lines if line.strip()]) == 1
    assert "No service answers at http://127.0.0.1:" in said.err


def test_no_data_sets_is_one_line_that_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--datasets", str(tmp_path)]) == 2
    assert "make them with `python scripts/generate_test_datasets.py`" in capsys.readouterr().err


def test_an_address_that_is_none(datasets: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "ftp://host", "--datasets", datasets]) == 2
    assert "is not an address" in capsys.readouterr().err


def test_ctrl_c_tells_what_was_reached(datasets: str, tmp_path: Path) -> None:
    # a shell's background job ignores SIGINT, and its children would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stuck = threading.Event()
    answered = 0

    async def slow(request: bytes) -> Answer:
        nonlocal answered
        if answered == 3:
            stuck.set()
            await asyncio.sleep(3600)
        answered += 1
        return await good(request)

    report = tmp_path / "report.html"
    with serving(slow) as url:
        command = [sys.executable, str(SCRIPT), "--url", url, "--datasets", datasets]
        run = subprocess.Popen(
            [*command, "--concurrency", "1", "--report", str(report)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONWARNINGS": "error"}, cwd=tmp_path,
        )  # fmt: skip
        assert stuck.wait(120)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=120)
    assert run.returncode == 130, err
    assert "Interrupted after 3 of 9 samples." in err
    assert "Traceback" not in err
    assert "Total samples: 3\n" in out
    assert "The run was interrupted" in report.read_text()


def test_pytest_does_not_take_the_script_for_a_test() -> None:
    assert "def test" not in SCRIPT.read_text()
