"""Category `performance`: batches of 1 to 100 labelled pictures, of one size or of many.

A batch of n is the first n of the batch of 100, so that times of different batches are about the
same pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

from testsets import sources
from testsets.dataset import DataSet, Row, generator, labelled
from testsets.imagefile import Encoding
from testsets.standard import case, labelled_picture

BATCHES = (1, 5, 10, 25, 50, 100)
FIXED = (224, 384, 512)  # side; 0 stands for mixed sizes
LARGE, LARGE_BATCH = 1024, 10
MIXED = ((224, 224), (256, 256), (299, 299), (384, 512), (512, 384), (512, 512), (480, 640))
STREAM = 20  # of random numbers
CACHED = 512  # pictures of about 100 kB: those of the batches of 100


def data_sets() -> list[DataSet]:
    """The 25 of the category."""
    plans = [(batch, side) for side in (*FIXED, 0) for batch in BATCHES]
    return [
        _data_set(number, batch, side)
        for number, (batch, side) in enumerate([*plans, (LARGE_BATCH, LARGE)], 1)
    ]


def _data_set(number: int, batch: int, side: int) -> DataSet:
    sizes = f"{side} x {side}" if side else "mixed sizes"
    return DataSet(
        name=f"performance_test_{number:02d}",
        category="performance",
        title=f"Batch of {batch}, {sizes}",
        purpose="Latency and throughput",
        rows=partial(_rows, side=side),
        count=batch,
        facts={"batch_size": batch, "sizes": sizes},
    )


def _rows(seed: int, count: int, *, side: int) -> Iterator[Row]:
    for index in range(count):
        yield _row(seed, side, index)


@lru_cache(maxsize=CACHED)
def _row(seed: int, side: int, index: int) -> Row:
    rng = generator(seed, STREAM, side, index)
    size = (side, side) if side else MIXED[int(rng.integers(len(MIXED)))]
    made = labelled_picture(
        index, side, lambda number, rng: sources.scene(seed, number, size, rng), rng
    )
    kind = "PNG" if not side and rng.random() < 0.25 else "JPEG"
    return labelled(case(made), made, Encoding.drawn(kind, rng))
