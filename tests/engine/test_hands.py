from __future__ import annotations

import gc
import threading
from contextvars import ContextVar
from functools import partial

import pytest

from engine.hands import Hands
from tests.fakes import wait_until

WAIT_S = 60.0  # only reached if something hangs
word: ContextVar[str] = ContextVar("word", default="")


def test_a_job_is_done_in_the_callers_context() -> None:
    word.set("ours")
    assert Hands(1, "test").start(word.get).result(WAIT_S) == "ours"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_what_a_job_raises_is_the_callers(error: BaseException) -> None:
    def fail() -> None:
        raise error

    hands = Hands(1, "test")
    with pytest.raises(type(error)):
        hands.start(fail).result(WAIT_S)
    assert hands.start(lambda: 1).result(WAIT_S) == 1


def test_as_many_jobs_at_a_time_as_there_are_hands() -> None:
    hands, opened = Hands(2, "test"), threading.Barrier(2)
    futures = [hands.start(lambda: opened.wait(WAIT_S)) for _ in range(2)]
    assert sorted(future.result(WAIT_S) for future in futures) == [0, 1]


def test_who_comes_alone_meets_the_same_hands() -> None:
    hands = Hands(3, "same")
    names = set()
    for _ in range(20):
        names.add(hands.start(lambda: threading.current_thread().name).result(WAIT_S))
        wait_until(lambda: len(hands._desk._idle) == 3)
    assert len(names) <= 2  # the first is done by whoever is first to start


def test_jobs_beyond_the_hands_wait_in_order() -> None:
    hands, opened, order = Hands(1, "busy"), threading.Event(), list[int]()
    first = hands.start(lambda: opened.wait(WAIT_S))
    others = [hands.start(partial(order.append, number)) for number in range(5)]
    opened.set()
    assert first.result(WAIT_S)
    for other in others:
        other.result(WAIT_S)
    assert order == [0, 1, 2, 3, 4]


def test_nothing_is_left_behind() -> None:
    hands = Hands(2, "gone-in-a-moment")
    hands.start(lambda: None).result(WAIT_S)
    del hands
    gc.collect()
    wait_until(lambda: not any("gone-in-a" in thread.name for thread in threading.enumerate()))
