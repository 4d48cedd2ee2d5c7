from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import PARTS

SIZE = {
    "megapixels": 4,
    "seconds": 1.0,
    "seconds_per_megapixel": 0.25,
    "peak_mb": 600.0,
    "peak_beyond_picture_mb": 588.0,
}


def figures() -> report.Figures:
    samples: dict[str, dict[str, list[float]]] = {part: {} for part in PARTS}
    samples["overhead"] = {
        "bare": [1.0, 9.0, 1.0],
        "codecs": [1.02, 1.02, 1.02],
        "predict": [1.04, 1.04, 20.0],
    }
    for name, rate in (("editscope", 3.0), ("litserve", 2.0), ("seed", 4.0)):
        samples["throughput"] |= {
            f"{name}/4/throughput": [rate],
            f"{name}/4/failures": [0, 1],
            f"{name}/4/p50": [1.0],
            f"{name}/4/p95": [2.0],
            f"{name}/4/p99": [3.0],
        }
    samples["start"] = {"api.py": [3.0]}
    return report.summarise(samples, [SIZE])


def test_ratios_are_of_medians() -> None:
    found = figures()
    assert found["overhead_ratio"] == pytest.approx(0.04)
    assert found["throughput_vs_litserve"] == {"4": 1.5}
    assert found["throughput_vs_seed"] == {"4": 0.75}
    assert found["seconds_per_megapixel"] == 0.25
    assert found["cold_start_s"] == 3.0
    assert found["peak_memory_mb"] == 600.0
    assert found["failures"] == {"editscope/4": 1, "litserve/4": 1, "seed/4": 1}


def test_what_was_not_measured_is_null() -> None:
    found = report.summarise({part: {} for part in PARTS}, [])
    assert found["overhead_ratio"] is None
    assert found["throughput_vs_litserve"] == {}
    assert "not measured" in report.table(found)


def test_the_report_is_three_files(tmp_path: Path) -> None:
    path = report.write(figures(), tmp_path / "results")
    assert json.loads(path.read_text())["overhead_ratio"] == pytest.approx(0.04)
    assert (
        "| 4 | seed | 4.00 | 1.00 | 2.00 | 3.00 | 1 | 0.75 |" in path.with_suffix(".md").read_text()
    )
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_precision_by_instructions_has_a_table_where_it_was_measured() -> None:
    assert "instructions" not in report.table(figures())
    level = {"level": "AVX512_CORE", "bf16": 9.0, "float32": 1.5, "chosen": "float32"}
    refused = level | {"level": "AVX2", "bf16": None}
    table = report.table(figures() | {"instructions": [level, refused]})
    assert "| AVX512_CORE | 9.00 | 1.50 | float32 |" in table
    assert "| AVX2 | refused | 1.50 | float32 |" in table


def test_a_second_sitting_adds_to_the_first(tmp_path: Path) -> None:
    assert report.earlier(tmp_path) == {}
    report.write(figures(), tmp_path)
    before = report.earlier(tmp_path)
    assert before["samples"]["overhead"]["bare"] == [1.0, 9.0, 1.0]
    assert report.summarise(before["samples"], before["scaling"]) == figures()
