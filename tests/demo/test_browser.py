"""The page in headless Chromium, against a real server with a fake detector."""

from __future__ import annotations

import pytest

from detector.contract import Labels
from tests.demo.stage import BOX, LAYERS, SCROLLS_SIDEWAYS, legend, picture


def test_the_first_look_says_what_is_claimed(visit):
    page = visit.open()
    assert page.title() == "EditScope"
    assert page.locator(".es-example").count() == 6
    assert page.locator("#es-verdict").get_by_text("not proof").is_visible()
    assert page.locator("#es-notes").get_by_text("Never decide on this alone").is_visible()
    assert page.locator(".es-viewer").is_hidden()
    assert page.get_by_role("button", name="Save mask").is_disabled()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.es-example img')].every(i => i.naturalWidth > 0)"
    )


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
    assert "No sign of editing found" in page.locator("#es-verdict").inner_text()
    assert page.locator(".es-viewer").get_attribute("data-layer") == "heat"
    assert page.locator(".es-layer").is_visible()
    told = "Nothing is marked: parts of the heat map pass the threshold and deserve a look"
    assert told in legend(page)
    page.get_by_label("Marked area").check()
    assert page.locator(".es-layer").is_hidden()
    assert legend(page).startswith(told)
    visit.send("generated.png", picture(corner=(255, 0, 0)))
    assert "Very likely wholly AI-generated" in page.locator("#es-verdict").inner_text()
    assert "as a whole" in page.locator("#es-verdict").inner_text()
    assert page.locator(".es-layer").is_visible()


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
