from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from demo.card import notes_card, opening_card, problem_card, verdict_card
from demo.damage import Damage
from demo.examine import Examination
from demo.words import CAVEAT, LIMITS, NAMES
from detector.contract import Labels
from detector.verdict import Detection, decide
from engine import Analysis


def examination(
    probabilities, step="full", name="a.jpg", *, orientation=1, model="", image=None
) -> Examination:
    image = np.zeros((30, 60, 3), dtype=np.uint8) if image is None else image
    manipulation = np.zeros((30, 60))
    manipulation[:10, :10] = 1.0
    verdict = decide(Detection(np.log(probabilities), manipulation), image.shape[:2])
    return Examination(name, image, orientation, Analysis(verdict, 1.26, step), model)


def noise(height, width) -> np.ndarray:
    return np.random.default_rng(0).integers(5, 250, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("probabilities", "step", "tone"),
    [
        ([0.1, 0.05, 0.8, 0.05], "full", "alert"),
        ([0.9, 0.05, 0.03, 0.02], "full", "calm"),
        ([0.8, 0.1, 0.05, 0.05], "full", "plain"),
        ([0.53, 0.1, 0.32, 0.05], "full", "unsure"),
        ([0.4, 0.1, 0.45, 0.05], "full", "unsure"),
        ([0.1, 0.05, 0.8, 0.05], "prior", "unsure"),
    ],
)
def test_the_tone_follows_the_verdict(probabilities, step, tone):
    assert f'data-tone="{tone}"' in verdict_card(examination(probabilities, step))


def test_a_damaged_file_is_told_of_before_anything_else():
    examined = dataclasses.replace(examination([0.9, 0.05, 0.03, 0.02]), damage=Damage(0.4))
    card = verdict_card(examined)
    assert "about 40 % of the picture could be read" in card
    assert "damaged" not in verdict_card(examination([0.9, 0.05, 0.03, 0.02]))


def test_every_card_says_what_it_is_worth():
    for card in (opening_card(), verdict_card(examination([0.1, 0.05, 0.8, 0.05]))):
        assert CAVEAT in card
    assert LIMITS in notes_card()
    assert LIMITS in notes_card(examination([0.1, 0.05, 0.8, 0.05]))


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


def test_a_bright_heat_map_is_pointed_at_where_nothing_is_marked():
    examined = examination([0.9, 0.05, 0.03, 0.02])
    assert "No area is marked, but look where the heat map is bright" in verdict_card(examined)
    assert examined.verdict.manipulation is not None
    examined.verdict.manipulation[:] = 0.0
    assert "No area is marked.</p>" in verdict_card(examined)


def test_a_prior_names_no_place():
    assert "Marked" not in verdict_card(examination([0.1, 0.05, 0.8, 0.05], "prior"))


def test_facts():
    card = notes_card(examination([0.1, 0.05, 0.8, 0.05], "reduced", model="org/model, version 3"))
    for fact in ("60 \u00d7 30 px", "1.3 s", "reduced", "org/model, version 3", "a.jpg"):
        assert fact in card


def test_names_of_files_and_messages_are_text():
    hostile = "<img src=x onerror=alert(1)>.jpg"
    card = notes_card(examination([0.1, 0.05, 0.8, 0.05], name=hostile))
    assert "<img" not in card
    assert "&lt;img" in card
    assert "<b>" not in problem_card("<b>no</b>")


def test_regions_are_listed_as_the_reader_sees_them():
    card = verdict_card(examination([0.1, 0.05, 0.8, 0.05]))
    assert card.count("data-region") == 1
    assert "Upper left" in card
    assert "5.6 % of the picture, mean score 1.00" in card
    assert "Upper right" in verdict_card(examination([0.1, 0.05, 0.8, 0.05], orientation=6))


@pytest.mark.parametrize(
    ("probabilities", "step"),
    [
        ([0.8, 0.1, 0.05, 0.05], "full"),  # nothing is marked
        ([0.1, 0.8, 0.05, 0.05], "full"),  # everything is
        ([0.1, 0.05, 0.8, 0.05], "prior"),
    ],
)
def test_without_a_marked_area_there_is_no_list(probabilities, step):
    assert "data-region" not in verdict_card(examination(probabilities, step))


def test_only_the_largest_regions_are_listed():
    examined = examination([0.1, 0.05, 0.8, 0.05], image=noise(300, 600))
    mask = examined.verdict.mask
    assert mask is not None
    mask[:] = False
    for number in range(11):
        mask[10, 20 + 30 * number : 22 + 31 * number] = True
    card = verdict_card(examined)
    assert card.count("data-region") == 8
    assert "and 3 smaller" in card


def test_a_mark_on_blank_pixels_is_to_be_trusted_less():
    probabilities = [0.1, 0.05, 0.8, 0.05]
    assert "trust it less" not in verdict_card(examination(probabilities, image=noise(300, 600)))
    blank = examination(probabilities, image=np.full((300, 600, 3), 90, np.uint8))
    assert "100 % of what is marked lies where the pixels say little" in verdict_card(blank)
    assert "Almost all of the picture is too flat" in notes_card(blank)
