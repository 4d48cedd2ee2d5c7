"""Batches without a page: what is taken, what comes of it, and the files that are left."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo import batch
from demo.batch import COLUMNS, Item, Results, Row, defused, gather, run, to_csv
from demo.batch_table import cells
from detector.contract import BinaryMask, Labels, PredictionResponse
from engine import Busy, Engine
from tests.demo.fake import FakeDetector


@pytest.fixture
def engine(tmp_path):
    engine = Engine(FakeDetector("fake", tmp_path, "cpu"))
    engine.load()
    yield engine
    engine.close()


def picture(width=60, height=40, corner=(9, 9, 9)) -> bytes:
    pixels = np.full((height, width, 3), 128, np.uint8)
    pixels[0, 0] = corner
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def file(path: Path, data: bytes) -> tuple[Path, str]:
    path.write_bytes(data)
    return path, path.name


def item(name: str, data: bytes) -> Item:
    return Item(name, len(data), "", lambda: data)


def rows_of(items, engine, **others) -> list[Row]:
    return list(run(items, engine, 10**6, others.pop("stop", threading.Event()), **others))


def test_files_and_what_is_in_zips_are_listed_in_order(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("in/x.png", b"x")
        archive.writestr("../y.png", b"y")
        archive.writestr("__MACOSX/x.png", b"x")
    broken = file(tmp_path / "c.zip", b"PK\x03\x04 and nothing else")
    files = [file(tmp_path / "a.png", b"a"), (tmp_path / "b.zip", "b.zip"), broken]
    with gather([*files, file(tmp_path / "d.png", b"")], 10**6) as (items, notes):
        assert [(item.name, item.problem) for item in items] == [
            ("a.png", ""),
            ("in/x.png", ""),
            ("../y.png", "Its name points outside of the zip: it was not opened."),
            ("c.zip", "This zip file is damaged."),
            ("d.png", "This file is empty."),
        ]
        assert [item.read() for item in items[:2]] == [b"a", b"x"]
        assert notes == ["Left out: 1 of the hidden files that operating systems add."]


def test_too_many_files_and_too_many_bytes_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "MAX_FILES", 3)
    monkeypatch.setattr(batch, "MAX_TOTAL_BYTES", 2**30)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.png", b"x")
    with gather([(tmp_path / "a.zip", "a.zip")], 10**6) as (items, notes):
        assert [item.name for item in items] == ["0.png", "1.png", "2.png"]
        assert notes == ["The first 3 of 5 files are examined; send the others in another batch."]
    monkeypatch.setattr(batch, "MAX_TOTAL_BYTES", 2)
    with gather([(tmp_path / "a.zip", "a.zip")], 10**6) as (items, _):
        assert [bool(item.problem) for item in items] == [False, False, True]
        assert "limit" in items[2].problem


def test_each_file_gets_a_row(engine):
    natural = picture(corner=(0, 255, 0))
    edited, calm, broken, large = rows_of(
        [
            item("edited.png", picture()),
            item("natural.png", natural),
            item("broken.png", b"nothing"),
            item("large.png", picture(2000, 600)),
        ],
        engine,
    )
    assert (edited.label, edited.width, edited.height) == (Labels.LocallyEdited, 60, 40)
    assert edited.probability == pytest.approx(0.85)
    assert edited.probabilities is not None
    assert edited.thumbnail is not None
    assert sum(edited.probabilities) == pytest.approx(1)
    assert edited.marked == pytest.approx(0.075, abs=0.02)
    assert (calm.label, calm.marked, calm.resolution) == (Labels.Natural, 0.0, "full")
    assert broken == Row("broken.png", 7, "This file is not a picture.")
    assert "at most 1000000 pixels" in large.problem
    with Image.open(io.BytesIO(edited.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (60, 40))
        red, green, _ = np.asarray(small)[8, 10].astype(int)  # marked, so tinted
        assert red > green + 60


def test_nothing_more_is_examined_once_stopped(engine):
    stop = threading.Event()
    asked: list[str] = []

    def read(name: str) -> bytes:
        asked.append(name)
        return picture()

    items = [Item(name, 1, "", partial(read, name)) for name in "abc"]
    for row in run(items, engine, 10**6, stop):
        assert row.label is Labels.LocallyEdited
        stop.set()
    assert asked == ["a"]


def test_a_full_queue_is_waited_for(engine, monkeypatch):
    monkeypatch.setattr(batch, "RETRY_S", 0.01)
    real = engine.analyse
    turned_away: list[int] = []

    def analyse(image):
        if len(turned_away) < 3:
            turned_away.append(1)
            raise Busy
        return real(image)

    monkeypatch.setattr(engine, "analyse", analyse)
    (row,) = rows_of([item("a.png", picture())], engine)
    assert row.label is Labels.LocallyEdited
    assert len(turned_away) == 3


def test_waiting_for_a_full_queue_ends(engine, monkeypatch):
    def full(image):
        raise Busy

    monkeypatch.setattr(engine, "analyse", full)
    monkeypatch.setattr(batch, "RETRY_S", 0.01)
    monkeypatch.setattr(batch, "PATIENCE_S", 0.05)
    (row,) = rows_of([item("a.png", picture())], engine)
    assert row.problem == "Too many pictures are waiting. Try again in a moment."
    monkeypatch.setattr(batch, "RETRY_S", 60)
    monkeypatch.setattr(batch, "PATIENCE_S", 60)
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    assert rows_of([item("a.png", picture())], engine, stop=stop) == []


def test_the_table_is_what_spreadsheets_and_programs_read(engine):
    rows = rows_of([item('a "b", c.png', picture()), item("=HYPERLINK(1)", b"x")], engine)
    data = to_csv(rows)
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    first, second, third = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert tuple(first) == COLUMNS
    assert second[:2] == ['a "b", c.png', "LocallyEdited"]
    assert sum(map(float, second[3:7])) == pytest.approx(1)
    assert float(second[2]) == pytest.approx(0.85)
    assert second[8:10] == ["60", "40"]
    assert third[0] == "'=HYPERLINK(1)"
    assert third[-1] == "This file is not a picture."
    assert set(third[1:8]) == {""}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n-1"])
def test_formulas_are_defused(cell):
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=1.png", "1-2.png", "", "'=1"])
def test_other_texts_are_left_alone(cell):
    assert defused(cell) == cell


def test_the_zip_holds_masks_responses_and_the_table(engine, tmp_path):
    results = Results(tmp_path / "r.zip")
    items = [item(name, picture()) for name in ("../x y.png", "x y.jpg", "b.png")]
    rows = rows_of(items[:2], engine, keep=results.add)
    results.close(rows)
    rows_of(items[2:], engine, keep=results.add)  # too late, and no error
    results.close(rows)
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        assert sorted(archive.namelist()) == [
            "masks/001-x-y-mask.png",
            "masks/002-x-y-mask.png",
            "responses/001-x-y.json",
            "responses/002-x-y.json",
            "results.csv",
        ]
        answer = PredictionResponse(**json.loads(archive.read("responses/001-x-y.json")))
        mask = BinaryMask.model_validate(answer.localizationMask).to_numpy()
        with Image.open(archive.open("masks/001-x-y-mask.png")) as image:
            np.testing.assert_array_equal(np.asarray(image), mask)
        assert mask.shape == (40, 60)
        assert archive.read("results.csv") == to_csv(rows)


def test_half_a_file_is_judged_with_a_remark(engine):
    noise = np.random.default_rng(2).integers(0, 256, (80, 60, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    data = buffer.getvalue()
    whole, half = rows_of([item("a.jpg", data), item("b.jpg", data[: len(data) // 2])], engine)
    assert (whole.damage, whole.problem, half.problem) == ("", "", "")
    assert "damaged or incomplete" in half.damage
    assert cells(half)["remarks"] == "damaged file"
    assert "damaged or incomplete" in to_csv([half]).decode("utf-8-sig")
