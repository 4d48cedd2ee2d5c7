from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from detector.contract import ImageRequest
from testsets import writer
from testsets.catalog import data_sets
from testsets.schema import Sample, read_samples

arrow = pytest.importorskip("dyff.schema.dataset.arrow")  # of requirements-submit.txt


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dyff")
    for item in data_sets():
        if item.name in {"standard_test_13", "edge_case_08", "edge_case_18"}:
            writer.write(item, folder, 0, 4)
    return folder


def samples(folder: Path, name: str) -> list[Sample]:
    return list(read_samples(folder / f"{name}.parquet"))


@pytest.mark.parametrize("name", ["standard_test_13", "edge_case_08"])
def test_the_platform_reads_what_was_written(folder: Path, name: str) -> None:
    from testsets import dyff

    target = dyff.write(name, folder)
    assert target == folder / f"{name}.dyff"
    inputs, truth = (arrow.open_dataset(str(target / part)) for part in ("inputs", "truth"))
    schemas = json.loads((target / "schema.json").read_text("utf-8"))
    assert arrow.decode_schema(schemas["inputs"]["arrowSchema"]).equals(inputs.schema)
    assert arrow.decode_schema(schemas["truth"]["arrowSchema"]).equals(truth.schema)
    wanted = samples(folder, name)
    for row, fact, sample in zip(
        inputs.to_table().to_pylist(), truth.to_table().to_pylist(), wanted, strict=True
    ):
        assert row["_index_"] == fact["_index_"]
        request = ImageRequest.model_validate({"image": row["image"]})
        assert request.image.to_bytes() == sample.image
        assert fact["sample_id"] == sample.sample_id
        assert fact["label"] == (None if sample.label is None else str(sample.label))
        assert (fact["mask"] and fact["mask"]["data"]) == sample.mask


def test_rows_are_items_of_the_platform(folder: Path) -> None:
    from dyff.schema.dataset import make_item_type
    from dyff.schema.dataset.binary import Media
    from dyff.schema.dataset.classification import Label

    from testsets import dyff

    target = dyff.write("standard_test_13", folder)
    assert target is not None
    label = make_item_type(Label)
    for row in arrow.open_dataset(str(target / "truth")).to_table().to_pylist():
        item = label.model_validate({"_index_": row["_index_"], "label": row["label"]})
        assert item.model_dump()["label"] in "0123"
        mask = Media.model_validate(row["mask"])
        assert base64.b64encode(mask.data).startswith(b"iVBORw0KGgo")
        assert mask.mediaType == "image/png"


def test_what_may_be_refused_is_left_out(folder: Path) -> None:
    from testsets import dyff

    assert dyff.write("edge_case_18", folder) is None
    assert not (folder / "edge_case_18.dyff").exists()


def test_the_same_file_gives_the_same_bytes(folder: Path) -> None:
    from testsets import dyff

    contents = []
    for _ in range(2):
        target = dyff.write("standard_test_13", folder)
        assert target is not None
        files = sorted(path for path in target.rglob("*") if path.is_file())
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3
