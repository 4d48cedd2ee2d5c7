from __future__ import annotations

import base64
import contextlib
import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from detector.contract import (
    BinaryMask,
    ImageData,
    ImageRequest,
    InvalidBase64,
    Labels,
    PredictionResponse,
)
from tests.pictures import encode, photo

# Word for word from the README of the challenge's template.
SEED_RESPONSE = """
{
  "logprobs": [-0.859380304813385,-1.2701971530914307,-2.1918208599090576,-1.69235098361969],
  "localizationMask": {
    "mediaType":"image/png",
    "data":"iVBORw0KGgoAAAANSUhEUgAAA8AAAAKDAQAAAAD9Fl5AAAAAu0lEQVR4nO3NsREAMAgDMWD/nZMVKEwn1T5/FQAAAA\
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMCl3g5f+HC24TRhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYW\
FhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWEAAAAAAAAAAAAAAAAAAAAAAAA\
AAAAAAAAAAAAAAAAAAAj70gwKsTlmdBwAAAABJRU5ErkJggg=="
  }
}
"""
UNIFORM = [math.log(0.25)] * 4


def ihdr(mask: BinaryMask) -> tuple[int, int, int, int]:
    """Width, height, bit depth and colour type."""
    return struct.unpack_from(">IIBB", base64.b64decode(mask.data), 16)


def request(data: str) -> ImageRequest:
    return ImageRequest(image=ImageData(mediaType="image/jpeg", data=data))


# --- as the challenge's template has it


def test_labels() -> None:
    assert [(label.name, int(label)) for label in Labels] == [
        ("Natural", 0),
        ("FullySynthesized", 1),
        ("LocallyEdited", 2),
        ("LocallySynthesized", 3),
    ]


def test_response_of_the_template() -> None:
    response = PredictionResponse.model_validate_json(SEED_RESPONSE)
    mask = response.localizationMask
    assert mask is not None
    assert ihdr(mask)[2:] == (1, 0)
    decoded = mask.to_numpy()
    assert decoded.shape == ihdr(mask)[1::-1]
    assert decoded.any()
    assert not decoded.all()
    assert json.loads(response.model_dump_json()) == json.loads(SEED_RESPONSE)


def test_request_of_the_template() -> None:
    data = encode(photo(), "JPEG")
    body = {"image": {"mediaType": "image/jpeg", "data": base64.b64encode(data).decode()}}
    parsed = ImageRequest.model_validate_json(json.dumps(body))
    assert parsed.image.to_bytes() == data
    assert parsed == ImageRequest.from_bytes(data, "image/jpeg")
    assert parsed.model_dump() == body


# --- base64


def test_line_breaks_in_base64_are_tolerated() -> None:
    data = bytes(range(256))
    assert request(base64.encodebytes(data).decode()).image.to_bytes() == data


@pytest.mark.parametrize(
    "data",
    ["", " \n", "====", "a", "abc", "ab=c", "a-_b", "žluť", "data:image/png;base64,AAAA", "AAAA*"],
)
def test_what_is_not_base64_is_said_so(data: str) -> None:
    with pytest.raises(InvalidBase64, match=r"^image\.data is "):
        request(data).image.to_bytes()


@pytest.mark.parametrize("data", ["data:image/png;base64,YQ==", " DATA:image/png,YQ==", "data:"])
def test_a_data_url_is_told_what_to_leave_out(data: str) -> None:
    with pytest.raises(InvalidBase64, match=r"send only what follows its comma as base64$"):
        request(data).image.to_bytes()


@given(st.binary(min_size=1, max_size=500))
@settings(deadline=None)
def test_bytes_round_trip(data: bytes) -> None:
    parsed = ImageRequest.model_validate_json(ImageRequest.from_bytes(data).model_dump_json())
    assert parsed.image.to_bytes() == data


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_bytes_or_invalid(text: str) -> None:
    with contextlib.suppress(InvalidBase64):
        assert request(text).image.to_bytes()


# --- the mask


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_mask_round_trip(height: int, width: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    encoded = BinaryMask.from_numpy(mask)
    assert ihdr(encoded) == (width, height, 1, 0)
    assert encoded.mediaType == "image/png"
    decoded = encoded.to_numpy()
    assert decoded.dtype == np.bool_
    np.testing.assert_array_equal(decoded, mask)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
def test_whatever_is_not_zero_is_set(dtype: Any) -> None:
    mask = np.array([[0, 1, 0], [7, 0, 0]]).astype(dtype)
    np.testing.assert_array_equal(BinaryMask.from_numpy(mask).to_numpy(), mask != 0)


def test_set_means_one_in_the_file_whatever_the_layout() -> None:
    mask = np.zeros((9, 20), bool)
    mask[2:5, 3:17:2] = True
    for view in (mask, np.asfortranarray(mask), mask[::-1], mask.T):
        np.testing.assert_array_equal(BinaryMask.from_numpy(view).to_numpy(), view)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 1), (0, 4), (4, 0), ()])
def test_what_is_not_a_mask_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a mask has shape"):
        BinaryMask.from_numpy(np.zeros(shape))


@pytest.mark.parametrize("depth", ["L", "P", "1"])
def test_masks_of_other_people_are_read_too(depth: str) -> None:
    mask = np.zeros((5, 9), np.uint8)
    mask[1:3, 2:8] = 255
    data = encode(Image.fromarray(mask).convert(depth))
    decoded = BinaryMask(data=base64.b64encode(data).decode()).to_numpy()
    np.testing.assert_array_equal(decoded, mask != 0)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", encode(photo(), "JPEG"), encode(photo())[:90]]
)
def test_a_mask_that_is_no_png(data: bytes) -> None:
    with pytest.raises(ValueError, match="mask"):
        BinaryMask(data=base64.b64encode(data).decode()).to_numpy()


# --- the response


@pytest.mark.parametrize(
    "logprobs",
    [
        UNIFORM[:3],
        [*UNIFORM, -50.0],
        [0.0, 0.0, 0.0, 0.0],
        [-9.0, -9.0, -9.0, -9.0],
        [1.0, -50.0, -50.0, -50.0],
        [1e308, 0.0, 0.0, 0.0],
        [0.0, -math.inf, -math.inf, -math.inf],
        [math.nan, *UNIFORM[1:]],
    ],
)
def test_improper_logprobs_are_refused(logprobs: list[float]) -> None:
    with pytest.raises(ValidationError):
        PredictionResponse(logprobs=logprobs)


def test_mask_is_optional() -> None:
    response = PredictionResponse(logprobs=UNIFORM)
    assert response.localizationMask is None
    assert PredictionResponse.model_validate({"logprobs": UNIFORM}) == response


def test_wire_names() -> None:
    response = PredictionResponse(
        logprobs=UNIFORM, localizationMask=BinaryMask.from_numpy(np.ones((2, 3)))
    )
    body = json.loads(response.model_dump_json())
    assert body.keys() == {"logprobs", "localizationMask"}
    assert body["localizationMask"].keys() == {"mediaType", "data"}
    assert PredictionResponse.model_validate(body) == response


@given(st.lists(st.floats(0, 30), min_size=4, max_size=4))
@settings(deadline=None)
def test_logprobs_survive_json_to_the_last_bit(costs: list[float]) -> None:
    total = math.log(sum(math.exp(-cost) for cost in costs))
    logprobs = [min(-cost - total, 0.0) for cost in costs]
    response = PredictionResponse(logprobs=logprobs)
    assert PredictionResponse.model_validate_json(response.model_dump_json()).logprobs == logprobs
