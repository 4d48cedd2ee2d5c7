"""What was made of a pack's entries: bytes in `<name>.bin`, and where they lie in `<name>.json`."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray


class Row(Protocol):
    """A frozen dataclass of numbers and words, `entry` the number of the pack's entry."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def entry(self) -> int: ...


T = TypeVar("T", bound=Row)


class Ledger(Generic[T]):
    """One such pair of files; both may be missing. Written by one, read by many meanwhile."""

    def __init__(self, folder: Path, name: str, kind: type[T]) -> None:
        self.index, self.file, self.kind = folder / f"{name}.json", folder / f"{name}.bin", kind

    def rows(self) -> list[T]:
        """All, in the order in which they were made."""
        if not self.index.exists():
            return []
        return [self.kind(**row) for row in json.loads(self.index.read_text())]

    def by_entry(self) -> dict[int, list[T]]:
        """Those of each entry that has any."""
        found: dict[int, list[T]] = defaultdict(list)
        for row in self.rows():
            found[row.entry].append(row)
        return dict(found)

    def bytes(self) -> NDArray[np.uint8]:
        """The whole file, mapped into memory; of length 0 if there is none."""
        if not self.file.exists() or not self.file.stat().st_size:
            return np.zeros(0, np.uint8)
        return np.memmap(self.file, np.uint8, "r")

    def save(self, rows: Sequence[T]) -> None:
        """Replace the index at once, so that a reader finds the old one or the new one."""
        part = self.index.with_suffix(".json.part")
        part.write_text(json.dumps([asdict(row) for row in rows]))
        os.replace(part, self.index)
