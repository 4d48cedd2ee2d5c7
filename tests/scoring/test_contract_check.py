from __future__ import annotations

import json
import math
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.contract_check import check, excerpt
from tests.scoring.peers import SIZE, SURE, body, mask, mask_png, png


def test_a_right_answer_is_taken_apart() -> None:
    checked = check(body(file=mask_png(6)), SIZE)
    assert checked.faults == ()
    assert checked.logprobs == tuple(SURE)
    assert checked.mask is not None
    np.testing.assert_array_equal(checked.mask, mask(6))


def test_a_mask_is_optional() -> None:
    assert check(body(), SIZE).faults == ()
    assert not check(body(localizationMask=None), SIZE).has_mask


@pytest.mark.parametrize(
    ("logprobs", "fault"),
    [
        ([math.nan, 0, 0, 0], r"logprobs\[0\] is not finite: nan"),
        ([0.0, -math.inf, -math.inf, -math.inf], r"logprobs\[1\] is not finite: -inf"),
        ([0, 10**400, 0, 0], r"logprobs\[1\] is not finite"),
        ([None, 0, 0, 0], r"logprobs\[0\] is not a number: null"),
        ([True, 0, 0, 0], r"logprobs\[0\] is not a number: true"),
        (["-1", 0, 0, 0], "is not a number"),
        (SURE[:3], "there are 3 logprobs instead of 4"),
        ([0.7, 0.1, 0.1, 0.1], "a log-probability is positive: 0.7"),
        ([-1.0] * 4, "the probabilities sum to 1.472 instead of 1"),
        ("none", "logprobs is not a list"),
    ],
)
def test_wrong_logprobs(logprobs: object, fault: str) -> None:
    checked = check(json.dumps({"logprobs": logprobs}).encode(), SIZE)
    assert len(checked.faults) == 1
    assert re.search(fault, checked.faults[0])
    assert checked.logprobs == ()


def test_the_rounding_of_single_precision_is_no_fault() -> None:
    assert check(body([float(np.float32(value)) for value in SURE]), SIZE).faults == ()


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (mask_png(3, (8, 12)), "the mask is 8x12, the picture 12x8"),
        (png("L"), "the mask has 8 bits a sample, grey, instead of 1 bit, grey"),
        (png("RGB"), "the mask has 8 bits a sample, RGB, instead of 1 bit, grey"),
        (b"GIF89a", "the mask is not a PNG"),
        (mask_png(6)[:40], "the mask is not a PNG"),
    ],
)
def test_wrong_masks(file: bytes, fault: str) -> None:
    checked = check(body(file=file), SIZE)
    assert len(checked.faults) == 1
    assert checked.faults[0].startswith(fault)
    assert checked.logprobs == tuple(SURE)
    assert checked.has_mask
    assert checked.mask is None
    assert checked.mask_png is None


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ("mask", "localizationMask is not an object"),
        ({"mediaType": "image/jpeg", "data": ""}, "the mask's mediaType is not image/png"),
        ({"mediaType": "image/png"}, "the mask's data is not base64"),
        ({"mediaType": "image/png", "data": "%%%%"}, "the mask's data is not base64"),
        ({"mediaType": "image/png", "data": 7}, "the mask's data is not base64"),
    ],
)
def test_wrong_mask_objects(found: object, fault: str) -> None:
    assert check(body(localizationMask=found), SIZE).faults == (fault,)


def test_a_mask_of_a_picture_of_unknown_size_is_not_decoded_at_any_size() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR"))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk
    assert check(body(file=bomb), None).faults == ("the mask is 60000x60000, more than is decoded",)


def test_every_fault_is_told() -> None:
    assert len(check(body([-1.0] * 4, file=png("L")), SIZE).faults) == 2


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b"[1]", b"null"])
def test_what_is_no_answer_at_all(answer: bytes) -> None:
    checked = check(answer, SIZE)
    assert checked.faults
    assert "JSON" in checked.faults[0]


@given(st.integers(0, len(mask_png(6)) - 1), st.integers(0, 255))
def test_a_damaged_mask_is_a_fault_or_a_mask(place: int, value: int) -> None:
    damaged = bytearray(mask_png(6))
    damaged[place] = value
    checked = check(body(file=bytes(damaged)), SIZE)
    assert (checked.mask is None) == bool(checked.faults)


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt(b"a\n\x00b \x1b[31m") == "a b [31m"
    assert len(excerpt(b"x" * 5000)) < 250
