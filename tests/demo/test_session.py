from __future__ import annotations

import gc

import gradio as gr
import numpy as np
import pytest
from gradio.utils import deep_hash

from demo.examine import Examination
from demo.session import Current, Shelf
from detector.verdict import Detection, decide
from engine import Analysis


def current(side: int = 100) -> Current:
    image = np.zeros((side, side, 3), np.uint8)
    verdict = decide(Detection(np.log([0.1, 0.1, 0.7, 0.1]), np.zeros((5, 5))), (side, side))
    return Current("/x", "a.png", Examination("a.png", image, 1, Analysis(verdict, 1.0, "full")))


def test_a_current_has_its_examination():
    held = current()
    assert held.examination.image.shape == (100, 100, 3)
    assert held.nbytes == 4 * 100 * 100 + 4 * 25


def test_the_oldest_are_put_away_and_say_so():
    shelf, pictures = Shelf(100_000), [current() for _ in range(3)]
    for held in pictures:
        shelf.put(held)
    with pytest.raises(gr.Error, match="Send it again"):
        _ = pictures[0].examination
    assert pictures[0].nbytes == 0
    assert all(held.examination for held in pictures[1:])


def test_one_picture_larger_than_the_shelf_is_kept_while_it_is_the_last():
    shelf, large = Shelf(10), current()
    shelf.put(large)
    assert large.examination


def test_the_shelf_keeps_nobody_alive():
    shelf, kept = Shelf(100_000), current()
    for _ in range(5):
        shelf.put(current())
        gc.collect()
    shelf.put(kept)
    shelf.put(current())
    assert kept.examination


def test_gradio_can_hash_what_a_state_holds():
    one, other = current(), current()
    assert deep_hash(one) == deep_hash(one) != deep_hash(other)
