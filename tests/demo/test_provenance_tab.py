from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from demo.examine import examine
from demo.provenance_tab import card
from demo.session import Current
from engine import Engine
from tests.demo.conftest import Visit
from tests.demo.fake import FakeDetector
from tests.provenance.files import jpeg, photo, png, with_exif

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(FakeDetector())
    engine.load()
    return engine


def current(folder: Path, data: bytes, engine: Engine) -> Current:
    path = folder / "file"
    path.write_bytes(data)
    return Current(str(path), "x", examine(path, "x", engine, 1_000_000))


def test_without_a_picture_it_says_so() -> None:
    assert "Show a picture first" in card(None)


def test_a_file_that_was_swept_away_is_no_crash(tmp_path: Path, engine: Engine) -> None:
    sent = current(tmp_path, png(), engine)
    (tmp_path / "file").unlink()
    assert "no longer kept" in card(sent)


def test_the_summary_comes_first(tmp_path: Path, engine: Engine) -> None:
    text = card(current(tmp_path, png({"parameters": "Steps: 1, Sampler: x"}), engine))
    assert text.startswith('<div role="status"><ul class="ep-summary"')
    assert "The file says it was made by a Stable Diffusion program" in text
    assert "A file can say anything" in text


def test_nothing_in_a_file_becomes_markup(tmp_path: Path, engine: Engine) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = exif[ExifTags.Base.Software] = EVIL
    for data in (with_exif(jpeg(), exif), png({EVIL[:70]: EVIL, "parameters": EVIL})):
        text = card(current(tmp_path, data, engine))
        assert "&lt;script&gt;" in text
        assert set(re.findall(r"<(\w+)", text)) <= {
            *("div", "ul", "li", "details", "summary", "small", "p", "table", "tr", "th", "td")
        }


def test_a_thumbnail_that_differs_is_shown_beside_the_picture(
    tmp_path: Path, engine: Engine
) -> None:
    data = with_exif(jpeg(), Image.Exif(), jpeg(photo(160, 120, seed=9)))
    text = card(current(tmp_path, data, engine))
    assert text.count('<img src="data:image/png;base64,') == 2
    same = with_exif(jpeg(), Image.Exif(), jpeg(photo(160, 120)))
    assert "<img" not in card(current(tmp_path, same, engine))


def test_no_path_of_the_server_is_shown(tmp_path: Path, engine: Engine) -> None:
    assert str(tmp_path) not in card(current(tmp_path, jpeg(), engine))


def test_opening_the_tab_reads_the_file(visit: Visit) -> None:
    page = visit.open()
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    job = "Job ID: 0b1f8f1c-9c1e-4a5d-8b1c-0123456789ab"
    visit.send("a.png", png({"Description": job}, noise))
    page.get_by_role("tab", name="Provenance").click()
    page.get_by_text("The file says it was made by Midjourney.").wait_for()
    visit.send("b.png", png({}, noise))
    page.get_by_role("button", name="Read this file").click()
    page.get_by_text("says nothing about where it comes from").wait_for()
