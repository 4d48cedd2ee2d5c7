"""The test data sets of a folder: which are there, and their samples one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pyarrow import ArrowException, parquet

from testsets.schema import CATEGORIES, Sample, SchemaError, read_info, read_samples

QUICK = 5  # samples of each data set with --quick, as in the challenge's template
GENERATE = "python scripts/generate_test_datasets.py"


class NothingToAsk(Exception):
    """There are no samples, or none that can be read; the message is one sentence that helps."""


class DataSet(Protocol):
    """Samples that belong together, read as often as wanted, a few in memory at a time."""

    @property
    def name(self) -> str: ...
    @property
    def category(self) -> str: ...
    def __len__(self) -> int: ...
    def samples(self) -> Iterator[Sample]: ...


@dataclass(frozen=True)
class Stored:
    """A Parquet file of `testsets.schema`; `limit` takes the first samples only."""

    path: Path
    category: str
    limit: int | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    def __len__(self) -> int:
        count: int = parquet.read_metadata(self.path).num_rows
        return count if self.limit is None else min(count, self.limit)

    def samples(self) -> Iterator[Sample]:
        return read_samples(self.path, self.limit)


def stored(
    folder: Path,
    categories: Sequence[str] = (),
    names: Sequence[str] = (),
    limit: int | None = None,
) -> list[DataSet]:
    """The data sets of a folder in the order of `CATEGORIES`, then by name.

    Args:
        categories, names: take these only; none takes all. A name may leave `.parquet` out.

    Raises:
        NothingToAsk: there are none, one that is named is not there, or a file is not one.
    """
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise NothingToAsk(f"There are no test data sets in {folder}; make them with `{GENERATE}`.")
    wanted = {name.removesuffix(".parquet") for name in names}
    if missing := wanted - {path.stem for path in paths}:
        raise NothingToAsk(f"There is no data set {', '.join(sorted(missing))} in {folder}.")
    found = []
    for path in paths:
        if wanted and path.stem not in wanted:
            continue
        try:
            category = str(read_info(path)["category"])
        except (SchemaError, ArrowException, KeyError) as error:
            raise NothingToAsk(f"{path}: {error}.") from error
        if not categories or category in categories:
            found.append(Stored(path, category, limit))
    if not found:
        raise NothingToAsk(f"There is no data set of {' or '.join(categories)} in {folder}.")
    return sorted(found, key=lambda item: (rank(item.category), item.name))


def rank(category: str) -> int:
    """The place of a category in a table; those of a folder mode come last."""
    return CATEGORIES.index(category) if category in CATEGORIES else len(CATEGORIES)
