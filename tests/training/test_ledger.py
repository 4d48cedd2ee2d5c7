from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.ledger import Ledger


@dataclass(frozen=True)
class Made:
    entry: int
    at: int


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "things", Made)
    assert ledger.rows() == []
    assert ledger.by_entry() == {}
    assert ledger.bytes().size == 0


def test_rows_come_back_in_order_and_by_entry(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "things", Made)
    rows = [Made(7, 0), Made(3, 2), Made(7, 4)]
    ledger.file.write_bytes(bytes(range(6)))
    ledger.save(rows)
    assert ledger.rows() == rows
    assert ledger.by_entry() == {7: [rows[0], rows[2]], 3: [rows[1]]}
    assert ledger.bytes()[2:4].tolist() == [2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["things.bin", "things.json"]
