from __future__ import annotations

import numpy as np
import pytest

from demo.words import (
    CAVEAT,
    LIMITS,
    NAMES,
    headline,
    percent,
    place,
    reasons,
    region_words,
    step_note,
    whereabouts,
)
from detector.contract import Labels
from detector.regions import Region
from detector.reliability import Reliability


def probabilities(natural: float, full: float, edited: float, local: float) -> np.ndarray:
    values = np.array([natural, full, edited, local])
    assert values.sum() == pytest.approx(1.0)
    return values


@pytest.mark.parametrize(
    ("values", "text", "number"),
    [
        ((0.05, 0.04, 0.83, 0.08), "Probably edited in part", "83 %"),
        ((0.001, 0.997, 0.001, 0.001), "Very likely wholly AI-generated", "> 99 %"),
        ((0.25, 0.05, 0.1, 0.6), "Probably partly redrawn by AI", "60 %"),
    ],
)
def test_a_clear_alteration_is_named_with_its_probability(values, text, number):
    words = headline(probabilities(*values), "full")
    assert (words.text, words.percent, words.tone) == (text, number, "alert")
    assert not words.uncertain


def test_a_hesitant_alteration_names_its_rival():
    words = headline(probabilities(0.22, 0.02, 0.7, 0.06), "full")
    assert words.detail.endswith("Next likeliest: an unaltered photo (22 %).")


def test_a_sure_natural_promises_nothing():
    words = headline(probabilities(0.91, 0.03, 0.04, 0.02), "full")
    assert (words.text, words.percent, words.tone) == ("No sign of editing found", "", "calm")
    assert "(91 %)" in words.detail
    assert "does not prove the photo authentic" in words.detail


def test_a_hesitant_natural_is_not_calm_and_names_its_rival():
    words = headline(probabilities(0.63, 0.02, 0.27, 0.08), "full")
    assert words.text == "No clear sign of editing, but not sure"
    assert words.tone == "plain"
    assert "(63 %), next: edited in part (27 %)" in words.detail
    assert "Do not take it for authentic" in words.detail


@pytest.mark.parametrize(
    ("values", "likeliest", "next_one"),
    [
        ((0.53, 0.02, 0.31, 0.14), "an unaltered photo (53 %)", "edited in part (31 %)"),
        ((0.42, 0.08, 0.46, 0.04), "edited in part (46 %)", "an unaltered photo (42 %)"),
        ((0.35, 0.0, 0.33, 0.32), "an unaltered photo (35 %)", "edited in part (33 %)"),
    ],
)
def test_undecided_says_so_and_names_the_runner_up(values, likeliest, next_one):
    words = headline(probabilities(*values), "full")
    assert (words.text, words.percent, words.tone) == ("Undecided", "", "unsure")
    assert words.uncertain
    assert f"Likeliest: {likeliest}; next: {next_one}." in words.detail
    assert "neither for the picture nor against it" in words.detail


@pytest.mark.parametrize("natural", np.linspace(0.26, 1.0, 75))
@pytest.mark.parametrize("split", [(1, 0, 0), (0, 1, 0), (1, 1, 1)])
def test_nothing_that_natural_wins_is_called_authentic(natural, split):
    rest = (1 - natural) * np.array(split) / sum(split)
    words = headline(np.array([natural, *rest]), "full")
    assert words.percent == "" or words.tone in ("alert", "unsure")
    assert not words.text.startswith(("Very likely an", "Probably an", "Possibly"))
    assert (words.tone == "calm") == (natural >= 0.85)


@pytest.mark.parametrize(
    ("values", "number"), [((0.1, 0.02, 0.45, 0.43), "90 %"), ((0.25, 0.1, 0.1, 0.55), "75 %")]
)
def test_an_undecided_kind_of_alteration_is_still_an_alteration(values, number):
    words = headline(probabilities(*values), "full")
    assert words.uncertain
    assert words.text == "Probably altered, but how is undecided"
    assert words.percent == number
    assert "next: " in words.detail


