"""The viewer in headless Chromium: sliders, layers, zoom and boxes, all without the server."""

from __future__ import annotations

import pytest

from tests.demo.stage import (
    BOX,
    LAYER_OPACITY,
    LAYERS,
    centre,
    layer_at,
    legend,
    marked_share,
    offset,
    picture,
    scale,
)


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


def layer(page) -> str:
    return page.locator(".es-viewer").get_attribute("data-layer")


def test_with_nothing_marked_the_heat_map_opens_and_the_visitors_choice_comes_back(visit):
    page = visit.open()
    natural, edited = picture(corner=(0, 255, 0)), picture()
    visit.send("natural.png", natural)
    assert layer(page) == "heat"
    assert page.get_by_label("Heat map").is_checked()
    assert "Nothing is marked" in legend(page)
    visit.send("edited.png", edited)
    assert layer(page) == "marked"
    page.get_by_label("Contour").check()
    visit.send("natural.png", natural)
    assert layer(page) == "heat"
    visit.send("edited.png", edited)
    assert layer(page) == "contour"
    page.get_by_label("Reliability").check()  # it has something to show in any case
    visit.send("natural.png", natural)
    assert layer(page) == "reliability"


def test_side_by_side_ends_with_the_picture_and_works_again(visit):
    page = visit.open()
    visit.send("a.png", picture())
    side = page.get_by_label("Side by side")
    clipped = "getComputedStyle(document.querySelector('.es-over')).clipPath"
    side.check()
    page.locator(".es-divider").fill("20")
    page.locator(".es-opacity input").fill("60")
    page.get_by_label("Boxes").uncheck()
    visit.send("b.png", picture(120, 80))
    assert not side.is_checked()
    assert page.evaluate(clipped) == "none"
    assert page.locator(".es-opacity output").inner_text() == "60 %"  # how it is drawn stays
    assert not page.get_by_label("Boxes").is_checked()
    side.check()
    assert page.evaluate(clipped).endswith("50%)")


def test_another_detector_takes_the_old_layers_away_until_it_answers(visit):
    page = visit.open()
    page.evaluate("window.dispatchEvent(new CustomEvent('editscope:again'))")
    assert page.locator(".es-viewer").is_hidden()  # there is no picture to look at again
    visit.send("a.png", picture())
    page.evaluate("window.dispatchEvent(new CustomEvent('editscope:again'))")
    assert page.locator(".es-layer").is_hidden()
    assert page.locator(".es-busy").inner_text() == "Examining the picture"
    visit.send("a.png", picture(120, 80))
    assert page.locator(".es-layer").is_visible()


def test_a_new_picture_starts_without_the_magnifier(visit):
    page = visit.open()
    visit.send("a.png", picture())
    page.get_by_label("Magnifier").check()
    assert page.locator(".es-lens").is_visible()
    visit.send("b.png", picture(120, 80))
    assert page.locator(".es-lens").is_hidden()
