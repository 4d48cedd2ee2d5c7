"""Whether an answer keeps the challenge's contract, in words; stricter than most evaluations are.

`detector.contract.PredictionResponse` says the same in code, but stops at the first fault and
repairs what it can: here every fault counts, and anybody's service is read.
"""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.contract import PROBABILITY_TOLERANCE, BinaryMask, Labels
from detector.imaging import MAX_PIXELS

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = struct.Struct(">16xIIBB")  # after signature and IHDR: width, height, depth, colour
GREYSCALE = 0  # PNG's colour types
COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey and alpha", 6: "RGB and alpha"}
EXCERPT = 200  # characters of somebody's answer that are shown
Size = tuple[int, int]


class Fault(ValueError):
    """An answer breaks the contract; the message says how in a few words."""


@dataclass(frozen=True)
class Checked:
    """An answer with status 200, taken apart.

    Attributes:
        faults: what is wrong with it, each in a few words; none if the contract is kept.
        logprobs: four numbers; empty if they are not what they must be.
        mask_png: the mask's file if it is of the right size and kind, else None.
        mask: the same as (H, W) bool.
        has_mask: whether the answer holds a mask at all, which it need not.
    """

    faults: tuple[str, ...]
    logprobs: tuple[float, ...] = ()
    mask_png: bytes | None = None
    mask: NDArray[np.bool_] | None = None
    has_mask: bool = False


def check(body: bytes, size: Size | None) -> Checked:
    """Check the body of a 200.

    Args:
        body: as it came.
        size: width, height of the picture as stored; None where it is not known.
    """
    try:
        answer = json.loads(body)  # takes NaN, too: a better word for it is found below
    except (ValueError, RecursionError):
        return Checked((f"the answer is not JSON: {excerpt(body)}",))
    if not isinstance(answer, dict):
        return Checked(("the answer is not a JSON object",))
    faults = []
    logprobs: tuple[float, ...] = ()
    try:
        logprobs = valid_logprobs(answer.get("logprobs"))
    except Fault as fault:
        faults.append(str(fault))
    found = answer.get("localizationMask")
    png = mask = None
    if found is not None:
        try:
            file = mask_file(found, size)
            png, mask = file, decode_mask(file)
        except ValueError as fault:
            png = None
            faults.append(str(fault))
    return Checked(tuple(faults), logprobs, png, mask, found is not None)


def valid_logprobs(values: Any) -> tuple[float, ...]:
    """Four finite log-probabilities, none positive, whose exponentials sum to 1.

    Raises:
        Fault: they are not.
    """
    if not isinstance(values, list):
        raise Fault("there are no logprobs" if values is None else "logprobs is not a list")
    if len(values) != len(Labels):
        raise Fault(f"there are {len(values)} logprobs instead of {len(Labels)}")
    for place, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float):
            shown = excerpt(json.dumps(value).encode())
            raise Fault(f"logprobs[{place}] is not a number: {shown}")
        if not is_finite(value):
            raise Fault(f"logprobs[{place}] is not finite: {value}")
    if max(values) > PROBABILITY_TOLERANCE:
        raise Fault(f"a log-probability is positive: {max(values):g}")
    total = sum(math.exp(value) for value in values)
    if abs(total - 1) > PROBABILITY_TOLERANCE:
        raise Fault(f"the probabilities sum to {total:.4g} instead of 1")
    return tuple(float(value) for value in values)


def mask_file(found: Any, size: Size | None) -> bytes:
    """The mask's PNG: one of 1 bit, grey, of the size.

    Raises:
        Fault: it is not.
    """
    if not isinstance(found, dict):
        raise Fault("localizationMask is not an object")
    if found.get("mediaType") != "image/png":
        raise Fault("the mask's mediaType is not image/png")
    try:
        png = base64.b64decode(found["data"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise Fault("the mask's data is not base64") from None
    if len(png) < PNG_HEADER.size or png[:8] != PNG_START or png[12:16] != b"IHDR":
        raise Fault("the mask is not a PNG")
    width, height, depth, colour = PNG_HEADER.unpack_from(png)
    if size is not None and (width, height) != size:
        raise Fault(f"the mask is {width}x{height}, the picture {size[0]}x{size[1]}")
    if width * height > MAX_PIXELS:
        raise Fault(f"the mask is {width}x{height}, more than is decoded")
    if depth != 1 or colour != GREYSCALE:
        name = COLOURS.get(colour, f"colour type {colour}")
        raise Fault(f"the mask has {depth} bits a sample, {name}, instead of 1 bit, grey")
    return png


def decode_mask(png: bytes) -> NDArray[np.bool_]:
    """A mask's PNG as (H, W) bool.

    Raises:
        ValueError: it is damaged.
    """
    try:
        return BinaryMask(data=base64.b64encode(png).decode()).to_numpy()
    except (EOFError, struct.error, zlib.error, MemoryError) as error:  # what Pillow lets through
        raise ValueError(f"the mask is not a PNG: {error}") from error


def excerpt(body: bytes) -> str:
    """The start of somebody's answer on one line, without control characters."""
    text = body[: 8 * EXCERPT].decode(errors="replace")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]} ..."


def is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of a thousand digits
        return False