def test_a_prior_claims_nothing():
    words = headline(probabilities(0.01, 0.97, 0.01, 0.01), "prior")
    assert words.uncertain
    assert words.percent == ""
    assert "No answer" in words.text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "> 99 %"), (0.991, "> 99 %"), (0.99, "99 %"), (0.5, "50 %"), (0.0, "< 1 %")],
)
def test_percent_never_claims_certainty(value, shown):
    assert percent(value) == shown


@pytest.mark.parametrize(
    ("rows", "columns", "place"),
    [
        (slice(5, 25), slice(5, 25), "upper left"),
        (slice(70, 90), slice(70, 95), "lower right"),
        (slice(5, 20), slice(40, 60), "at the top"),
        (slice(40, 60), slice(70, 95), "on the right"),
        (slice(40, 60), slice(40, 60), "in the middle"),
    ],
)
def test_where_the_mask_is(rows, columns, place):
    mask = np.zeros((100, 100), dtype=bool)
    mask[rows, columns] = True
    share = f"{mask.mean() * 100:.0f} %"
    assert whereabouts(mask, Labels.LocallyEdited) == (
        f"Marked: about {share} of the picture, {place}."
    )


def test_a_scattered_mask_is_spread():
    mask = np.zeros((100, 100), dtype=bool)
    mask[::9, ::9] = True
    assert whereabouts(mask, Labels.LocallyEdited).endswith("spread over it.")


def test_extremes_of_the_mask():
    full, empty = np.ones((3, 5), dtype=bool), np.zeros((3, 5), dtype=bool)
    assert "as a whole" in whereabouts(full, Labels.FullySynthesized)
    assert whereabouts(empty, Labels.Natural) == "No area is marked."
    assert "look where the heat map is bright" in whereabouts(empty, Labels.Natural, True)
    assert "No single area" in whereabouts(empty, Labels.LocallyEdited)
    assert "does not say where" in whereabouts(None, Labels.LocallyEdited)
    single = np.zeros((100, 200), dtype=bool)
    single[50, 100] = True
    assert "less than 1 %" in whereabouts(single, Labels.LocallyEdited)


def test_every_label_has_a_name_and_reduced_answers_say_so():
    assert set(NAMES) == set(Labels)
    assert "not proof" in CAVEAT
    assert "Never decide on this alone" in LIMITS
    assert step_note("full") == ""
    assert "reduced size" in step_note("reduced")
    assert "averages" in step_note("prior")


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0.0, 0.0, 0.2, 0.2), "upper left"),
        ((0.7, 0.4, 1.0, 0.6), "at the bottom"),
        ((0.4, 0.0, 0.6, 0.3), "on the left"),
        ((0.0, 0.4, 1.0, 0.6), "in the middle"),
        ((0.1, 0.1, 0.9, 0.9), "most of the picture"),
    ],
)
def test_where_a_box_is(box, words):
    assert place(box) == words


def test_a_region_in_words():
    region = Region((0.0, 0.0, 0.2, 0.2), 0.0345, 0.914)
    assert region_words(region, 1) == ("Upper left", "3.5 % of the picture, mean score 0.91")
    assert region_words(region, 6)[0] == "Upper right"
    tiny = Region((0.0, 0.0, 0.2, 0.2), 0.0004, None)
    assert region_words(tiny, 1)[1] == "under 0.1 % of the picture"


def test_reasons_not_to_trust_the_pixels():
    def told(**found) -> list[str]:
        shares = {"flat": 0.0, "clipped": 0.0, "compressed": 0.0, "small": 0.0}
        return reasons(Reliability(np.ones((2, 2), np.float32), **(shares | found)))

    assert told() == told(flat=0.04) == []
    assert told(flat=0.31)[0].startswith("31 % of the picture is too flat to judge")
    assert told(compressed=0.97)[0].startswith("Almost all of the picture is too heavily")
    assert told(small=0.2) == ["The picture is small: traces are few."]
    assert len(told(flat=0.3, clipped=0.3, compressed=0.3, small=1.0)) == 4
