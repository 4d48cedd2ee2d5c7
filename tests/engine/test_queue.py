"""Several pictures at an engine at once: who waits, who is judged, who has gone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from detector import Deadline, Detection
from engine import Abandoned, Busy, Observer, Stage, Step
from tests.engine.engines import WAIT_S, Gate, loaded, warm
from tests.fakes import EDITED, BrightDetector, half_bright, request_for, wait_until


def test_whose_budget_ends_in_the_queue_gets_the_prior_unseen() -> None:
    gate = Gate()
    detector = warm(gate)
    engine = loaded(detector, queue=1)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(engine.analyse, half_bright())
        assert gate.entered.acquire(timeout=WAIT_S)
        engine._budget_s = 0.01
        second = engine.analyse(half_bright(8, 9))
        gate.opened.set()
        assert first.result(WAIT_S).step == "full"
    assert second.step == "prior"
    assert second.verdict.mask is not None
    assert second.verdict.mask.shape == (8, 9)
    assert len(detector.seen) == 1


def test_a_detector_that_hangs_costs_its_own_slot_and_nobody_the_answer() -> None:
    gate = Gate()
    engine = loaded(warm(gate), budget_s=0.05)
    assert engine.analyse(half_bright()).step == "prior"  # judged in vain
    assert engine.judging == 1
    assert engine.analyse(half_bright()).step == "prior"  # waited in vain
    gate.opened.set()
    wait_until(lambda: engine.judging == 0)
    engine._budget_s = 20.0
    assert engine.analyse(half_bright()).step == "full"


def test_the_model_is_always_called_by_the_same_thread() -> None:
    names: list[str] = []

    def detect(_: NDArray[np.uint8], __: Deadline) -> Detection:
        names.append(threading.current_thread().name)
        return Detection(EDITED)

    engine = loaded(BrightDetector(detect))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(engine.analyse, [half_bright()] * 8))
    assert set(names) == {"judge-0"}
    assert len(names) == 9  # with the warm-up


class Notes(Observer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.steps: list[str] = []

    def stage(self, stage: Stage, seconds: float) -> None:
        assert seconds >= 0
        self.stages.append(stage)

    def answered(self, step: Step) -> None:
        self.steps.append(step)


def test_an_observer_is_told_where_the_time_goes() -> None:
    notes = Notes()
    engine = loaded(BrightDetector(), observer=notes)
    engine.predict(request_for(half_bright()))
    assert notes.stages == ["queue", "decode", "model", "encode"]
    assert notes.steps == ["full"]
    assert engine.waiting == engine.judging == 0


def test_pictures_and_requests_share_one_bounded_queue() -> None:
    gate = Gate()
    engine = loaded(warm(gate), concurrency=2, queue=0)
    with ThreadPoolExecutor() as pool:
        held = [pool.submit(engine.analyse, half_bright()) for _ in range(2)]
        for _ in held:
            assert gate.entered.acquire(timeout=WAIT_S)
        with pytest.raises(Busy):
            engine.predict(request_for(half_bright()))
        gate.opened.set()
        assert [future.result(WAIT_S).step for future in held] == ["full", "full"]


def test_never_more_at_a_time_than_set() -> None:
    gate = Gate()
    gate.opened.set()
    engine = loaded(warm(gate), concurrency=2, queue=100)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(engine.analyse, [half_bright()] * 40))
    assert {answer.step for answer in answers} == {"full"}
    assert gate.most_inside <= 2


def test_the_work_of_whoever_has_gone_is_saved() -> None:
    detector = BrightDetector()
    engine = loaded(detector, queue=0)
    for _ in range(2):  # the second would be Busy if the first had kept its slot
        with pytest.raises(Abandoned):
            engine.predict(request_for(half_bright()), abandoned=lambda: True)
    assert detector.seen == []


def test_who_waits_holds_the_picture_once() -> None:
    request = request_for(half_bright())
    loaded(BrightDetector()).predict(request)
    assert request.image.data == ""
