"""The API's documentation in a real browser; `visit` checks that no other host is asked."""

from __future__ import annotations

from tests.demo.conftest import Visit


def test_swagger_sends_its_example_to_this_server(visit: Visit) -> None:
    visit.page.goto(f"{visit.server.url}/docs")
    visit.page.click("#operations-Detection-predict_predict_post .opblock-summary")
    visit.page.click("#operations-Detection-predict_predict_post .execute")
    answer = visit.page.locator(".live-responses-table .response").first
    answer.wait_for()
    assert answer.locator(".response-col_status").inner_text().startswith("200")
    assert '"logprobs"' in answer.inner_text()
    assert visit.page.locator("#swagger-ui .errors").count() == 0


def test_redoc_shows_the_contract(visit: Visit) -> None:
    visit.page.goto(f"{visit.server.url}/redoc")
    visit.page.get_by_role("heading", name="Judge a picture").wait_for()
    text = visit.page.locator("body").inner_text()
    assert "localizationMask" in text
    assert "LocallySynthesized" in text
