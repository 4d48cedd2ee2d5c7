"""The page in headless Chromium, against a real server with a fake detector."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import ExifTags, Image

from detector.contract import BinaryMask, Labels

LAYER_OPACITY = "getComputedStyle(document.querySelector('.es-layer')).opacity"
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
BOX = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }"
LAYERS = ("marked", "heat", "contour", "mask", "reliability")


def marked_share(page) -> float:
    return float(page.locator(".es-layer").get_attribute("data-share"))


def legend(page) -> str:
    return page.locator(".es-legend").inner_text()


def layer_at(page, x: float, y: float) -> list[int]:
    """The layer's colour and alpha at a place given in shares of its width and height."""
    return page.locator(".es-layer").evaluate(
        """(layer, [x, y]) => [...layer.getContext("2d").getImageData(
            Math.floor(x * layer.width), Math.floor(y * layer.height), 1, 1).data]""",
        [x, y],
    )


def transform(page) -> list[float]:
    return page.locator(".es-sheet").first.evaluate(
        "e => { const m = new DOMMatrix(getComputedStyle(e).transform); return [m.a, m.e, m.f] }"
    )


def scale(page) -> float:
    return transform(page)[0]


def offset(page) -> list[float]:
    return transform(page)[1:]


def centre(page) -> tuple[float, float]:
    x, y, width, height = page.locator(".es-stage").evaluate(BOX)
    return x + width / 2, y + height / 2


