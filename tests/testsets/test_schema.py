from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from testsets.schema import (
    COLUMNS,
    VERSION_KEY,
    Sample,
    SchemaError,
    arrow_schema,
    read_info,
    read_samples,
)

SAMPLES = [
    Sample(
        sample_id="x/0000",
        dataset="x",
        category="standard",
        case="everything set",
        request=b'{"image": {}}\xff\x00',
        expected_status=200,
        accepted_statuses=(200, 422),
        image=b"\0\1",
        media_type="image/png",
        width=3,
        height=2,
        label=3,
        mask=b"png",
        edit={"b": [1, 2], "a": None},
        input_id="0" * 64,
        model="a/b",
        error_code="busy",
    ),
    Sample("x/0001", "x", "edge_case", "nothing set", b"", 400, (400,)),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.parquet"
    rows = [sample.to_row() for sample in SAMPLES]
    parquet.write_table(pa.Table.from_pylist(rows, arrow_schema({"name": "x"})), path)
    return path


def test_samples_survive_the_file(path: Path) -> None:
    assert list(read_samples(path)) == SAMPLES
    assert read_info(path) == {"name": "x"}


def test_a_limit_takes_the_first(path: Path) -> None:
    assert list(read_samples(path, 1)) == SAMPLES[:1]


def test_every_column_is_described() -> None:
    schema = arrow_schema()
    assert [column.name for column in COLUMNS] == schema.names
    assert all(schema.field(name).metadata[b"__doc__"] for name in schema.names)
    assert set(SAMPLES[0].to_row()) == set(schema.names)


def test_another_version_is_refused(tmp_path: Path, path: Path) -> None:
    newer = tmp_path / "newer.parquet"
    table = parquet.read_table(path)
    metadata = {**table.schema.metadata, VERSION_KEY: b"99"}
    parquet.write_table(table.replace_schema_metadata(metadata), newer)
    with pytest.raises(SchemaError, match="version 99"):
        read_info(newer)
    with pytest.raises(SchemaError, match="version 99"):
        next(read_samples(newer))


def test_other_files_are_refused(tmp_path: Path) -> None:
    text, table = tmp_path / "a.parquet", tmp_path / "b.parquet"
    text.write_text("not a table")
    parquet.write_table(pa.table({"a": [1]}), table)
    with pytest.raises(SchemaError, match="not a Parquet file"):
        read_info(text)
    with pytest.raises(SchemaError, match="not a test data set"):
        read_info(table)
