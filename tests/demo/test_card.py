from __future__ import annotations

import numpy as np
import pytest

from demo.card import notes_card, opening_card, problem_card, verdict_card
from demo.examine import Examination
from demo.words import CAVEAT, LIMITS, NAMES
from detector.contract import Labels
from detector.verdict import Detection, decide
from engine import Analysis


def examination(probabilities, step="full", name="a.jpg", orientation=1) -> Examination:
    image = np.zeros((30, 60, 3), dtype=np.uint8)
    manipulation = np.zeros((30, 60))
    manipulation[:10, :10] = 1.0
    verdict = decide(Detection(np.log(probabilities), manipulation), (30, 60))
    return Examination(name, image, orientation, Analysis(verdict, 1.26, step))


@pytest.mark.parametrize(
    ("probabilities", "step", "tone"),
    [
        ([0.1, 0.05, 0.8, 0.05], "full", "alert"),
        ([0.8, 0.1, 0.05, 0.05], "full", "calm"),
        ([0.4, 0.1, 0.45, 0.05], "full", "unsure"),
        ([0.1, 0.05, 0.8, 0.05], "prior", "unsure"),
    ],
)
def test_the_tone_follows_the_verdict(probabilities, step, tone):
    assert f'data-tone="{tone}"' in verdict_card(examination(probabilities, step))


def test_every_card_says_what_it_is_worth():
    for card in (opening_card(), verdict_card(examination([0.1, 0.05, 0.8, 0.05]))):
        assert CAVEAT in card
    assert LIMITS in notes_card()
    assert LIMITS in notes_card(examination([0.1, 0.05, 0.8, 0.05]), "model")


def test_bars_have_both_names_and_their_width():
    card = verdict_card(examination([0.1, 0.05, 0.8, 0.05]))
    for label in Labels:
        assert NAMES[label] in card
        assert label.name in card
    assert "width:80.00%" in card
    assert card.count("es-top") == 1


def test_where_is_told_as_the_reader_sees_it():
    assert "upper left" in verdict_card(examination([0.1, 0.05, 0.8, 0.05]))
    assert "upper right" in verdict_card(examination([0.1, 0.05, 0.8, 0.05], orientation=6))


def test_a_prior_names_no_place():
    assert "Marked" not in verdict_card(examination([0.1, 0.05, 0.8, 0.05], "prior"))


def test_facts():
    card = notes_card(examination([0.1, 0.05, 0.8, 0.05], "reduced"), "org/model, version 3")
    for fact in ("60 \u00d7 30 px", "1.3 s", "reduced", "org/model, version 3", "a.jpg"):
        assert fact in card


def test_names_of_files_and_messages_are_text():
    hostile = "<img src=x onerror=alert(1)>.jpg"
    card = notes_card(examination([0.1, 0.05, 0.8, 0.05], name=hostile), "m")
    assert "<img" not in card
    assert "&lt;img" in card
    assert "<b>" not in problem_card("<b>no</b>")
