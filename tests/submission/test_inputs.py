"""The pictures of the pre-flight are decodable, hard, and of the size that they are said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.imaging import decode
from submission.inputs import Picture, examples, hard

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return hard(0.3)


def test_they_are_many_and_have_names(pictures: list[Picture]) -> None:
    assert len(pictures) >= 20
    assert len({picture.name for picture in pictures}) == len(pictures)
    assert len({picture.data for picture in pictures}) == len(pictures)


def test_every_one_can_be_decoded(pictures: list[Picture]) -> None:
    for picture in pictures:
        assert decode(picture.data).shape[1::-1] == picture.size, picture.name


def test_the_media_types_are_those_of_the_contract(pictures: list[Picture]) -> None:
    assert {picture.media_type for picture in pictures} == {"image/jpeg", "image/png"}


def test_the_largest_is_as_large_as_asked(pictures: list[Picture]) -> None:
    width, height = pictures[-1].size
    assert width * height == pytest.approx(0.3e6, rel=0.02)


def test_the_examples_are_those_of_the_page() -> None:
    names = {picture.name for picture in examples(ROOT)}
    assert {"cat.json", "coffee.jpg"} <= names
    assert all(picture.usual for picture in examples(ROOT))
    assert examples(ROOT / "tests") == []
