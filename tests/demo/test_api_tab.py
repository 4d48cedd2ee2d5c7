"""The API tab in a browser: filled for this server, with and without a picture."""

from __future__ import annotations

import base64
import json

from tests.demo.stage import picture


def code(page) -> str:
    lines = page.locator("#es-calls .cm-content:visible .cm-line").all_inner_texts()
    return "\n".join(lines)


def test_calls_are_filled_with_the_picture(visit, tmp_path):
    page = visit.open()
    page.get_by_role("tab", name="API").click()
    page.locator("#es-api-intro").get_by_text(f"{visit.server.url}/predict").wait_for()
    page.locator("#es-calls .cm-line", has_text="photo.jpg").first.wait_for()
    save = page.get_by_role("button", name="Save request.json")
    assert save.is_disabled()
    assert "LocallySynthesized" in page.locator("#es-api-meaning").inner_text()
    assert "4 megapixels" in page.locator("#es-api-meaning").inner_text()

    data = picture()
    visit.send("it's mine.png", data)
    page.locator("#es-calls .cm-line", has_text="mine.png").first.wait_for()
    assert f"curl -sS --fail-with-body {visit.server.url}/predict" in code(page)
    assert '"mediaType": "image/png"' in code(page)
    for title, words in {
        "Python": 'pathlib.Path("it\'s mine.png")',
        "gradio_client": 'handle_file("it\'s mine.png")',
        "JavaScript": 'readFile("it\'s mine.png")',
    }.items():
        page.locator("#es-calls").get_by_role("tab", name=title).click()
        page.locator("#es-calls .cm-content:visible", has_text=words).wait_for()

    with page.expect_download() as download:
        save.click()
    assert download.value.suggested_filename == "it's mine-request.json"
    download.value.save_as(tmp_path / "request.json")
    body = json.loads((tmp_path / "request.json").read_text())
    assert body["image"]["mediaType"] == "image/png"
    assert base64.b64decode(body["image"]["data"]) == data
