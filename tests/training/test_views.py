from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from detector.contract import Labels
from detector.editscope.modeling import EditScopeModel
from tests.detector.editscope.test_modeling import TINY
from training.views import Draws, Views, collect


@pytest.fixture
def draws(pack_folder: Path, tmp_path: Path) -> Draws:
    torch.manual_seed(0)
    EditScopeModel(TINY).half().save_pretrained(tmp_path / "export")
    return Draws(tmp_path / "export", pack_folder, pack_folder.parent, seed=0)


def test_a_draw_gives_a_vector_for_each_look(draws: Draws) -> None:
    views = draws[3]
    assert views.vectors.dtype == np.float32
    assert len({len(array) for array in views}) == 1
    assert len(views.vectors) >= 3
    assert set(views.draws) == {3}
    assert {Labels.Natural, Labels.FullySynthesized} < {Labels(label) for label in views.labels}


def test_processes_find_what_one_would(draws: Draws) -> None:
    apart = collect(draws, 4, processes=2)
    alone = Views.join(draws[number] for number in range(4))
    np.testing.assert_array_equal(apart.labels, alone.labels)
    np.testing.assert_array_equal(apart.draws, alone.draws)
    np.testing.assert_allclose(apart.vectors, alone.vectors, atol=0.05, rtol=0.05)


def test_views_are_read_as_written(tmp_path: Path) -> None:
    views = Views(np.ones((2, 3), np.float32), np.array([0, 2]), np.array([5, 5]))
    views.write(tmp_path / "views.npz")
    for one, other in zip(Views.read(tmp_path / "views.npz"), views, strict=True):
        np.testing.assert_array_equal(one, other)
