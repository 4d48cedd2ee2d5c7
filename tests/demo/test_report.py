from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from demo.examine import examine
from demo.report.content import Report, gather
from demo.report.figure import chart, photo
from demo.report.fonts import markup
from demo.report.html import to_html
from demo.report.name import safe_name, stem
from demo.report.pdf import to_pdf
from detector.evidence import VIEWS
from engine import Engine
from tests.demo.conftest import Visit
from tests.demo.fake import BLUE, FakeDetector
from tests.provenance import files

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
NAME = f"holiday {EVIL} photo.jpg"
COMMAND = "curl https://example.test/predict"
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler-utils is not installed"
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(FakeDetector())
    engine.load()
    return engine


@pytest.fixture(scope="module")
def data() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = EVIL
    return files.with_exif(files.jpeg(), exif, files.jpeg(files.photo(160, 120, seed=9)))


def build(folder: Path, data: bytes, engine: Engine) -> Report:
    path = folder / "upload"
    path.write_bytes(data)
    examination = examine(path, NAME, engine, 1_000_000, "a model, version 1")
    return gather(examination, data, "EditScope 1.2", COMMAND)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, data: bytes, engine: Engine) -> Report:
    return build(tmp_path_factory.mktemp("uploads"), data, engine)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return to_html(report).decode("utf-8")


