from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import detector.evidence.gradient
from detector.evidence import VIEWS, Exhibit, Slider, run_all
from detector.evidence.registry import FAILED

FOLDER = Path(detector.evidence.__file__).parent
SHARED = {"__init__", "drawing", "exhibit", "pixels", "registry", "tables"}


def picture(height, width, value=None):
    if value is None:
        return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.full((height, width, 3), value, np.uint8)


def grey():
    return np.repeat(picture(120, 90)[..., :1], 3, axis=2)


EXTREMES = {
    "1x1": picture(1, 1),
    "2x2": picture(2, 2),
    "8x8": picture(8, 8),
    "7x300": picture(7, 300),
    "1x5000": picture(1, 5000),
    "5000x1": picture(5000, 1),
    "33x2100": picture(33, 2100),
    "65x65": picture(65, 65),
    "noise": picture(300, 200),
    "grey": grey(),
    "black": picture(200, 300, 0),
    "white": picture(200, 300, 255),
    "flat": picture(200, 300, 77),
}


def test_every_view_has_a_module_and_every_module_a_view():
    assert {path.stem for path in FOLDER.glob("*.py")} - SHARED == set(VIEWS)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_says_how_it_is_read_and_how_it_misleads_in_a_sentence_each(view):
    for sentence in (view.read, view.misleads):
        assert sentence.endswith(".")
        assert 60 < len(sentence) < 330


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_picture_gives_an_exhibit_or_a_sentence(view, name, studio):
    image = EXTREMES[name]
    for data in (b"", studio.jpeg(image, 85), b"\xff\xd8\xff rubbish"):
        exhibit = view.look(image, data)
        assert exhibit.caption != FAILED
        assert exhibit.caption.endswith(".")
        assert all(np.isfinite(number) for number in exhibit.figures.values())
        for pixels in (exhibit.image, exhibit.chart):
            if pixels is not None:
                assert pixels.dtype == np.uint8
                assert pixels.ndim == 3
                assert pixels.shape[2] == 3
                assert min(pixels.shape[:2]) > 0
                assert max(pixels.shape[:2]) <= 1700


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_picture_is_not_changed_and_looking_twice_shows_the_same(view, scene, studio):
    image = scene[:256, :320].copy()
    data = studio.jpeg(image, 80)
    before = image.copy()
    image.setflags(write=False)
    first, second = view.look(image, data), view.look(image, data)
    np.testing.assert_array_equal(image, before)
    assert first.caption == second.caption
    for one, other in ((first.image, second.image), (first.chart, second.chart)):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)


def test_a_view_that_fails_says_so_and_the_log_says_why(monkeypatch, caplog, scene):
    def broken(image, data):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(detector.evidence.gradient, "look", broken)
    exhibit = VIEWS["gradient"].look(scene)
    assert exhibit == Exhibit(FAILED)
    assert exhibit.empty
    assert "of all things" in caplog.text


def test_all_views_are_looked_through_in_order(scene):
    image = scene[:128, :128]
    assert [view.name for view, _ in run_all(image, limit_s=600)] == list(VIEWS)
    assert run_all(image, limit_s=0) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, 90), (90, 90), (10, 50), (200, 98), (71.4, 71), (float("nan"), 90)],
)
def test_a_slider_brings_numbers_into_range(value, expected):
    assert Slider("quality", 50, 98, 1, 90).nearest(value) == expected


def test_nothing_heavy_is_imported_before_a_view_is_looked_at():
    code = (
        "import detector.evidence, sys;"
        "print([n for n in ('cv2', 'scipy', 'skimage', 'torch') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
