from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.conftest import scene
from training import encoders
from training.history import Picture

PICTURE = scene(1, 128, 160)


def mean_error(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("sampling", ["4:2:0", "4:2:2", "4:4:4"])
@pytest.mark.parametrize("library", encoders.LIBRARIES)
def test_libraries_keep_the_picture_and_obey_the_quality(library: str, sampling: str) -> None:
    for quality in (40, 95):
        file = io.BytesIO()
        Image.fromarray(PICTURE).save(file, "JPEG", quality=quality, subsampling=sampling)
        usual = mean_error(encoders._decoded(file), PICTURE)
        result = encoders.with_library(PICTURE, library, quality, sampling)
        assert mean_error(result, PICTURE) == pytest.approx(usual, rel=0.2)


def test_libraries_do_not_agree() -> None:
    results = [encoders.with_library(PICTURE, name, 80, "4:2:0") for name in encoders.LIBRARIES]
    pairs = [(i, j) for i in range(len(results)) for j in range(i)]
    assert sum(not np.array_equal(results[i], results[j]) for i, j in pairs) == len(pairs)


def test_tables_are_written_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = min(encoders.published(60), key=lambda pair: sum(pair[0]))
    files: list[bytes] = []
    decoded = encoders._decoded

    def keep(file: io.BytesIO) -> Picture:
        files.append(file.getvalue())
        return decoded(file)

    monkeypatch.setattr(encoders, "_decoded", keep)
    result = encoders.with_tables(PICTURE, tables, "4:4:4")
    assert encoders._pair(io.BytesIO(files[0])) == tables
    assert result.shape == PICTURE.shape
    assert mean_error(result, PICTURE) < 3


def test_tables_are_no_coarser_than_asked_for() -> None:
    for quality in (60, 80):
        limit = sum(encoders.standard(quality)[0])
        assert all(sum(luma) <= limit for luma, _ in encoders.published(quality))
    assert 20 < len(encoders.published(80)) < len(encoders.published(60))


def test_published_tables_are_none_of_the_standard() -> None:
    known = {encoders.standard(quality) for quality in range(1, 101)}
    tables = encoders.published(1)
    assert len(set(tables)) == len(tables) > 100
    assert not known & set(tables)
    assert all(len(table) == 64 and min(table) > 0 for pair in tables for table in pair)


def test_measure_counts_pictures_and_sources(tmp_path: Path) -> None:
    odd = ((3,) * 64, (5,) * 64)
    rows = []
    for name, source, options in (
        ("a.jpg", "one", {"qtables": odd}), ("b.jpg", "two", {"qtables": odd}),
        ("c.jpg", "held", {"qtables": ((7,) * 64,) * 2}), ("d.jpg", "one", {"quality": 80}),
    ):  # fmt: skip
        Image.fromarray(PICTURE).save(tmp_path / name, "JPEG", **options)
        rows.append({"path": name, "source": source, "format": "JPEG"})
    with (tmp_path / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert encoders.measure(tmp_path, {"held"}) == [
        {"pictures": 2, "sources": 2, "luma": odd[0], "chroma": odd[1]}
    ]
