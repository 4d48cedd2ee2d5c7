"""The comparison in a browser and for programs."""

from __future__ import annotations

import io

import gradio_client
import numpy as np
import pytest
from PIL import ExifTags, Image
from skimage import data

from tests.demo.stage import SCROLLS_SIDEWAYS
from tests.demo.tabs import choose, forgive_gradio, open_tab
from tests.demo.test_comparison import edited, scaled


def jpeg(pixels, orientation: int = 1) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


@pytest.fixture
def tab(visit):
    page = visit.open()
    open_tab(page, "Compare")
    yield page
    forgive_gradio(visit)


def put(page, field: str, name: str, content: bytes) -> None:
    block = page.locator("#es-compare-files .block", has_text=f"{field}:").last
    choose(page, block, {name: content})


def compared(page) -> str:
    before = page.locator("#es-comparison").inner_html()
    page.locator("#es-compare-button").click()
    page.wait_for_function(
        """before => {
            const card = document.querySelector('#es-comparison');
            return card.innerHTML !== before && card.querySelector('.es-card')
                && !card.querySelector('.generating, .eta-bar, .progress-text')
                && !card.innerText.includes('Laying');
        }""",
        arg=before,
    )
    return page.locator("#es-comparison").inner_text()


def test_a_crop_is_laid_over_the_page_s_picture(tab, visit):
    assert "Choose the second picture" in compared(tab)
    cat = np.asarray(data.chelsea())
    suspect = scaled(edited(cat)[0][20:290, 30:440], 0.8)
    put(tab, "Second", "suspect.jpg", jpeg(suspect))
    assert "Choose the first picture" in compared(tab)
    visit.send("original.jpg", jpeg(cat), "image/jpeg")
    open_tab(tab, "Compare")
    said = compared(tab)
    assert "scaled to 80 % and cropped to 82 % of its area" in said
    assert "in one area" in said
    assert said.count("Very likely edited in part 85 %") == 2
    tab.wait_for_function(
        "[...document.querySelectorAll('.ec-stage img')].every(i => i.naturalWidth > 0)"
    )
    asked = len(visit.requests)
    clip = "getComputedStyle(document.querySelector('.ec-first')).clipPath"
    assert "50%" in tab.evaluate(clip)
    tab.locator(".ec-divider").focus()
    tab.keyboard.press("Home")
    assert "100%" in tab.evaluate(clip)
    tab.locator(".ec-modes input[value=difference]").check()
    assert tab.locator(".ec-difference").is_visible()
    tab.locator(".ec-gain input").fill("3")
    shown = tab.locator(".ec-difference").evaluate("e => e.style.filter")
    assert shown == "brightness(8)"
    tab.locator(".ec-modes input[value=changed]").check()
    assert not tab.locator(".ec-difference").is_visible()
    assert visit.requests[asked:] == []


def test_unrelated_and_broken_pictures_get_a_sentence(tab):
    put(tab, "First", "cat.jpg", jpeg(np.asarray(data.chelsea())))
    put(tab, "Second", "coffee.jpg", jpeg(np.asarray(data.coffee())))
    assert "could not be aligned: they share too little" in compared(tab)
    assert tab.locator(".ec-view").is_hidden()


def test_a_phone_shows_it_all(phone):
    page = phone.open()
    open_tab(page, "Compare")
    cat = np.asarray(data.chelsea())
    put(page, "First", "cat.jpg", jpeg(cat))
    put(page, "Second", "broken.jpg", b"no picture")
    assert "This file is not a picture." in compared(page)
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    forgive_gradio(phone)


def test_programs_compare_upright(server, tmp_path):
    client = gradio_client.Client(server.url, verbose=False, download_files=tmp_path / "got")
    cat = np.asarray(data.chelsea())
    (tmp_path / "a.jpg").write_bytes(jpeg(cat))
    (tmp_path / "b.jpg").write_bytes(jpeg(np.rot90(cat), orientation=6))
    files = [gradio_client.handle_file(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    found, difference, changed = client.predict(*files, api_name="/compare")
    assert found["relation"] == "Both have the same size and lie exactly over one another."
    assert found["changed_share"] < 0.001
    assert found["original"]["label"] == "LocallyEdited"
    for path in (difference, changed):
        with Image.open(path) as image:
            assert image.size == (451, 300)
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    broken = gradio_client.handle_file(tmp_path / "c.jpg")
    with pytest.raises(gradio_client.exceptions.AppError, match="This file is not a picture"):
        client.predict(files[0], broken, api_name="/compare")
