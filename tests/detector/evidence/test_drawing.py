from __future__ import annotations

import numpy as np
import pytest

from detector.evidence.drawing import BLUE, Chart, coloured, legend, table


def test_colours_run_from_dark_to_light_and_are_clipped():
    painted = coloured(np.array([[-5.0, 0.0, 1.0, 2.0, 9.0]]), 0.0, 2.0)
    light = painted.astype(int).sum(axis=2)[0]
    assert light[0] == light[1] < light[2] < light[3] == light[4]
    assert coloured(np.ones((2, 2)), 1.0, 1.0).shape == (2, 2, 3)


def test_a_line_runs_through_its_points():
    chart = Chart((0, 10), (0, 1), "x")
    empty = chart.drawn()
    chart.line([0, 10], [0.5, 0.5])
    rows, columns = np.nonzero((chart.drawn() == BLUE).all(axis=2))
    assert np.ptp(rows) <= 3
    assert np.ptp(columns) > 800
    assert not (empty == BLUE).all(axis=2).any()


def test_higher_bars_are_higher():
    chart = Chart((0, 4), (0, 100), "x")
    chart.bars([1, 2, 3], [10, 90, 50])
    blue = (chart.drawn() == BLUE).all(axis=2)
    columns = np.linspace(66, 942, 5)[1:4].astype(int)
    low, high, middle = blue[:, columns].sum(axis=0)
    assert high > middle > low > 0


@pytest.mark.parametrize("bounds", [(0, 0), (3, 3), (-1e-9, 1e-9), (0, 1e6)])
def test_any_range_can_be_drawn(bounds):
    assert Chart(bounds, bounds, "x", "y").drawn().shape == (360, 960, 3)


def test_tables_and_legends_are_drawn():
    assert table(np.arange(1, 65).reshape(8, 8), "Brightness").shape[1] == 472
    assert np.ptp(legend(0, 5, "levels")) > 200
