"""Files sent from headless Chromium: broken, turned, pasted, extreme; and what is saved."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from detector.contract import BinaryMask, Labels
from tests.demo.stage import BOX, SCROLLS_SIDEWAYS, blank, picture


def test_downloads_are_the_mask_at_stored_size_and_the_response(visit, tmp_path):
    page = visit.open()
    visit.send("my photo.png", picture(90, 60))
    with page.expect_download() as mask_download:
        page.get_by_role("button", name="Save mask").click()
    assert mask_download.value.suggested_filename == "my-photo-mask.png"
    mask_download.value.save_as(tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as mask:
        assert (mask.mode, mask.size) == ("1", (90, 60))
        pixels = np.asarray(mask)
    with page.expect_download() as response_download:
        page.get_by_role("button", name="Save response").click()
    assert response_download.value.suggested_filename == "my-photo-response.json"
    response_download.value.save_as(tmp_path / "response.json")
    response = json.loads((tmp_path / "response.json").read_text())
    assert np.argmax(response["logprobs"]) == Labels.LocallyEdited
    np.testing.assert_array_equal(BinaryMask(**response["localizationMask"]).to_numpy(), pixels)


def test_a_file_that_cannot_be_read_gets_one_sentence(visit):
    page = visit.open()
    for name, data, sentence in [
        ("broken.jpg", b"this is no picture", "This file is not a picture."),
        ("empty.png", b"", "This file is empty."),
        ("cut.png", picture()[:20], "damaged"),
        ("start.jpg", picture(kind="JPEG")[:400], "nothing of the picture could be read"),
        ("huge.png", blank(2001, 2000), "at most 4000000 pixels"),
    ]:
        page.set_input_files(".es-file", {"name": name, "mimeType": "image/png", "buffer": data})
        page.get_by_text(sentence).wait_for()
        assert "Traceback" not in page.content()
        assert page.locator(".es-viewer").is_hidden()
    visit.send("good.png", picture())
    assert "Very likely edited in part" in page.locator("#es-verdict").inner_text()
    assert page.locator(".es-viewer").is_visible()


def test_half_a_file_is_judged_with_a_warning(visit):
    page = visit.open()
    data = picture(400, 300, kind="JPEG")
    visit.send("half.jpg", data[: len(data) // 2], "image/jpeg")
    note = page.locator("#es-verdict .es-note").first.inner_text()
    assert re.search(r"damaged or incomplete: about [45]\d % of the picture", note)
    visit.send("whole.jpg", data, "image/jpeg")
    assert "damaged" not in page.locator("#es-verdict").inner_text()


def test_a_rotated_photo_is_shown_upright_and_its_mask_is_not(visit, tmp_path):
    page = visit.open()
    visit.send("turned.jpg", picture(120, 60, orientation=6, kind="JPEG"), "image/jpeg")
    _, _, width, height = page.locator(".es-picture").evaluate(BOX)
    assert height == pytest.approx(2 * width, rel=0.02)
    assert "upper right" in page.locator("#es-verdict").inner_text()  # upper left as stored
    assert "120 \u00d7 60 px stored, shown upright" in page.locator("#es-notes").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save mask").click()
    download.value.save_as(tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as mask:
        assert mask.size == (120, 60)


PUT = """([way, bytes]) => {
    const transfer = new DataTransfer();
    if (bytes) transfer.items.add(new File([new Uint8Array(bytes)], "x.png", {type: "image/png"}));
    else transfer.setData("text/uri-list", "https://example.org/a.jpg");
    const event = way === "paste"
        ? new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true})
        : new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true});
    document.querySelector("footer").dispatchEvent(event);
}"""


def test_a_picture_can_be_pasted_and_dropped_anywhere(visit):
    page = visit.open()
    page.evaluate(PUT, ["drop", None])
    assert page.get_by_text("fetches nothing from other sites").is_visible()
    page.evaluate(PUT, ["paste", list(picture())])
    page.get_by_text("Very likely edited in part").wait_for()
    page.evaluate(PUT, ["drop", list(picture(corner=(0, 255, 0)))])
    page.get_by_text("No sign of editing found").wait_for()


def test_extreme_pictures_are_shown(visit):
    page = visit.open()
    for size in [(1, 1), (1, 700), (700, 1)]:
        visit.send("thin.png", picture(*size, corner=(0, 255, 0)))
        assert page.locator(".es-viewer").is_visible()
        assert not page.evaluate(SCROLLS_SIDEWAYS)
        assert f"{size[0]} \u00d7 {size[1]} px" in page.locator("#es-notes").inner_text()