def picture(width=90, height=60, corner=(9, 9, 9), orientation=1, kind="PNG") -> bytes:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[:8, :8] = corner
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def blank(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_first_look_says_what_is_claimed(visit):
    page = visit.open()
    assert page.title() == "EditScope"
    assert page.locator(".es-example").count() == 6
    assert page.locator("#es-verdict").get_by_text("not proof").is_visible()
    assert page.locator("#es-notes").get_by_text("Never decide on this alone").is_visible()
    assert page.locator(".es-viewer").is_hidden()
    assert page.get_by_role("button", name="Save mask").is_disabled()
    loaded = page.locator(".es-example img").evaluate_all("all => all.every(i => i.naturalWidth)")
    assert loaded


def test_an_example_gives_a_verdict_bars_and_an_overlay(visit):
    page = visit.open()
    page.get_by_role("button", name="Two rockets").click()
    page.wait_for_selector(".es-viewer[data-state=done]")
    verdict = page.locator("#es-verdict")
    verdict.get_by_text("Very likely edited in part").wait_for()
    assert "85 %" in verdict.inner_text()
    assert "about 7 % of the picture, upper left" in verdict.inner_text()
    names = page.locator(".es-bar small").all_inner_texts()
    assert names == [label.name for label in Labels]
    assert page.locator(".es-bar-value").all_inner_texts() == ["5 %", "5 %", "85 %", "5 %"]
    widths = page.locator(".es-bar-track span").evaluate_all(
        "bars => bars.map(b => b.offsetWidth / b.parentElement.offsetWidth)"
    )
    assert widths == pytest.approx([0.05, 0.05, 0.85, 0.05], abs=0.01)
    shown = page.locator(".es-picture").evaluate(BOX)
    assert page.locator(".es-layer").evaluate(BOX) == shown
    assert shown[2] > 600
    assert "two-rockets.jpg" in page.locator("#es-notes").inner_text()
    assert "640 \u00d7 427 px" in page.locator("#es-notes").inner_text()


def test_sliders_layers_and_zoom_answer_without_the_server(visit):
    page = visit.open()
    visit.send("a.png", picture())
    page.wait_for_timeout(500)  # what the answer itself asks for
    examined, asked = visit.server.examinations, len(visit.requests)
    assert float(page.evaluate(LAYER_OPACITY)) == pytest.approx(0.8)
    page.locator(".es-opacity input").fill("25")
    assert float(page.evaluate(LAYER_OPACITY)) == pytest.approx(0.25)
    assert page.locator(".es-opacity output").inner_text() == "25 %"

    # the fake's map is 0.9 on 10 x 12 of 40 x 40 cells and blurs outwards from there
    assert marked_share(page) == pytest.approx(0.075, abs=0.01)
    page.locator(".es-threshold input").fill("5")
    page.wait_for_function("Number(document.querySelector('.es-layer').dataset.share) > 0.08")
    assert "would be marked at this threshold. The verdict's own is 0.50." in legend(page)
    page.locator(".es-threshold input").fill("95")
    page.wait_for_function("document.querySelector('.es-layer').dataset.share === '0.00000'")
    assert page.locator(".es-layer").is_hidden()
    page.locator(".es-threshold input").fill("50")
    page.locator(".es-layer").wait_for()

    page.get_by_label("Marked area").focus()
    seen = [layer_at(page, 0.25, 0.22)]
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(layer_at(page, 0.25, 0.22))
    tint, heat, inside_contour, mask, _ = seen
    assert tint == [255, 0, 110, 150]
    assert heat[0] > 240  # the bright end of the ramp
    assert heat[3] > 230
    assert inside_contour[3] == 0
    assert mask == [255, 255, 255, 255]
    assert "small: traces are few" in legend(page) or "too small" in legend(page)
    assert page.locator(".es-threshold input").is_disabled()  # it does not act on reliability

    assert visit.server.examinations == examined
    assert visit.requests[asked:] == []


def test_side_by_side(visit):
    page = visit.open()
    visit.send("a.png", picture())
    clipped = "getComputedStyle(document.querySelector('.es-over')).clipPath"
    assert page.evaluate(clipped) == "none"
    page.get_by_label("Side by side").check()
    assert page.evaluate(clipped).endswith("50%)")
    page.locator(".es-divider").focus()
    page.keyboard.press("Home")
    assert page.evaluate(clipped).endswith("0%)")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(clipped).endswith(" 2%)")
    x, y, width, height = page.locator(".es-stage").evaluate(BOX)
    page.mouse.move(x + 0.02 * width, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + 0.75 * width, y + height / 2)
    page.mouse.up()
    assert float(page.locator(".es-divider").input_value()) == pytest.approx(75, abs=1)


def test_zoom_to_the_pixel_fetches_none_from_the_server(visit):
    page = visit.open()
    visit.send("large.jpg", picture(1900, 1500, kind="JPEG"), "image/jpeg")
    page.wait_for_timeout(500)  # what the answer itself asks for
    asked = len(visit.requests)
    stage = page.locator(".es-stage")
    assert page.locator(".es-picture").evaluate("i => i.naturalWidth") == 1600
    page.mouse.move(*centre(page))
    page.mouse.wheel(0, -400)  # not clicked yet: the wheel belongs to the page
    assert scale(page) == 1
    stage.click(position={"x": 9, "y": 9})
    page.mouse.wheel(0, -400)
    page.wait_for_function("document.querySelector('.es-stage').classList.contains('es-zoomed')")
    page.keyboard.press("9")
    assert page.locator(".es-scale").inner_text() == "100 %"
    page.wait_for_selector(".es-stage[data-pixels=all]")
    assert page.locator(".es-picture").evaluate("i => i.naturalWidth") == 1900
    before = offset(page)
    page.keyboard.press("ArrowRight")
    assert offset(page)[0] < before[0]
    before = offset(page)
    page.mouse.move(*centre(page))
    page.mouse.down()
    page.mouse.move(centre(page)[0] - 40, centre(page)[1] - 30)
    page.mouse.up()
    assert offset(page) == pytest.approx([before[0] - 40, before[1] - 30], abs=2)
    for _ in range(12):
        page.keyboard.press("+")
    assert page.locator(".es-scale").inner_text() == "3200 %"
    rendering = "getComputedStyle(document.querySelector('.es-picture')).imageRendering"
    assert page.evaluate(rendering) == "pixelated"
    assert "score" in page.locator(".es-readout").inner_text()
    page.keyboard.press("m")
    assert page.locator(".es-lens").is_visible()
    page.keyboard.press("0")
    assert scale(page) == 1
    for key, layer in zip("12345", LAYERS, strict=True):
        page.keyboard.press(key)
        assert page.locator(".es-viewer").get_attribute("data-layer") == layer
    outside = [url for url in visit.requests[asked:] if not url.startswith("blob:")]
    assert outside == []


def test_a_region_in_the_list_shows_itself_in_the_picture(visit):
    page = visit.open()
    visit.send("a.png", picture(600, 400))
    box = page.locator(".es-boxes i")
    x, y, width, height = page.locator(".es-stage").evaluate(BOX)
    left, top, across, down = box.evaluate(BOX)
    assert ((left - x) / width, (top - y) / height) == pytest.approx((0.1, 0.1), abs=0.02)
    assert (across / width, down / height) == pytest.approx((0.3, 0.25), abs=0.03)
    page.get_by_role("button", name="Upper left").click()
    assert page.locator(".es-boxes i.es-chosen").count() == 1
    assert scale(page) > 1.5
    middle = box.evaluate(BOX)
    assert middle[0] >= x - 1  # the whole box is in sight
    assert middle[0] + middle[2] <= x + width + 1
    assert page.get_by_role("button", name="Upper left").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Upper left").click()
    assert scale(page) == 1
    page.get_by_label("Boxes").uncheck()
    assert box.count() == 0


def test_nothing_serious_stands_in_the_way_of_anybody(visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit.open()
    page.emulate_media(reduced_motion="reduce")
    visit.send("a.png", picture())
    page.get_by_text("Keys and gestures").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        if scheme == "dark":
            visit.open()
            visit.send("a.png", picture())
        found = axe.run(page).response["violations"]
        serious = [
            (violation["id"], node["html"][:200])
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
        assert serious == [], scheme


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
        ("huge.png", blank(2001, 2000), "at most 4000000 pixels"),
    ]:
        page.set_input_files(".es-file", {"name": name, "mimeType": "image/png", "buffer": data})
        page.get_by_text(sentence).wait_for()
        assert "Traceback" not in page.content()
        assert page.locator(".es-viewer").is_hidden()
    visit.send("good.png", picture())
    assert "Very likely edited in part" in page.locator("#es-verdict").inner_text()
    assert page.locator(".es-viewer").is_visible()


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


def test_a_reduced_examination_says_so(visit):
    page = visit.open()
    visit.send("slow.png", picture(600, 400, corner=(0, 0, 255)))
    assert "Examined at reduced size" in page.locator("#es-verdict").inner_text()
    assert "reduced" in page.locator(".es-facts").inner_text()


def test_the_verdict_leads_to_the_tabs(visit):
    page = visit.open()
    visit.send("a.png", picture())
    page.locator("#es-verdict").get_by_role("button", name="Provenance").click()
    tab = page.get_by_role("tab", name="Provenance")
    assert tab.get_attribute("aria-selected") == "true"
    assert page.evaluate("document.activeElement.textContent.trim()") == "Provenance"


def test_natural_marks_nothing_and_a_whole_picture_is_marked_whole(visit):
    page = visit.open()
    visit.send("natural.png", picture(corner=(0, 255, 0)))
    assert "Very likely an unaltered photo" in page.locator("#es-verdict").inner_text()
    assert page.locator(".es-layer").is_hidden()
    assert legend(page).startswith("No area is marked.")
    assert "Parts of the heat map pass the threshold and deserve a look" in legend(page)
    visit.send("generated.png", picture(corner=(255, 0, 0)))
    assert "Very likely wholly AI-generated" in page.locator("#es-verdict").inner_text()
    assert "as a whole" in page.locator("#es-verdict").inner_text()
    assert page.locator(".es-layer").is_visible()


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
    page.get_by_text("Very likely an unaltered photo").wait_for()


def test_a_phone_needs_no_sideways_scrolling(phone):
    page = phone.open()
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    phone.send("a-very-long-file-name-" + "x" * 80 + ".png", picture(300, 200))
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    order = page.locator(":is(.es-choose, #es-verdict, .es-stage, #es-notes, #es-gallery)")
    tops = order.evaluate_all("all => all.map(e => [e.getBoundingClientRect().y, e.id])")
    assert [name for _, name in sorted(tops)] == ["", "es-verdict", "", "es-notes", "es-gallery"]


def test_on_a_phone_too_the_verdict_leads_to_tabs_that_lie_in_a_menu(phone):
    page = phone.open()
    phone.send("a.png", picture(300, 200))
    page.locator("#es-verdict").get_by_role("button", name="Report").click()
    page.get_by_role("button", name="Build the report").wait_for()
    assert page.evaluate("document.activeElement.textContent.trim()") == "Report"
    assert not page.evaluate(SCROLLS_SIDEWAYS)


def test_the_layers_fit_into_one_row_of_a_phone(phone):
    page = phone.open()
    phone.send("a.png", picture(300, 200))
    tops = page.locator(".es-segments label").evaluate_all(
        "all => all.map(e => Math.round(e.getBoundingClientRect().y))"
    )
    assert len(tops) == len(LAYERS)
    assert len(set(tops)) == 1


def test_a_new_picture_starts_without_the_magnifier(visit):
    page = visit.open()
    visit.send("a.png", picture())
    page.get_by_label("Magnifier").check()
    assert page.locator(".es-lens").is_visible()
    visit.send("b.png", picture(120, 80))
    assert page.locator(".es-lens").is_hidden()


def test_light_and_dark_follow_the_reader(visit):
    page = visit.page
    shades = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        visit.open()
        shades.append(
            page.evaluate(
                """() => [document.body, document.querySelector('.es-card')].map(e =>
                    getComputedStyle(e).backgroundColor.match(/\\d+/g).map(Number)[1])"""
            )
        )
    assert min(shades[0]) > 200
    assert max(shades[1]) < 60


def test_extreme_pictures_are_shown(visit):
    page = visit.open()
    for size in [(1, 1), (1, 700), (700, 1)]:
        visit.send("thin.png", picture(*size, corner=(0, 255, 0)))
        assert page.locator(".es-viewer").is_visible()
        assert not page.evaluate(SCROLLS_SIDEWAYS)
        assert f"{size[0]} \u00d7 {size[1]} px" in page.locator("#es-notes").inner_text()
