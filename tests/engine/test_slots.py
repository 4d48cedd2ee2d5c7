from __future__ import annotations

import threading

import pytest

from detector.deadline import Deadline
from engine.failures import Abandoned, Busy
from engine.slots import Slots
from tests.fakes import wait_until

NEVER = Deadline.never()
WAIT_S = 60.0  # only reached if something hangs


def start_waiting(
    slots: Slots, order: list[int], number: int, least: int = 1, most: int = 1
) -> threading.Thread:
    """Start a thread that waits for its turn; return once it is in the queue."""

    def wait() -> None:
        granted = slots.acquire(NEVER, least=least, most=most)
        assert granted
        order.append(number)
        slots.release(granted)

    queued = slots.waiting + 1
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_until(lambda: slots.waiting >= queued)
    return thread


def test_a_free_slot_is_granted_at_once() -> None:
    slots = Slots(2, queue=0)
    assert slots.acquire(NEVER)
    assert slots.acquire(NEVER)
    assert slots.held == 2


def test_turns_come_in_the_order_of_arrival() -> None:
    slots, order = Slots(1, queue=8), list[int]()
    assert slots.acquire(NEVER)
    threads = [start_waiting(slots, order, number) for number in range(8)]
    slots.release()
    for thread in threads:
        thread.join(WAIT_S)
    assert order == list(range(8))
    assert slots.held == slots.waiting == 0


def test_one_more_than_the_queue_takes_is_turned_away() -> None:
    slots, order = Slots(1, queue=1), list[int]()
    assert slots.acquire(NEVER)
    thread = start_waiting(slots, order, 1)
    with pytest.raises(Busy):
        slots.acquire(NEVER)
    slots.release()
    thread.join(WAIT_S)
    assert order == [1]


def test_waiting_ends_at_the_deadline_and_leaves_the_queue() -> None:
    slots = Slots(1, queue=1)
    assert slots.acquire(NEVER)
    for _ in range(3):  # more than the queue takes, so none may have been left in it
        assert not slots.acquire(Deadline.after(0.001))
    slots.release()
    assert slots.acquire(NEVER)


def test_who_has_hung_up_makes_room_in_the_queue() -> None:
    slots, order, left = Slots(1, queue=1), list[int](), threading.Event()
    assert slots.acquire(NEVER)

    def wait() -> None:
        with pytest.raises(Abandoned):
            slots.acquire(NEVER, left.is_set)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_until(lambda: slots.waiting)
    with pytest.raises(Busy):
        slots.acquire(NEVER)
    left.set()
    thread.join(WAIT_S)
    assert slots.waiting == 0
    following = start_waiting(slots, order, 1)
    slots.release()
    following.join(WAIT_S)
    assert order == [1]


def test_a_turn_that_comes_while_hanging_up_goes_to_the_next() -> None:
    slots = Slots(1, queue=1)
    assert slots.acquire(NEVER)

    def turn_comes() -> bool:
        slots.release()
        return True

    with pytest.raises(Abandoned):
        slots.acquire(NEVER, turn_comes)
    assert slots.waiting == slots.held == 0


def test_who_is_alone_gets_the_most() -> None:
    slots = Slots(2, queue=1)
    assert slots.acquire(NEVER, most=2) == 2
    assert slots.held == 1
    slots.release(2)
    assert slots.acquire(NEVER, most=2) == 2


def test_who_is_not_alone_gets_the_least() -> None:
    slots, granted = Slots(2, queue=2), list[int]()
    assert slots.acquire(NEVER, most=2) == 2
    threads = [
        threading.Thread(target=lambda: granted.append(slots.acquire(NEVER, most=2)), daemon=True)
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: slots.waiting == 2)
    slots.release(2)
    for thread in threads:
        thread.join(WAIT_S)
    assert granted == [1, 1]
    assert slots.held == 2


def test_who_needs_more_than_is_free_is_not_overtaken() -> None:
    slots, order = Slots(2, queue=2), list[int]()
    assert slots.acquire(NEVER) == 1
    threads = [start_waiting(slots, order, 1, least=2, most=2), start_waiting(slots, order, 2)]
    assert slots.waiting == 2
    slots.release()
    for thread in threads:
        thread.join(WAIT_S)
    assert order == [1, 2]
    assert slots.held == slots.waiting == 0


def test_whoever_stood_behind_one_that_gave_up_moves_on() -> None:
    slots, order = Slots(2, queue=2), list[int]()
    assert slots.acquire(NEVER) == 1
    assert not slots.acquire(Deadline.after(0.001), least=2, most=2)
    left = threading.Event()

    def wait() -> None:
        with pytest.raises(Abandoned):
            slots.acquire(NEVER, left.is_set, least=2, most=2)

    first = threading.Thread(target=wait, daemon=True)
    first.start()
    wait_until(lambda: slots.waiting == 1)
    second = start_waiting(slots, order, 2)
    left.set()
    for thread in (first, second):
        thread.join(WAIT_S)
    assert order == [2]
    assert slots.held == 1
