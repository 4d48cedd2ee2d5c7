"""Every tab in headless Chromium: on a camera's photo, on a broken file, and what is taken home.

Console errors and requests to other hosts fail each of these tests, see `Visit`.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from demo.gallery import FOLDER
from detector.contract import PredictionResponse
from tests.demo.conftest import Visit
from tests.demo.stage import SCROLLS_SIDEWAYS
from tests.demo.tabs import choose, forgive_gradio, open_tab, serious
from tests.provenance import files

LOADED = """selector => {
    const shown = [...document.querySelectorAll(selector)].filter(i => i.offsetParent);
    return shown.length > 0 && shown.every(i => i.complete && i.naturalWidth > 0);
}"""
STILL = """() => !document.querySelector("#es-tabs .pending")
    && document.getAnimations().every(animation => animation.playState !== "running")"""
ROCKETS = (FOLDER / "two-rockets.jpg").read_bytes()  # one rocket is a copy of the other
BROKEN = b"\xff\xd8\xff\xe0 no picture at all"


def camera_photo() -> bytes:
    """A JPEG that names a camera and carries a thumbnail of something else."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Acme", "Acme One"
    with Image.open(io.BytesIO(ROCKETS)) as image:
        pixels = np.asarray(image)
    return files.with_exif(files.jpeg(pixels), exif, files.jpeg(files.photo(160, 107, seed=9)))


def look_at_every_tab(visit: Visit) -> None:
    """Open each tab, wait for all that it shows, and let axe-core and a ruler go over it."""
    page = visit.page

    def check(name: str) -> None:
        page.wait_for_function(STILL)
        assert serious(page) == [], name
        assert not page.evaluate(SCROLLS_SIDEWAYS), name

    open_tab(page, "Evidence")
    page.wait_for_function(LOADED, arg=".ev-picture img")
    check("Evidence")

    tab = open_tab(page, "Provenance")
    tab.get_by_text("It names a camera, Acme One.").wait_for()
    assert "None of it is shown to the detector" in tab.inner_text()
    page.wait_for_function(LOADED, arg=".ep-pair img")
    check("Provenance")

    tab = open_tab(page, "Report")
    tab.get_by_role("button", name="Build the report").click()
    tab.get_by_text("is ready, with 14 exhibits").wait_for()
    check("Report")

    tab = open_tab(page, "Compare")
    choose(page, tab.locator(".block", has_text="Second:").last, {"copy.jpg": ROCKETS})
    tab.get_by_role("button", name="Compare", exact=True).click()
    tab.get_by_text("lie exactly over one another").wait_for()
    page.wait_for_function(LOADED, arg=".ec-stage img")
    check("Compare")

    tab = open_tab(page, "Batch")
    choose(page, page.locator("#es-batch-files"), {"a.jpg": ROCKETS, "b.jpg": BROKEN})
    tab.get_by_role("button", name="Examine all").click()
    tab.get_by_text("Done \u00b7 2 of 2 \u00b7 1 could not be read").wait_for()
    page.wait_for_function(LOADED, arg="#es-batch td img")
    check("Batch")

    tab = open_tab(page, "API")
    tab.locator(".cm-line", has_text="photo.jpg").first.wait_for()
    check("API")
    assert "Traceback" not in visit.server.log.read_text()
    forgive_gradio(visit)


def test_every_tab_on_a_desk_by_day(visit: Visit) -> None:
    visit.open()
    visit.send("photo.jpg", camera_photo(), "image/jpeg")
    look_at_every_tab(visit)


def test_every_tab_on_a_phone_at_night(phone: Visit) -> None:
    phone.page.emulate_media(color_scheme="dark")
    phone.open()
    phone.send("photo.jpg", camera_photo(), "image/jpeg")
    look_at_every_tab(phone)


