"""What is sent: pictures whose answer is known exactly, and hostile bodies whose refusal is."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.contract import Labels, PredictionResponse
from detector.imaging import decode
from detector.verdict import Detection, decide
from soak.faulty import EDITED, Fault, picture

SIZES = ((1, 1), (7, 300), (64, 64), (333, 500), (768, 1024), (1200, 1600))  # height, width
MAX_PIXELS = 4_000_000  # the server's limit in a soak, so that bombs are cheap to make
MAX_BODY = 16_000_000
VARIETY = 60  # good pictures, twice and more for each size and format


class Sent(NamedTuple):
    """A body and what must come back: the right answer or the prior, or one of these statuses."""

    name: str
    body: bytes
    expected: PredictionResponse | None
    size: tuple[int, int]
    statuses: frozenset[int]


def good(rng: random.Random) -> Sent:
    """A picture of some size and format; the answer is what `FaultyDetector` finds."""
    return _good(rng.randrange(VARIETY))


@lru_cache(VARIETY)  # made once, so that the clients leave the processor to the server
def _good(seed: int) -> Sent:
    rng = random.Random(seed)
    made = pixels(rng)
    data = encoded(made, rng.choice(("PNG", "JPEG", "WEBP", "BMP")))
    return Sent("good", request(data), _expected(decode(data)), made.shape[:2], frozenset({200}))


def pixels(rng: random.Random) -> NDArray[np.uint8]:
    """Random blocks of some size, (H, W, 3) of one of `SIZES`."""
    height, width = rng.choice(SIZES)
    block = rng.choice((1, 8, 32))
    noise = np.random.default_rng(rng.randrange(2**32)).integers(
        0, 256, (-(-height // block), -(-width // block), 3), dtype=np.uint8
    )
    return noise.repeat(block, 0).repeat(block, 1)[:height, :width]


def faulty(fault: Fault) -> Sent:
    """A picture that breaks the detector and is to be answered with the prior."""
    asking = picture(fault, 120, 160)
    expected = _expected(asking) if fault in (Fault.PAUSE, Fault.LEAK) else None
    data = encoded(asking, "PNG")
    return Sent(fault.name.lower(), request(data), expected, (120, 160), frozenset({200}))


def hostile(rng: random.Random) -> Sent:
    """Something that is not the contract, or not a picture."""
    name = rng.choice(list(HOSTILE))
    make, statuses = HOSTILE[name]
    return Sent(name, make(rng), None, (0, 0), frozenset(statuses))


def is_prior(answer: PredictionResponse, size: tuple[int, int]) -> bool:
    """Whether it is the answer without a look, with an empty mask of the right size."""
    if not np.allclose(answer.logprobs, np.log(1 / len(Labels))) or answer.localizationMask is None:
        return False
    mask = answer.localizationMask.to_numpy()
    return mask.shape == size and not mask.any()


def encoded(image: NDArray[np.uint8], form: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()


def request(data: bytes) -> bytes:
    """A body of `POST /predict`."""
    encoded_data = base64.b64encode(data).decode()
    return json.dumps({"image": {"mediaType": "image/png", "data": encoded_data}}).encode()


def _expected(image: NDArray[np.uint8]) -> PredictionResponse:
    return decide(Detection(EDITED, image.mean(axis=2) / 255), image.shape[:2]).to_response()


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few KB that is `width` x `height` when decoded."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _damaged(rng: random.Random) -> bytes:
    data = bytearray(encoded(picture(None, 64, 96), rng.choice(("PNG", "JPEG", "WEBP", "BMP"))))
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(1, len(data))])


Make = Callable[[random.Random], bytes]
REFUSED = (400, 413, 415, 422)
HOSTILE: dict[str, tuple[Make, tuple[int, ...]]] = {
    "empty": (lambda _: b"", (400,)),
    "no json": (lambda rng: rng.randbytes(rng.randrange(1, 5_000)), REFUSED),
    "deep json": (lambda rng: b"[" * rng.randrange(10_000, 200_000), (400,)),
    "other json": (lambda _: b'{"image": [1, 2, {"data": null}]}', (422,)),
    "long number": (lambda _: b'{"image": ' + b"9" * 100_000 + b"}", (400, 422)),
    "no base64": (lambda _: b'{"image": {"mediaType": "image/png", "data": "*"}}', (422,)),
    "no picture": (lambda rng: request(rng.randbytes(2_000)), (422,)),
    "svg": (lambda _: request(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"), (422,)),
    "bomb": (lambda _: request(_bomb(60_000, 60_000)), (413,)),
    "half a bomb": (lambda _: request(_bomb(1_999, 1_999)), (200,)),
    "zip": (lambda _: request(b"PK\x03\x04" + bytes(1_000)), (422,)),
    "damaged": (lambda rng: request(_damaged(rng)), (200, *REFUSED)),
    "too long": (lambda _: b" " * (MAX_BODY + 1), (413,)),
}
