from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scoring import html
from scoring.datasets import stored
from scoring.findings import Findings
from scoring.run import Run
from tests.scoring.peers import mask_png, result, sample, store

HOSTILE = "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(1)>"


class Elements(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture
def page(tmp_path: Path) -> str:
    folder = store(tmp_path / "sets", [sample(0, case=HOSTILE), sample(1)])
    run = Run("http://here/" + HOSTILE)
    wrong = {"faults": (f"status 500 {HOSTILE}",), "excerpt": HOSTILE, "case": HOSTILE}
    run.results += [
        result(0, **wrong, mask=mask_png(2)),
        result(1, label=0, hit=None),
    ]
    run.duration_s = 1.0
    html.write(tmp_path / "report.html", Findings.of(run, resamples=0), stored(folder))
    return (tmp_path / "report.html").read_text()


def test_the_report_needs_nothing_else(page: str) -> None:
    found = Elements(page)
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert not found.handlers
    assert found.addresses
    assert all(address.startswith("data:image/") for address in found.addresses)
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_failures_come_with_picture_truth_and_answer(page: str) -> None:
    shown = re.findall(r'alt="(picture|true mask|answered mask) of standard_test_01/0000"', page)
    assert shown == ["picture", "true mask", "answered mask"]
    assert "Wrong labels that it was surest of" in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    run = Run("http://here", [result(label=None, faults=())], 1.0)
    html.write(tmp_path / "report.html", Findings.of(run, complete=False), [])
    assert "The run was interrupted" in (tmp_path / "report.html").read_text()
