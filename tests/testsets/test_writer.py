from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.dataset
import pytest

from testsets import comparison, hostile, performance, scenes, writer
from testsets.catalog import data_sets
from testsets.schema import COLUMNS, SCHEMA_VERSION, read_info, read_samples

NAMES = ("standard_test_13", "edge_case_25", "performance_test_01", "model_comparison_06")


def generate(folder: Path, names: tuple[str, ...] = NAMES) -> dict[str, bytes]:
    """All files that two samples of each data set make, anew each time."""
    folder.mkdir()
    for cache in (scenes.plate, performance._row, comparison._row, hostile.picture):
        cache.cache_clear()
    entries = [writer.write(item, folder, 0, 2) for item in data_sets() if item.name in names]
    writer.write_json(folder / writer.SUMMARY, writer.summarise(entries, 0))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "once"
    generate(folder)
    return folder


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = generate(tmp_path / "again")
    assert again == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(again) == 2 * len(NAMES) + 1


def test_nothing_tells_where_or_when_it_was_made(folder: Path) -> None:
    for path in folder.iterdir():
        assert str(folder).encode() not in path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_files_are_read_by_others(folder: Path, name: str) -> None:
    samples = list(read_samples(folder / f"{name}.parquet"))
    table = pd.read_parquet(folder / f"{name}.parquet")
    assert list(table["request"]) == [sample.request for sample in samples]
    assert list(table.columns) == [column.name for column in COLUMNS]
    rows = pyarrow.dataset.dataset(folder / f"{name}.parquet").to_table(columns=["sample_id"])
    assert rows["sample_id"].to_pylist() == [sample.sample_id for sample in samples]
    assert len(samples) == {"performance_test_01": 1}.get(name, 2)


def test_metadata_describes_the_file(folder: Path) -> None:
    info = json.loads((folder / "edge_case_25_metadata.json").read_text("utf-8"))
    assert info == read_info(folder / "edge_case_25.parquet")
    assert info["schema_version"] == SCHEMA_VERSION
    assert info["expected_statuses"] == {"413": 2}
    assert [case["sample_id"] for case in info["cases"]] == [
        "edge_case_25/0000",
        "edge_case_25/0001",
    ]
    assert "No generative model was run" in info["note"]
    model = json.loads((folder / "model_comparison_06_metadata.json").read_text("utf-8"))
    assert model["model"] == "microsoft/resnet-18"
    assert model["labels"] == {"Natural": 1, "FullySynthesized": 1}


def test_the_summary_adds_up(folder: Path) -> None:
    summary = json.loads((folder / writer.SUMMARY).read_text("utf-8"))
    assert summary["data_sets"] == len(NAMES)
    assert summary["samples"] == 7
    assert summary["bytes"] == sum(path.stat().st_size for path in folder.glob("*.parquet"))
    assert set(summary["categories"]) == {
        "standard",
        "edge_case",
        "performance",
        "model_comparison",
    }
    assert [entry["name"] for entry in summary["datasets"]] == list(NAMES)
