from __future__ import annotations

import pytest

from provenance import jpeg as walker
from provenance import png as chunks
from provenance.quantization import CUSTOM, MOZILLA, MOZJPEG, STANDARD, Encoder, recognise
from tests.provenance.files import jpeg, photo, png


def encoder(data: bytes) -> Encoder:
    found = recognise(walker.walk(data))
    assert found is not None
    return found


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 90, 95, 100])
def test_the_standard_tables_are_named_with_their_quality(quality: int) -> None:
    found = encoder(jpeg(quality=quality))
    assert (found.name, found.quality, found.sureness) == (STANDARD, quality, "exact")


def test_grey_pictures_have_one_table() -> None:
    found = encoder(jpeg(photo()[..., 0]))
    assert (found.name, found.quality, found.subsampling) == (STANDARD, 90, "none, grey")


@pytest.mark.parametrize(
    ("subsampling", "words"), [("4:4:4", "4:4:4"), ("4:2:2", "4:2:2"), ("4:2:0", "4:2:0")]
)
def test_subsampling_is_said(subsampling: str, words: str) -> None:
    assert encoder(jpeg(subsampling=subsampling)).subsampling.startswith(words)


def test_progressive_is_said() -> None:
    assert encoder(jpeg(progressive=True)).coding.startswith("progressive, ")
    assert encoder(jpeg()).coding == "baseline"


def test_mozjpegs_tables_are_told_from_the_standard_ones() -> None:
    halved = [max(1, (value * 50 + 50) // 100) for value in MOZJPEG]  # quality 75
    found = encoder(jpeg(qtables=[halved, halved]))
    assert (found.name, found.quality, found.sureness) == (MOZILLA, 75, "exact")


def test_a_cameras_own_tables_are_not_guessed_at() -> None:
    tables = [[3 + i // 4 for i in range(64)], [5 + i // 3 for i in range(64)]]
    found = encoder(jpeg(qtables=tables))
    assert (found.name, found.sureness) == (CUSTOM, "estimate")
    assert found.tables[0] == tuple(tables[0])


def test_an_adobe_level_is_recognised() -> None:
    # fmt: off
    luma = [12, 8, 8, 12, 17, 21, 24, 17, 8, 9, 9, 11, 15, 19, 12, 12, 8, 9, 10, 12, 19, 12, 12, 12,
            12, 11, 12, 21, 12, 12, 12, 12, 17, 15, 19, 12, 12, 12, 12, 12, 21, 19, 12, 12, 12, 12,
            12, 12, 24, 12, 12, 12, 12, 12, 12, 12, 17, 12, 12, 12, 12, 12, 12, 12]
    chroma = [13, 11, 13, 16, 20, 20, 17, 17, 11, 14, 14, 14, 14, 12, 12, 12, 13, 14, 14, 14, 12,
              12, 12, 12, 16, 14, 14, 12, 12, 12, 12, 12, 20, 14, 12, 12, 12, 12, 12, 12, 20, 12,
              12, 12, 12, 12, 12, 12, 17, 12, 12, 12, 12, 12, 12, 12, 17, 12, 12, 12, 12, 12, 12,
              12]
    # fmt: on
    found = encoder(jpeg(qtables=[luma, chroma]))
    assert found.name == "Adobe Photoshop, quality 5"


def test_other_files_have_no_encoder() -> None:
    assert recognise(chunks.walk(png())) is None
