from __future__ import annotations

import numpy as np
import pytest

from detector.evidence.tables import CHROMA, LUMA, file_tables, nearest_quality, scaled


@pytest.mark.parametrize("quality", [10, 49, 50, 51, 75, 90, 100])
def test_tables_are_those_of_the_common_library(scene, studio, quality):
    tables = file_tables(studio.jpeg(scene[:32, :32], quality))
    np.testing.assert_array_equal(tables[0], scaled(LUMA, quality))
    np.testing.assert_array_equal(tables[1], scaled(CHROMA, quality))


def test_the_nearest_quality_has_no_distance_from_itself():
    assert nearest_quality(scaled(LUMA, 83)) == (83, 0.0)
    quality, distance = nearest_quality(scaled(LUMA, 83) + 1)
    assert abs(quality - 83) < 8
    assert distance > 0


def test_bytes_that_are_no_jpeg_have_no_tables():
    assert file_tables(b"") == []
    assert file_tables(b"\xff\xd8\xff\xe0") == []
