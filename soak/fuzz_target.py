"""`python -m soak.fuzz_target CORPUS OPTIONS`: atheris on decoding and on request parsing.

The first byte of an input chooses which. Whatever the bytes, the answer is a picture or one of the
errors that are documented; anything else is a finding, which atheris writes to a file.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["detector", "web"]):
    from detector.contract import ImageRequest, InvalidBase64
    from detector.imaging import ImageError, decode, read_header

MAX_PIXELS = 250_000  # larger ones are refused before decoding, which is all there is to see


def one(data: bytes) -> None:
    """Judge one input."""
    if data[:1] == b"r":
        parse(data[1:])
        return
    try:
        header = read_header(data[1:])
        image = decode(data[1:], MAX_PIXELS)
    except ImageError as error:
        assert error.code, data  # noqa: PT017 - not a test
        return
    assert image.shape == (header.height, header.width, 3), data
    assert image.dtype == "uint8", data


def parse(body: bytes) -> None:
    """As `api.py` does with a body."""
    from pydantic import ValidationError

    from web.problems import Problem

    try:
        ImageRequest.model_validate_json(body).image.to_bytes()
    except ValidationError as error:
        assert str(Problem.from_validation(error)), body  # noqa: PT017
    except InvalidBase64 as error:
        assert str(error), body  # noqa: PT017


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
