"""The same pictures as the Dyff platform's tools take them: `<name>.dyff/`.

`inputs/` is an Arrow data set by the conventions of `dyff.schema.dataset`: `_index_` and the fields
of a request, `image` with `mediaType` and base64 `data`. `truth/` has label and mask under the same
`_index_`, apart, since the platform sends a service every field of its inputs. Only rows that every
service must answer with 200 are taken: on any other status an evaluation is broken off.
`schema.json` holds both schemas as the platform's `DataSchema`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
from dyff.schema.dataset import arrow
from dyff.schema.platform import DataSchema

from testsets.dataset import OK
from testsets.schema import Sample, read_samples

BATCH = 16  # rows in memory at a time
INPUT = pa.schema(
    [
        arrow.field_with_docstring(
            "image",
            pa.struct([("mediaType", pa.string()), ("data", pa.string())]),
            docstring="The picture file: base64, and its declared media type",
        )
    ]
)
TRUTH = pa.schema(
    [
        arrow.field_with_docstring("sample_id", pa.string(), docstring="As in <name>.parquet"),
        arrow.field_with_docstring("label", pa.string(), docstring="0 to 3 as text; null: none"),
        arrow.field_with_docstring(
            "mask",
            pa.struct([("data", pa.binary()), ("mediaType", pa.string())]),
            docstring="As dyff.schema's binary.Media: a 1-bit PNG; null: no truth",
        ),
    ]
)


def write(name: str, folder: Path) -> Path | None:
    """Turn `<name>.parquet` of `folder` into `<name>.dyff/` beside it, and return that.

    None, and nothing is written, where no row of it can be asked.

    Raises:
        SchemaError: the file is no test data set of this version.
        OSError: it cannot be read, or the folder not be written.
    """
    target = folder / f"{name}.dyff"
    samples = list(_askable(read_samples(folder / f"{name}.parquet")))
    if not samples:
        return None
    for part, schema, to_row in (("inputs", INPUT, _input), ("truth", TRUTH, _truth)):
        items = arrow.make_item_schema(schema)
        rows = ({"_index_": index, **to_row(sample)} for index, sample in enumerate(samples))
        options = pyarrow.dataset.ParquetFileFormat().make_write_options(compression="zstd")
        arrow.write_dataset(
            arrow.batches(rows, batch_size=BATCH, schema=items),
            output_path=str(target / part),
            feature_schema=items,
            file_options=options,
            use_threads=False,  # the order of rows is part of the bytes
        )
    schemas = {
        "inputs": DataSchema.make_input_schema(INPUT).model_dump(mode="json"),
        "truth": DataSchema.make_input_schema(TRUTH).model_dump(mode="json"),
    }
    (target / "schema.json").write_text(json.dumps(schemas, indent=2) + "\n", "utf-8")
    return target


def _askable(samples: Iterable[Sample]) -> Iterator[Sample]:
    return (item for item in samples if item.accepted_statuses == (OK,) and item.image)


def _input(sample: Sample) -> dict[str, Any]:
    data = base64.b64encode(sample.image or b"").decode("ascii")
    return {"image": {"mediaType": sample.media_type, "data": data}}


def _truth(sample: Sample) -> dict[str, Any]:
    mask = None if sample.mask is None else {"data": sample.mask, "mediaType": "image/png"}
    label = None if sample.label is None else str(sample.label)
    return {"sample_id": sample.sample_id, "label": label, "mask": mask}
