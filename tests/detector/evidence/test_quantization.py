from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from detector.evidence import VIEWS
from tests.pictures import encode

VIEW = VIEWS["quantization"]


@pytest.mark.parametrize("quality", [30, 50, 75, 92])
def test_the_quality_is_read_from_the_tables(scene, studio, quality):
    exhibit = VIEW.look(scene, studio.jpeg(scene, quality))
    assert exhibit.figures["quality"] == quality
    assert exhibit.figures["colour_quality"] == quality
    assert f"common library's at quality {quality}" in exhibit.caption
    assert bool(exhibit.warnings) == (quality < 75)


def test_a_makers_own_table_is_told_apart(scene):
    table = [3 + i % 7 for i in range(64)]
    buffer = io.BytesIO()
    Image.fromarray(scene).save(buffer, "JPEG", qtables=[table, table])
    assert "a maker's own" in VIEW.look(scene, buffer.getvalue()).caption


@pytest.mark.parametrize("name", ["PNG", "WEBP", "BMP"])
def test_other_formats_have_none(scene, name):
    exhibit = VIEW.look(scene, encode(scene[:64, :64], name))
    assert exhibit.empty
    assert "not a JPEG" in exhibit.caption


def test_damaged_files_are_survived(scene, studio):
    data = studio.jpeg(scene[:64, :64], 80)
    rng = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(data[: int(rng.integers(3, len(data)))])
        damaged[int(rng.integers(0, len(damaged)))] ^= 0xFF
        assert VIEW.look(scene, bytes(damaged)).caption.endswith(".")
