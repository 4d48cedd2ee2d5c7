from __future__ import annotations

import threading

import pytest

from detector.deadline import Deadline
from slots import Busy, Slots
from tests.fakes import wait_until

NEVER = Deadline.never()
WAIT_S = 60.0  # only reached if something hangs


def start_waiting(slots: Slots, order: list[int], number: int) -> threading.Thread:
    """Start a thread that waits for its turn; return once it is in the queue."""

    def wait() -> None:
        with slots.turn(NEVER):
            order.append(number)

    queued = len(slots._waiting) + 1
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_until(lambda: len(slots._waiting) >= queued)
    return thread


def test_a_free_slot_is_granted_at_once() -> None:
    slots = Slots(2, queue=0)
    with slots.turn(NEVER) as first, slots.turn(NEVER) as second:
        assert first
        assert second


def test_turns_come_in_the_order_of_arrival() -> None:
    slots, order = Slots(1, queue=8), list[int]()
    with slots.turn(NEVER):
        threads = [start_waiting(slots, order, number) for number in range(8)]
    for thread in threads:
        thread.join(WAIT_S)
    assert order == list(range(8))


def test_one_more_than_the_queue_takes_is_turned_away() -> None:
    slots, order = Slots(1, queue=1), list[int]()
    with slots.turn(NEVER):
        thread = start_waiting(slots, order, 1)
        with pytest.raises(Busy), slots.turn(NEVER):
            pass
    thread.join(WAIT_S)
    assert order == [1]


def test_waiting_ends_at_the_deadline_and_leaves_the_queue() -> None:
    slots = Slots(1, queue=1)
    with slots.turn(NEVER):
        for _ in range(3):  # more than the queue takes, so none may have been left in it
            with slots.turn(Deadline.after(0.001)) as granted:
                assert not granted
    with slots.turn(NEVER) as granted:
        assert granted


def test_a_slot_comes_back_after_an_exception() -> None:
    slots = Slots(1, queue=0)
    with pytest.raises(ZeroDivisionError), slots.turn(NEVER):
        raise ZeroDivisionError
    with slots.turn(NEVER) as granted:
        assert granted
