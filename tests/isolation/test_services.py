"""With processes that really crash, hang and leak."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from detector.registry import ModelNotFound
from engine import Engine, Observer
from isolation.process import WorkerFailed
from isolation.services import IsolatedDetector, isolate
from soak.faulty import Fault, picture
from tests.fakes import BrightDetector, half_bright, request_for, wait_until

ROOT = Path(__file__).parents[2]
BUDGET_S = 60.0  # answers that are asserted to come early come long before it
MEBIBYTE = 2**20


class Restarts(Observer):
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def restarted(self, reason: str) -> None:
        self.reasons.append(reason)


def isolated(
    model_name: str = "soak.faulty:FaultyDetector",
    budget_s: float = BUDGET_S,
    memory_bytes: int = 2**40,
    count: int = 1,
) -> tuple[Engine, list[str]]:
    watch = Restarts()
    engine = Engine(
        lambda: isolate(
            *(model_name, Path("models"), "cpu"),
            count=count,
            num_threads=1,
            budget_s=budget_s,
            memory_bytes=memory_bytes,
            restarted=watch.restarted,
        ),
        budget_s=budget_s,
        concurrency=count,
        observer=watch,
    )
    engine.load()
    return engine, watch.reasons


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Engine, list[str]]]:
    engine, reasons = isolated()
    yield engine, reasons
    engine.close()


@pytest.fixture
def engine(shared: tuple[Engine, list[str]]) -> Engine:
    shared[1].clear()
    return shared[0]


@pytest.fixture
def reasons(shared: tuple[Engine, list[str]]) -> list[str]:
    return shared[1]


def works(engine: Engine) -> None:
    """A good picture is answered as if nothing had been; it waits for a new worker if need be."""
    expected = Engine(BrightDetector())
    expected.load()
    picture = half_bright()
    assert engine.predict(request_for(picture)) == expected.predict(request_for(picture))


def test_it_answers_like_the_detector_itself(engine: Engine, reasons: list[str]) -> None:
    works(engine)
    analysis = engine.analyse(half_bright(700, 900))
    assert analysis.step == "full"
    assert analysis.verdict.manipulation is not None
    assert analysis.verdict.manipulation.shape == (700, 900)
    assert getattr(engine.service, "version", "") == "faulty-1"
    assert getattr(engine.service, "device", "") == "cpu"
    assert reasons == []


@pytest.mark.parametrize("fault", [Fault.RAISE, Fault.NAN])
def test_what_only_fails_needs_no_new_worker(
    engine: Engine, reasons: list[str], fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    assert engine.analyse(picture(fault)).step == "prior"
    assert "The detector failed" in caplog.text
    assert ("a fault was asked for" in caplog.text) == (fault is Fault.RAISE)
    assert reasons == []
    works(engine)


@pytest.mark.parametrize(("fault", "said"), [(Fault.SEGFAULT, "SIGSEGV"), (Fault.EXIT, "status 3")])
def test_a_crash_is_answered_for_logged_and_got_over(
    engine: Engine, reasons: list[str], fault: Fault, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = engine.predict(request_for(picture(fault)))
    assert response.logprobs == pytest.approx(np.log([0.25] * 4))
    assert response.localizationMask is not None
    assert response.localizationMask.to_numpy().shape == (40, 60)
    assert reasons == ["crash"]
    assert said in caplog.text
    works(engine)
    if fault is Fault.SEGFAULT:
        wait_until(lambda: "Segmentation fault" in caplog.text)  # its stack, by faulthandler


def test_a_hang_is_answered_for_within_the_budget() -> None:
    engine, reasons = isolated(budget_s=4.0)
    started = time.monotonic()
    analysis = engine.analyse(picture(Fault.HANG))
    assert analysis.step == "prior"
    assert reasons == ["hang"]
    assert time.monotonic() - started < 60  # not the hour that it hangs
    engine._budget_s = BUDGET_S
    works(engine)
    engine.close()


def test_a_detector_that_sees_it_is_late_is_not_replaced() -> None:
    engine, reasons = isolated(budget_s=2.0)
    assert engine.analyse(picture(Fault.SLOW)).step == "prior"
    assert reasons == []
    engine.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own memory")
def test_a_leak_ends_with_a_new_worker(caplog: pytest.LogCaptureFixture) -> None:
    engine, reasons = isolated(memory_bytes=400 * MEBIBYTE)
    engine.analyse(picture(Fault.LEAK))
    assert reasons == ["memory"]
    assert f"{400 * MEBIBYTE} are allowed" in caplog.text
    works(engine)
    assert reasons == ["memory"]
    engine.close()


def test_each_picture_judged_at_a_time_has_its_worker() -> None:
    engine, reasons = isolated(count=2)
    assert engine.analyse(picture(Fault.SEGFAULT)).step == "prior"
    works(engine)
    assert reasons == ["crash"]
    engine.close()


def test_a_service_that_takes_requests_is_isolated_too() -> None:
    engine, _ = isolated("tests.fakes:TemplateService")
    response = engine.predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(np.log([0.25] * 4))
    assert response.localizationMask is None
    engine.close()


@pytest.mark.parametrize(
    ("model_name", "error", "message"),
    [
        ("no/model", ModelNotFound, "Model directory not found"),
        ("tests.isolation.test_services:crash", WorkerFailed, "crashed at create: status 7"),
    ],
)
def test_what_cannot_be_loaded_is_said(
    model_name: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        isolated(model_name)


def crash() -> None:
    os._exit(7)


def test_a_worker_that_will_not_start_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("isolation.worker.PAUSE_S", (0.01, 0.02))
    (tmp_path / "fickle.py").write_text("from soak.faulty import FaultyDetector as Fickle\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    engine, _ = isolated("fickle:Fickle")
    (tmp_path / "fickle.py").rename(tmp_path / "gone.py")
    engine.analyse(picture(Fault.SEGFAULT))
    wait_until(lambda: caplog.text.count("A worker could not be started") >= 2)
    (tmp_path / "gone.py").rename(tmp_path / "fickle.py")
    works(engine)
    engine.close()


def test_closing_leaves_no_process() -> None:
    engine, _ = isolated()
    assert isinstance(engine.service, IsolatedDetector)
    (worker,) = engine.service.workers.pids
    engine.close()
    assert not Path(f"/proc/{worker}").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a hanging worker stays")
def test_a_worker_that_hangs_goes_with_a_service_that_is_killed() -> None:
    code = (
        "from tests.isolation.test_services import isolated;"
        "from soak.faulty import Fault, picture;"
        "engine, _ = isolated(budget_s=3600);"
        "print(engine.service.workers.pids[0], flush=True);"
        "engine.analyse(picture(Fault.HANG))"
    )
    service = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert service.stdout is not None
    worker = int(service.stdout.readline())
    service.kill()
    service.communicate()
    wait_until(lambda: not Path(f"/proc/{worker}").exists())