@pytest.fixture(scope="module")
def paper(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("paper") / "report.pdf"
    path.write_bytes(to_pdf(report))
    return path


def text_of(pdf: Path) -> str:
    run = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return " ".join(run.stdout.decode("utf-8").split())


class Inventory(HTMLParser):
    """What a page consists of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)


def test_the_report_holds_what_was_asked(report: Report, data: bytes) -> None:
    facts = dict(report.facts)
    assert re.fullmatch(r"[0-9a-f]{64}", facts["SHA-256"])
    assert facts["Model"] == "a model, version 1"
    assert report.made.endswith(" UTC")
    assert report.headline == "Very likely edited in part"
    assert [bar.label for bar in report.bars if bar.top] == ["LocallyEdited"]
    assert sum(bar.value for bar in report.bars) == pytest.approx(1)
    assert report.marked is not None
    assert report.regions
    assert [exhibit.title for exhibit in report.exhibits] == [v.title for v in VIEWS.values()]
    assert len(report.thumbnails) == 2
    assert json.loads(report.response)["localizationMask"]["data"]
    assert len(report.short_response) < 1000


def test_the_page_refers_to_nothing_outside(page: str) -> None:
    found = Inventory(page)
    assert not found.tags & {"script", "link", "iframe", "object", "embed", "form", "base", "a"}
    for name, value in found.attributes:
        assert not name.startswith("on")
        assert name != "href"
        if name == "src":
            assert re.match(r"data:image/(jpeg|png);base64,", value)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_page_says_it_all_without_taking_it_for_markup(page: str, report: Report) -> None:
    words = " ".join(" ".join(Inventory(page).words).split())
    for wanted in (report.headline, *dict(report.facts).values(), report.limits, *report.summary):
        assert " ".join(wanted.split()) in words
    assert report.response.split('"data": "')[1][:80] in words
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page


def test_no_path_of_the_server_is_in_it(page: str, paper: Path, tmp_path: Path) -> None:
    root = str(tmp_path.parents[1])
    assert root not in page
    assert root.encode() not in paper.read_bytes()


@needs_poppler
def test_the_text_of_the_pdf_is_text(paper: Path, report: Report) -> None:
    text = text_of(paper)
    for wanted in (
        report.headline,
        "85 %",
        dict(report.facts)["SHA-256"],
        "a model, version 1",
        "EditScope 1.2",
        "A statistical indication, not proof.",
        "Method and limits",
        "onerror=alert(2)",
        '"logprobs": [',
        *(f"{number}. {exhibit.title}" for number, exhibit in enumerate(report.exhibits, 1)),
    ):
        assert wanted in text
    pages = re.findall(r"Page (\d+) of (\d+)", text)
    count = int(pages[0][1])
    assert [int(number) for number, _ in pages] == list(range(1, count + 1))


@needs_poppler
def test_fonts_are_embedded_and_pages_are_not_blank(paper: Path, tmp_path: Path) -> None:
    listing = subprocess.run(["pdffonts", paper], capture_output=True, text=True, check=True)
    rows = listing.stdout.splitlines()[2:]
    assert any("DejaVuSans" in row for row in rows)
    for row in rows:
        if "DejaVu" in row:
            assert re.search(r"\byes\s+yes\s+yes\b", row)  # embedded, subset, Unicode
    subprocess.run(["pdftoppm", "-r", "20", "-png", paper, tmp_path / "p"], check=True)
    for file in tmp_path.glob("p-*.png"):
        with Image.open(file) as image:
            assert np.asarray(image.convert("L")).std() > 4


@needs_poppler
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("caf\u00e9 na\u00efve.jpg", "caf\u00e9 na\u00efve.jpg"),
        ("\u0424\u043e\u0442\u043e.jpg", "\u0424\u043e\u0442\u043e.jpg"),
        ("\u03b1\u03b2\u03b3.png", "\u03b1\u03b2\u03b3.png"),
        ("\u5199\u771f \ud55c\uad6d \u307b\u3057.jpg", ".jpg"),
        ("\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627.jpg", ".jpg"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947.jpg", ".jpg"),
        ("\U0001f926\u200d\u2642\ufe0f.jpg", "[U+1F926]"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("a" * 500, "aaaa"),
        ("\ud800\x00\x07.jpg", "jpg"),
        ("<b>&amp;</b>.jpg", "b_.jpg"),
        ("", "picture"),
    ],
)
def test_a_name_in_any_script_is_set(report: Report, tmp_path: Path, name: str, shown: str) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(to_pdf(replace(report, name=safe_name(name), exhibits=(), sections=())))
    assert shown in text_of(path)
    assert safe_name(name) in to_html(replace(report, name=safe_name(name))).decode("utf-8")


def test_markup_in_text_is_no_markup() -> None:
    assert markup("<b>&") == "&lt;b&gt;&amp;"
    assert "<font name=" in markup("\u05e9")  # the bold face lacks it


def test_a_picture_that_was_not_examined_is_reported_as_such(
    tmp_path: Path, engine: Engine
) -> None:
    class Never(FakeDetector):
        def detect(self, image, deadline):
            if image[0, 0].tolist() == list(BLUE):
                raise RuntimeError("no")
            return super().detect(image, deadline)

    failing = Engine(Never())
    failing.load()
    pixels = files.photo(64, 48).copy()
    pixels[0, 0] = BLUE
    path = tmp_path / "x.png"
    path.write_bytes(files.png(image=pixels))
    examination = examine(path, "x.png", failing, 1_000_000)
    assert examination.analysis.step == "prior"
    report = gather(examination, path.read_bytes(), "EditScope", COMMAND)
    assert report.headline == "No answer for this picture"
    assert (report.marked, report.heat, report.regions) == (None, None, ())
    assert to_pdf(report).startswith(b"%PDF")
    assert "did not finish" in to_html(report).decode("utf-8")


@pytest.mark.parametrize(
    ("name", "safe", "plain"),
    [
        ("/etc/passwd", "passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg", "photo"),
        ("../../x.png", "x.png", "x"),
        ("..", "picture", "picture"),
        ("\u5199\u771f.jpg", "\u5199\u771f.jpg", "\u5199\u771f"),
    ],
)
def test_names_lose_their_folders(name: str, safe: str, plain: str) -> None:
    assert (safe_name(name), stem(name)) == (safe, plain)


def test_figures_are_reduced_and_upright() -> None:
    pixels = np.zeros((60, 100, 3), np.uint8)
    pixels[:, :50] = (255, 0, 0)
    figure = photo(pixels, "", 50, orientation=6)
    with Image.open(io.BytesIO(figure.data)) as image:
        assert image.size == (figure.width, figure.height) == (30, 50)
        red = np.asarray(image)[..., 0]
    assert red[5, 15] > 200  # the left goes up
    assert red[45, 15] < 50


def test_charts_stay_sharp() -> None:
    pixels = np.full((40, 80, 3), 255, np.uint8)
    pixels[10:12] = 0
    figure = chart(pixels, "", 900)
    with Image.open(io.BytesIO(figure.data)) as image:
        assert (np.asarray(image.convert("RGB")) == pixels).all()


def test_the_tab_builds_and_downloads_everything(visit: Visit) -> None:
    page = visit.open()
    visit.send("Fj\u00e4ll <b>.jpg", files.jpeg(), "image/jpeg")
    page.get_by_role("tab", name="Report").click()
    page.get_by_role("button", name="Build the report").click()
    page.get_by_text(re.compile("is ready, with")).wait_for()
    assert "base64 < 'Fj\u00e4ll <b>.jpg'" in page.locator("#es-report-curl").inner_text()
    kinds = {"PDF": b"%PDF", "HTML": b"<!doctype html>", "Response (JSON)": b"{"}
    for label, magic in {**kinds, "Mask (PNG)": b"\x89PNG"}.items():
        with page.expect_download() as waiting:
            page.locator("#es-report-files").get_by_text(label, exact=True).click()
        saved = Path(waiting.value.path()).read_bytes()
        assert saved.startswith(magic)
        assert re.fullmatch(r"[\w-]+\.(pdf|html|json|png)", waiting.value.suggested_filename)
