from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from detector.contract import ImageRequest, Labels
from testsets import comparison, performance, standard
from testsets.catalog import data_sets
from testsets.comparison import INPUTS, MODELS
from testsets.dataset import DataSet
from testsets.schema import CATEGORIES, Sample


def test_there_are_25_of_each_category() -> None:
    found = data_sets()
    assert Counter(item.category for item in found) == dict.fromkeys(CATEGORIES, 25)
    assert len({item.name for item in found}) == 100
    assert len({item.title for item in found}) == 100
    stems = {"standard": "standard_test", "performance": "performance_test"}
    for item in found:
        assert item.name[:-3] == stems.get(item.category, item.category)
    assert next(item.name for item in data_sets("performance")) == "performance_test_01"
    with pytest.raises(ValueError, match="no category"):
        data_sets("other")


def check(sample: Sample) -> None:
    """What holds for every sample with a truth."""
    request = ImageRequest.model_validate_json(sample.request)
    assert request.image.to_bytes() == sample.image
    assert request.image.mediaType == sample.media_type
    assert sample.image is not None
    assert sample.mask is not None
    assert sample.label is not None
    with Image.open(io.BytesIO(sample.image)) as image:
        assert image.size == (sample.width, sample.height)
        assert f"image/{(image.format or '').lower()}" == sample.media_type
        assert image.info.get("exif") is None  # nothing but the pixels tells
    with Image.open(io.BytesIO(sample.mask)) as image:
        assert image.size == (sample.width, sample.height)
        assert image.mode == "1"
        share = float(np.asarray(image).mean())
    match Labels(sample.label):
        case Labels.Natural:
            assert share == 0
        case Labels.FullySynthesized:
            assert share == 1
        case _:
            assert 0 < share < 0.6
    assert sample.accepted_statuses == (200,)
    assert sample.edit["source"]


@pytest.mark.parametrize(
    "name", ["standard_test_01", "standard_test_15", "standard_test_23", "standard_test_25"]
)
def test_standard_samples_have_a_truth(name: str) -> None:
    chosen = next(item for item in standard.data_sets() if item.name == name)
    samples = list(chosen.samples(0, 4))
    for sample in samples:
        check(sample)
    assert [sample.label for sample in samples] == [0, 1, 2, 3]


def test_a_messengers_mask_shrinks_with_the_picture() -> None:
    chosen = next(item for item in standard.data_sets() if item.title == "Sent by a messenger")
    sample = list(chosen.samples(0, 3))[2]
    check(sample)
    assert (sample.width, sample.height) == (512, 384)


def test_samples_do_not_depend_on_how_many_there_are() -> None:
    photographs = standard.data_sets()[12]
    assert list(photographs.samples(0, 5))[:2] == list(photographs.samples(0, 2))
    assert list(photographs.samples(0, 1)) != list(photographs.samples(1, 1))
    assert len(list(photographs.samples(0, 11))) == 11


def test_batches_begin_with_the_same_pictures() -> None:
    found = {item.name: item for item in performance.data_sets()}
    one, five = found["performance_test_01"], found["performance_test_02"]
    first = next(iter(five.samples(0)))
    check(first)
    assert next(iter(one.samples(0))).request == first.request
    assert len(list(one.samples(0, 50))) == 1
    sizes = [item.count for item in performance.data_sets()]
    assert sizes == [*4 * (1, 5, 10, 25, 50, 100), 10]


def test_mixed_batches_have_several_sizes() -> None:
    mixed = next(
        item for item in performance.data_sets() if item.title == "Batch of 5, mixed sizes"
    )
    samples = list(mixed.samples(0))
    for sample in samples:
        check(sample)
    assert len({(sample.width, sample.height) for sample in samples}) > 1


@pytest.mark.parametrize("inputs", INPUTS)
def test_models_get_the_same_inputs(inputs: str) -> None:
    def sets(of: str) -> list[DataSet]:
        return [item for item in comparison.data_sets() if item.facts["inputs"] == of]

    answers = [list(item.samples(0, 2)) for item in sets(inputs)]
    assert len(answers) == len(MODELS)
    assert [samples[0].model for samples in answers] == list(MODELS)
    for samples in answers:
        assert [s.input_id for s in samples] == [s.input_id for s in answers[0]]
    for sample in answers[0]:
        check(sample)
    assert len({sample.sample_id for samples in answers for sample in samples}) == 10


def test_masks_turn_with_the_picture() -> None:
    transforms = next(
        item for item in comparison.data_sets() if item.facts["inputs"] == "Transforms"
    )
    samples = {sample.case.split(", ")[1]: sample for sample in transforms.samples(0)}
    for part in ("image", "mask"):
        plain, turned = (
            np.asarray(Image.open(io.BytesIO(getattr(samples[name], part))))
            for name in ("as it is", "turned left")
        )
        assert np.array_equal(np.rot90(plain), turned)
