"""The tab of evidence in headless Chromium, and what it sends there."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from demo import evidence_tab
from detector.evidence import VIEWS, Exhibit
from tests.demo import tabs
from tests.pictures import photo

LOADED = "() => [...document.querySelectorAll('{}')].every(i => i.naturalWidth > 0)"
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"


def jpeg(height: int = 96, width: int = 128, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    Image.fromarray(photo(height, width)).save(buffer, "JPEG", quality=80, exif=exif)
    return buffer.getvalue()


def open_tab(visit: Any) -> Any:
    page = visit.page
    tabs.open_tab(page, "Evidence")
    page.locator("#es-evidence").wait_for()
    return page


def choose(page: Any, title: str) -> Any:
    page.locator("#es-evidence-views").get_by_label(title, exact=True).check()
    panel = page.locator("#es-evidence")
    panel.locator(".ev-title", has_text=title).wait_for()
    return panel


def test_nothing_is_computed_before_the_tab_is_opened(visit):
    visit.open()
    before = visit.server.log.read_text().count("Traceback")  # other tests share the server
    visit.send("a.jpg", jpeg(), "image/jpeg")
    visit.send("b.jpg", jpeg(100), "image/jpeg")  # by now what follows on the first has run
    assert not [url for url in visit.requests if "error_level" in url]
    page = open_tab(visit)
    page.locator(".ev-title", has_text="Error level").wait_for()
    page.wait_for_function(LOADED.format(".ev-picture img"))
    assert [url for url in visit.requests if "error_level" in url]
    assert visit.server.log.read_text().count("Traceback") == before


def test_every_view_opens_with_its_two_sentences(visit):
    visit.open()
    visit.send("every.jpg", jpeg(320, 400), "image/jpeg")
    page = open_tab(visit)
    for view in VIEWS.values():
        panel = choose(page, view.title)
        assert panel.locator(".ev-read").inner_text() == view.read
        assert panel.locator(".ev-misleads").inner_text() == view.misleads
        assert "could not be made" not in panel.locator(".ev-caption").inner_text()
        shown = panel.locator(".ev-open:visible img")
        for i in range(shown.count()):
            assert shown.nth(i).get_attribute("alt")
    said = page.locator("#es-evidence").inner_text()
    assert str(visit.server.temporary) not in said


def test_a_slider_makes_the_view_anew_and_other_views_have_none(visit):
    visit.open()
    visit.send("slide.jpg", jpeg(), "image/jpeg")
    page = open_tab(visit)
    caption = page.locator("#es-evidence .ev-caption")
    page.get_by_text("Saved again at quality 90").wait_for()
    number = page.locator("#es-evidence-slider input[type=number]")
    number.fill("60")
    number.press("Enter")
    page.get_by_text("Saved again at quality 60").wait_for()
    choose(page, "Chroma")
    assert (
        page.locator("#es-evidence-slider").count() == 0
        or not page.locator("#es-evidence-slider").is_visible()
    )
    choose(page, "Bit planes")
    assert caption.inner_text().startswith("Plane 0:")


def test_a_new_picture_is_looked_at_when_the_tab_is_open(visit):
    visit.open()
    visit.send("first.jpg", jpeg(), "image/jpeg")
    page = open_tab(visit)
    choose(page, "Quantization tables")
    page.get_by_text("quality 80.").first.wait_for()
    visit.send("second.png", png(), "image/png")
    page.get_by_text("The file is not a JPEG").wait_for()
    visit.send("broken.png", b"no picture")
    page.locator("#es-evidence").get_by_text("Send a picture first.").wait_for()


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo(seed=2)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_click_opens_it_large_and_escape_closes_it(visit):
    visit.open()
    visit.send("large.jpg", jpeg(), "image/jpeg")
    page = open_tab(visit)
    page.locator(".ev-picture").click()
    dialog = page.locator(".ev-dialog")
    assert dialog.is_visible()
    page.wait_for_function(LOADED.format(".ev-dialog img"))
    dialog.get_by_role("button", name="Full size").click()
    assert dialog.locator("img").evaluate("i => i.width === i.naturalWidth")
    page.keyboard.press("Escape")
    assert dialog.is_hidden()


def test_a_rotated_photo_is_seen_upright(visit):
    visit.open()
    visit.send("turned.jpg", jpeg(64, 160, orientation=6), "image/jpeg")
    page = open_tab(visit)
    page.locator(".ev-title", has_text="Error level").wait_for()
    page.wait_for_function(LOADED.format(".ev-picture img"))
    size = page.locator(".ev-picture img").evaluate("i => [i.naturalWidth, i.naturalHeight]")
    assert size == [64, 160]


def test_a_phone_needs_no_sideways_scrolling(phone):
    phone.open()
    phone.send("phone.jpg", jpeg(), "image/jpeg")
    page = phone.page
    tabs.open_tab(page, "Evidence")
    choose(page, "Histogram")
    page.wait_for_function(LOADED.format(".ev-chart img"))
    assert not page.evaluate(SCROLLS_SIDEWAYS)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_charts_are_never_turned(monkeypatch, orientation):
    sizes = {}

    def keep(data: bytes, name: str) -> str:
        with Image.open(io.BytesIO(data)) as image:
            sizes[name] = image.size
        return name

    monkeypatch.setattr(evidence_tab, "store", keep)
    exhibit = Exhibit("", np.zeros((20, 30, 3), np.uint8), np.zeros((40, 50, 3), np.uint8))
    evidence_tab._files(exhibit, "view", orientation)
    turned = orientation >= 5
    assert sizes == {"view.png": (20, 30) if turned else (30, 20), "view-chart.png": (50, 40)}


def test_a_file_that_was_swept_away_leaves_the_pixels(tmp_path):
    examination = SimpleNamespace(image=photo(), orientation=1)
    gone: Any = SimpleNamespace(
        examination=examination, path=str(tmp_path / "gone.jpg"), name="gone.jpg"
    )
    shown = evidence_tab._shown(gone, VIEWS["gradient"], None)
    assert shown.picture is not None
    assert "slope" in shown.caption
