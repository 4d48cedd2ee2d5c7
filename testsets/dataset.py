"""What all data sets have in common: a description, and a way to make their samples."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from testsets.edits import Made
from testsets.imagefile import Encoding, write_mask
from testsets.schema import JSON_TYPE, Sample

OK = 200
ALL = sys.maxsize


@dataclass(frozen=True)
class Row:
    """A sample before it knows which data set it is in; see `schema.Sample`."""

    case: str
    request: bytes
    expected: int = OK
    accepted: tuple[int, ...] = (OK,)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DataSet:
    """One of the hundred.

    Attributes:
        name: of its files.
        category: one of `schema.CATEGORIES`.
        title, purpose: for people.
        rows: takes the seed and how many at most; yields rows in their order.
        count: how many rows it has unless told otherwise; `ALL` for as many as `rows` yields.
        extensible: whether more than `count` can be made.
        facts: more for the metadata, such as a batch size.
    """

    name: str
    category: str
    title: str
    purpose: str
    rows: Callable[[int, int], Iterator[Row]]
    count: int
    extensible: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def samples(self, seed: int, wanted: int | None = None) -> Iterator[Sample]:
        """Make the samples, one at a time; at most `wanted` where no more can be made."""
        count = self.count if wanted is None else wanted
        if not self.extensible:
            count = min(count, self.count)
        for index, row in enumerate(islice(self.rows(seed, count), count)):
            yield Sample(
                sample_id=f"{self.name}/{index:04d}",
                dataset=self.name,
                category=self.category,
                case=row.case,
                request=row.request,
                expected_status=row.expected,
                accepted_statuses=tuple(sorted(row.accepted)),
                input_id=hashlib.sha256(row.request).hexdigest(),
                **{"content_type": JSON_TYPE, "model": self.facts.get("model"), **row.fields},
            )


def body(data: bytes, media_type: str) -> bytes:
    """The request for a picture file, as the challenge's client writes it."""
    encoded = base64.b64encode(data).decode("ascii")
    return json.dumps({"image": {"mediaType": media_type, "data": encoded}}).encode()


def labelled(case: str, made: Made, encoding: Encoding) -> Row:
    """A row with its truth."""
    data = encoding.write(made.pixels)
    height, width = made.mask.shape
    return Row(
        case,
        body(data, encoding.media_type),
        fields={
            "image": data,
            "media_type": encoding.media_type,
            "width": width,
            "height": height,
            "label": int(made.label),
            "mask": write_mask(made.mask),
            "edit": {**made.edit, "file": encoding.to_json()},
        },
    )


def generator(seed: int, *place: int) -> np.random.Generator:
    """Random numbers of one sample, whatever else is made before it."""
    return np.random.default_rng([seed, *place])
