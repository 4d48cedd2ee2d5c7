from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
import torch

from detector.deadline import Deadline, DeadlineExceeded
from detector.editscope import side_by_side
from detector.editscope.side_by_side import helpers, in_turn

WAIT_S = 60.0  # only reached if something hangs
WINDOWS = [(number,) for number in range(6)]


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with helpers() as made:
        yield made


def double(number: int) -> int:
    return 2 * number


@pytest.mark.usefixtures("two_threads")
def test_results_come_in_the_order_of_the_windows(pool: ThreadPoolExecutor) -> None:
    turn = [threading.Event() for _ in WINDOWS]

    def work(number: int) -> int:
        """Every odd one is done before the even one that precedes it."""
        if number % 2:
            turn[number].set()
        else:
            assert turn[number + 1].wait(WAIT_S)
        return double(number)

    assert list(in_turn(work, WINDOWS, Deadline.never(), pool)) == [0, 2, 4, 6, 8, 10]


@pytest.mark.usefixtures("two_threads")
def test_each_of_them_has_one_thread(pool: ThreadPoolExecutor) -> None:
    seen = list(in_turn(lambda _: torch.get_num_threads(), WINDOWS, Deadline.never(), pool))
    assert seen == [1] * len(WINDOWS)
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("windows", "with_pool"), [(WINDOWS, False), (WINDOWS[:1], True)])
def test_without_helpers_or_with_one_window_all_is_done_here(
    windows: list[tuple[int]], with_pool: bool, pool: ThreadPoolExecutor
) -> None:
    def work(_: int) -> tuple[str, int]:
        return threading.current_thread().name, torch.get_num_threads()

    here = threading.current_thread().name, 2
    found = list(in_turn(work, windows, Deadline.never(), pool if with_pool else None))
    assert found == [here] * len(windows)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("with_pool", [False, True])
def test_too_little_time_is_seen_after_the_first(with_pool: bool, pool: ThreadPoolExecutor) -> None:
    done: list[int] = []
    found = in_turn(done.append, WINDOWS, Deadline.after(-1), pool if with_pool else None)
    with pytest.raises(DeadlineExceeded):
        list(found)
    assert 1 <= len(done) <= 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("with_pool", "needed"), [(False, 5.0), (True, 2.0)])
def test_windows_under_way_count_for_the_pace(
    with_pool: bool, needed: float, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second has passed at the first result of six; two at a time, it is one for two."""
    clock = chain([0.0], repeat(1.0))
    monkeypatch.setattr(side_by_side, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    asked: list[float] = []
    monkeypatch.setattr(Deadline, "check", lambda _, seconds: asked.append(seconds))
    list(in_turn(double, WINDOWS, Deadline.never(), pool if with_pool else None))
    assert asked[0] == needed


@pytest.mark.usefixtures("two_threads")
def test_what_a_window_raises_ends_it_all(pool: ThreadPoolExecutor) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        if number == 1:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_turn(work, WINDOWS, Deadline.never(), pool))
    assert max(done) <= 2
