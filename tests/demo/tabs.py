"""Opening the page's tabs as a visitor does, and what axe-core says of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page

    from tests.demo.conftest import Visit

# Gradio's own file field asks for upload progress by a method that its client lacks, and warns.
GRADIO_SAYS = "Method not implemented."

MOVED_MS = 5000.0  # a tab that takes longer to be clicked was perhaps moved meanwhile
ATTEMPTS = 12  # a minute, what Playwright waits elsewhere

# Tabs that have no room go into the menu once the row was measured.
SETTLED = """() => {
    const row = document.querySelector("#es-tabs > .tab-wrapper [role=tablist]");
    return row.lastElementChild.getBoundingClientRect().right <= window.innerWidth;
}"""


def open_tab(page: Page, name: str) -> Locator:
    """Open a tab, which on a narrow screen is in the menu at the end of the row."""
    row = page.locator("#es-tabs > .tab-wrapper")
    tab = row.get_by_role("tab", name=name, exact=True)
    menu = row.locator(".overflow-menu > button")
    tab.or_(menu).locator("visible=true").first.wait_for()
    page.wait_for_function(SETTLED)
    if not _clicked(tab):
        menu.click()
        row.locator(".overflow-dropdown button", has_text=name).click()
    return page.locator("#es-tabs > [role=tabpanel]:visible")


def _clicked(tab: Locator) -> bool:
    """Click a tab unless it is in the menu, or goes there while it is being clicked."""
    from playwright.sync_api import TimeoutError as Overdue

    for _ in range(ATTEMPTS):
        if not tab.is_visible():
            return False
        with suppress(Overdue):
            tab.click(timeout=MOVED_MS)
            return True
    raise AssertionError("the tab is in the row and cannot be clicked")


def choose(page: Page, field: Locator, files: dict[str, bytes]) -> None:
    """Put files into one of Gradio's file fields and wait until they are there."""
    sent: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files.items()
    ]
    field.locator("input[type=file]").set_input_files(sent)
    field.locator(".file-preview tr").nth(len(files) - 1).wait_for()


def forgive_gradio(visit: Visit) -> None:
    """Drop what Gradio itself warns of."""
    visit.complaints[:] = [said for said in visit.complaints if GRADIO_SAYS not in said]


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe-core holds to be a serious or critical obstacle: rule, element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [
        (violation["id"], node["html"][:200])
        for violation in axe.run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
