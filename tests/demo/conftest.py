"""A real server process with a fake detector, and a real browser that may talk to it alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

ROOT = Path(__file__).parents[2]
START_S = 180.0  # a cold import of Gradio on a busy machine
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Server:
    """The process under test, its address, its log and the folder that it may write to."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    temporary: Path

    @property
    def examinations(self) -> int:
        """How often the engine was asked, by its own log."""
        return len(re.findall(r", step (?:full|reduced|prior),", self.log.read_text()))

    def stop(self) -> bool:
        """Ask it to stop; whether it shut down in order (uvicorn then dies of the signal)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30) in (0, -signal.SIGTERM)


def start(folder: Path) -> Server:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log, temporary = folder / "server.log", folder / "gradio"
    settings = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "MODEL_NAME": "tests.demo.fake:FakeDetector",
        "MAX_PIXELS": "4000000",
        "GRADIO_TEMP_DIR": str(temporary),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            cwd=folder,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, f"http://127.0.0.1:{port}", log, temporary)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/readyz", timeout=5):
                return server
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    server.stop()
    raise AssertionError(f"the server did not become ready:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture(scope="package")  # Playwright's event loop would be in the way of others' anyio.run
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: `apt-get install chromium`, or set CHROMIUM to its path")
    with api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=FLAGS)


@dataclass
class Visit:
    """One tab, and everything it complained of or asked for."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.server.url + path)
        self.page.wait_for_selector(".es-example")
        return self.page

    def send(self, name: str, data: bytes, kind: str = "image/png") -> Page:
        """Choose a file and wait for the answer to it."""
        before = self.page.locator("#es-reading").inner_html()
        self.page.set_input_files(".es-file", {"name": name, "mimeType": kind, "buffer": data})
        self.page.wait_for_function(
            "before => document.querySelector('#es-reading').innerHTML !== before"
            " && document.querySelector('.es-drop').dataset.state === 'done'"
            " && !document.querySelector('#es-reading .pending')",
            arg=before,
        )
        return self.page

    def strangers(self) -> set[str]:
        """Hosts other than the server that were asked for something."""
        hosts = {urlsplit(url).netloc for url in self.requests if url.startswith("http")}
        return hosts - {urlsplit(self.server.url).netloc}


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    yield from _visit(browser.new_context(viewport={"width": 1280, "height": 900}), server)


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    yield from _visit(context, server)


def _visit(context: BrowserContext, server: Server) -> Iterator[Visit]:
    page = context.new_page()
    visit = Visit(page, server)

    def asked(request: Request) -> None:
        visit.requests.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
    page.on(
        "console",
        lambda message: (
            visit.complaints.append(f"{message.type}: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.set_default_timeout(60_000)  # the suite must pass on a busy machine too
    yield visit
    context.close()
    # in every test, also those that send broken files
    assert visit.complaints == []
    assert visit.strangers() == set()
