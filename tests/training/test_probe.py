from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.contract import Labels
from engine import Engine
from tests.detector.editscope.copies import coloured, texture
from training import probe, report
from training.outcome import Row
from training.probe import CASES, SIDE, Case, pasted

BASE, DONOR = (coloured(texture(256, 320, seed)) for seed in (0, 1))


@pytest.mark.parametrize("outlined", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_but_the_mask_differs(seed: int, outlined: bool) -> None:
    case = Case("", past=80, outlined=outlined)
    spliced, mask, plain = pasted(BASE, DONOR, case, np.random.default_rng(seed))
    assert 0 < mask.mean() < 0.5
    changed = np.abs(spliced.astype(int) - plain).max(2) > 0
    assert not changed[~mask].any()
    assert changed[mask].mean() > 0.9


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_makes_a_pair_of_one_size(case: Case) -> None:
    spliced, mask, plain = pasted(BASE, DONOR, case, np.random.default_rng(0))
    size = tuple(round(side * case.scale) for side in BASE.shape[:2])
    assert spliced.shape == plain.shape == (*size, 3)
    assert mask.shape == size
    gap = np.abs(spliced.astype(int) - plain).mean(2)
    assert gap[mask].mean() > 5 * max(gap[~mask].mean(), 0.2)


def test_the_same_objects_are_pasted_in_every_case(engine: Engine, tmp_path: Path) -> None:
    cases = dict(probe.probe(engine, [BASE, DONOR], count=2, seed=3))
    assert list(cases) == [case.name for case in CASES]
    for name, outcomes in cases.items():
        assert [item.row.label for item in outcomes] == [Labels.LocallyEdited, Labels.Natural] * 2
        assert {item.row.set for item in outcomes} == {name}
    plain, feathered = (cases[name][0].regions for name in ("then JPEG 95", "feathered"))
    assert plain is not None
    assert feathered is not None
    areas = [each.overlap.hit + each.overlap.missed for each in (plain, feathered)]
    assert areas[0] == areas[1] > 0
    assert all(case.name in report.write_comparison(cases, tmp_path, 0, 0) for case in CASES)


def test_photographs_are_reduced_and_too_small_ones_left_out(tmp_path: Path) -> None:
    rows = []
    for number, (width, height) in enumerate([(2100, 1050), (900, 900)]):
        Image.new("RGB", (width, height)).save(tmp_path / f"{number}.png")
        rows.append(Row(tmp_path / f"{number}.png", Labels.Natural))
    rows.append(Row(tmp_path / "0.png", Labels.FullySynthesized))
    (found,) = probe._photographs(rows)
    assert found.shape == (256, SIDE, 3)