def test_every_tab_has_a_sentence_for_a_broken_file(visit: Visit) -> None:
    page = visit.open()
    visit.send("photo.jpg", camera_photo(), "image/jpeg")
    visit.send("broken.jpg", BROKEN, "image/jpeg")  # nothing of the photo before it may stay
    tab = open_tab(page, "Evidence")
    tab.get_by_text("Send a picture first.").wait_for()
    assert tab.locator("img:visible").count() == 0
    open_tab(page, "Provenance").get_by_text("Show a picture first.").wait_for()
    tab = open_tab(page, "Report")
    tab.get_by_role("button", name="Build the report").click()
    tab.get_by_role("alert").get_by_text("Show a picture first.").wait_for()
    assert tab.get_by_role("button", name="PDF").is_disabled()
    tab = open_tab(page, "Compare")
    choose(page, tab.locator(".block", has_text="First:").last, {"a.jpg": ROCKETS})
    choose(page, tab.locator(".block", has_text="Second:").last, {"b.jpg": BROKEN})
    tab.get_by_role("button", name="Compare", exact=True).click()
    tab.get_by_role("alert").get_by_text("This picture's file is damaged").wait_for()
    tab = open_tab(page, "Batch")
    choose(page, page.locator("#es-batch-files"), {"broken.zip": b"PK\x03\x04 and no more"})
    tab.get_by_role("button", name="Examine all").click()
    tab.get_by_text("This zip file is damaged.").wait_for()
    tab = open_tab(page, "API")
    tab.locator(".cm-line", has_text="photo.jpg").first.wait_for()
    assert tab.get_by_role("button", name="Save request.json").is_disabled()
    assert "Traceback" not in visit.server.log.read_text()
    forgive_gradio(visit)


def test_copies_are_joined_by_lines(visit: Visit) -> None:
    page = visit.open()
    visit.send("rockets.jpg", ROCKETS, "image/jpeg")
    tab = open_tab(page, "Evidence")
    tab.get_by_label("Copy-move matches", exact=True).check()
    tab.get_by_text("pairs of points move together").wait_for()
    page.wait_for_function(LOADED, arg=".ev-picture img")
    drawn = tab.locator(".ev-picture img").evaluate(
        """image => {
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const levels = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let pink = 0;  // a colour that is not in the photo
            for (let i = 0; i < levels.length; i += 4) {
                pink += levels[i] > 200 && levels[i + 1] < 80 && levels[i + 2] > 60;
            }
            return pink;
        }"""
    )
    assert drawn > 1000


def test_a_report_is_whole_without_the_service(visit: Visit, tmp_path: Path) -> None:
    page = visit.open()
    data = camera_photo()
    visit.send("photo.jpg", data, "image/jpeg")
    tab = open_tab(page, "Report")
    tab.get_by_role("button", name="Build the report").click()
    tab.get_by_text("is ready, with 14 exhibits").wait_for()
    saved = {}
    for button in ("PDF", "HTML", "Response (JSON)", "Mask (PNG)"):
        with page.expect_download() as download:
            page.locator("#es-report-files").get_by_text(button, exact=True).click()
        saved[button] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[button])
    assert saved["HTML"].name == "photo-report.html"

    answer = PredictionResponse.model_validate_json(saved["Response (JSON)"].read_text())
    assert len(answer.logprobs) == 4
    with Image.open(saved["Mask (PNG)"]) as mask:
        assert mask.size == (640, 427)

    command = "\n".join(tab.locator("#es-report-curl .cm-line").all_inner_texts())
    (tmp_path / "photo.jpg").write_bytes(data)
    run = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True, timeout=60
    )
    assert json.loads(run.stdout) == json.loads(saved["Response (JSON)"].read_text())

    before = len(visit.requests)
    page.context.set_offline(True)
    page.goto(saved["HTML"].as_uri())
    page.wait_for_function(LOADED, arg="img")
    assert hashlib.sha256(data).hexdigest() in page.content()
    assert page.locator("img").count() > 14
    asked = {url.partition(":")[0] for url in visit.requests[before:]}
    assert asked <= {"file", "data"}
    assert serious(page) == []
    page.context.set_offline(False)

    if shutil.which("pdftoppm") is None:
        pytest.skip("no pdftoppm: `apt-get install poppler-utils`")
    subprocess.run(
        ["pdftoppm", "-r", "40", "-gray", saved["PDF"], tmp_path / "page"], check=True, timeout=120
    )
    pages = sorted(tmp_path.glob("page-*.pgm"))
    assert len(pages) >= 5
    for name in pages:  # no page is empty: each has a tenth of its rows beyond head and foot inked
        with Image.open(name) as image:
            inked = (np.asarray(image) < 160).any(axis=1)
        assert inked.mean() > 0.1, name.name
