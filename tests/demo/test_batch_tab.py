"""A batch in a browser and for programs: progress, sorting, stopping, what is left."""

from __future__ import annotations

import csv
import io
import time
import zipfile

import gradio_client
import pytest

from tests.demo.fake import SLOW_S, YELLOW
from tests.demo.stage import SCROLLS_SIDEWAYS, picture
from tests.demo.tabs import choose, forgive_gradio, open_tab

NATURAL, GENERATED = (0, 255, 0), (255, 0, 0)


@pytest.fixture
def tab(visit):
    yield opened(visit)
    forgive_gradio(visit)


def opened(visit):
    page = visit.open()
    open_tab(page, "Batch")
    page.locator("#es-batch-start").wait_for()
    return page


def put(page, files: dict[str, bytes]) -> None:
    choose(page, page.locator("#es-batch-files"), files)


def names(page) -> list[str]:
    return page.locator("#es-batch .eb-name").all_inner_texts()


def five() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("in/b.png", picture(120, 80, NATURAL))
        archive.writestr("in/notes.txt", b"text")
        archive.writestr("__MACOSX/b.png", b"x")
    return {
        "c.png": picture(),
        "a.png": picture(60, 60, GENERATED),
        "broken.jpg": b"no picture",
        "set.zip": buffer.getvalue(),
        "d.png": picture(200, 100),
    }


def test_a_batch_runs_is_sorted_and_saved(tab, tmp_path):
    put(tab, five())
    tab.locator("#es-batch-start").click()
    tab.get_by_text("Done \u00b7 6 of 6 \u00b7 2 could not be read").wait_for()
    assert names(tab) == ["c.png", "a.png", "broken.jpg", "in/b.png", "in/notes.txt", "d.png"]
    words = tab.locator("#es-batch").inner_text()
    assert words.count("This file is not a picture.") == 2
    assert "hidden files" in words
    tab.wait_for_function(
        "() => [...document.querySelectorAll('#es-batch td img')].every(i => i.naturalWidth > 0)"
    )
    assert tab.locator("#es-batch td img").count() == 4

    tab.locator("#es-batch").get_by_role("button", name="File").click()
    assert names(tab) == ["a.png", "broken.jpg", "c.png", "d.png", "in/b.png", "in/notes.txt"]
    size = tab.locator("#es-batch").get_by_role("button", name="Size")
    size.click()
    assert names(tab)[:4] == ["d.png", "in/b.png", "c.png", "a.png"]
    size.click()
    assert names(tab) == ["a.png", "c.png", "in/b.png", "d.png", "broken.jpg", "in/notes.txt"]
    assert tab.locator("#es-batch th[data-key=pixels]").get_attribute("aria-sort") == "ascending"

    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save table").click()
    assert download.value.suggested_filename == "editscope-results.csv"
    download.value.save_as(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows][:3] == ["c.png", "a.png", "broken.jpg"]
    assert [row["label"] for row in rows][:2] == ["LocallyEdited", "FullySynthesized"]
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save masks").click()
    download.value.save_as(tmp_path / "m.zip")
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        assert archive.testzip() is None
        assert "masks/002-a-mask.png" in archive.namelist()
        assert len(archive.namelist()) == 4 * 2 + 1
    assert tab.locator("#es-batch-stop").is_disabled()
    assert tab.locator("#es-batch-start").is_enabled()


def test_stopping_ends_the_work_and_leaves_what_is_done(tab, visit, tmp_path):
    slow = {f"{n}.png": picture(90 + n, 60, YELLOW) for n in range(20)}
    put(tab, slow)
    before = visit.server.examinations
    tab.locator("#es-batch-start").click()
    tab.locator("#es-batch .eb-name").nth(1).wait_for()
    assert "left" in tab.locator(".eb-words").inner_text()
    tab.locator("#es-batch-stop").click()
    tab.get_by_text("Stopped \u00b7").wait_for()
    done = len(names(tab))
    assert 2 <= done < 20
    time.sleep(3 * SLOW_S)  # the picture under way may finish, no other may begin
    assert visit.server.examinations - before <= done + 1
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save table").click()
    download.value.save_as(tmp_path / "t.csv")
    assert len((tmp_path / "t.csv").read_text("utf-8-sig").splitlines()) == done + 1
    assert tab.locator("#es-batch-start").is_enabled()


def test_closing_the_page_ends_the_batch(browser, server):
    page = browser.new_page()
    page.goto(server.url)
    page.wait_for_selector(".es-example")
    open_tab(page, "Batch")
    put(page, {f"{n}.png": picture(70 + n, 60, YELLOW) for n in range(15)})
    before = server.examinations
    page.locator("#es-batch-start").click()
    page.locator("#es-batch .eb-name").first.wait_for()
    page.close()
    time.sleep(5 * SLOW_S)
    after = server.examinations
    time.sleep(2 * SLOW_S)
    assert server.examinations == after
    assert after - before < 15


def test_a_phone_scrolls_the_table_alone(phone):
    page = opened(phone)
    put(page, {"a-very-long-name-" + "x" * 90 + ".png": picture(), "b.jpg": b"x"})
    page.locator("#es-batch-start").click()
    page.get_by_text("Done \u00b7 2 of 2").wait_for()
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    forgive_gradio(phone)


def test_programs_send_many(server, tmp_path):
    client = gradio_client.Client(server.url, verbose=False, download_files=tmp_path / "got")
    sent = []
    for name, content in five().items():
        (tmp_path / name).write_bytes(content)
        sent.append(gradio_client.handle_file(tmp_path / name))
    steps = list(client.submit(sent, api_name="/batch"))
    assert [step[0]["done"] for step in steps] == [0, 1, 2, 3, 4, 5, 6, 6]
    rows, table, masks = steps[-1]
    assert rows["rows"][0]["label"] == "LocallyEdited"
    assert rows["rows"][2]["problem"] == "This file is not a picture."
    assert zipfile.is_zipfile(masks)
    with open(table, encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 7
