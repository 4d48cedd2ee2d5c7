"""Rows of category `edge_case`: a request with the status that it must get.

`expected` is what EditScope does. `accepted` is what any service may do and still keep the
challenge's contract: every JPEG and PNG that holds together must be judged; what does not, may be
refused with a status of 400, 413, 415 or 422; nothing may bring a service down, so no status of
500 and above is ever accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from testsets.camera import Picture
from testsets.dataset import OK, Row, body
from testsets.imagefile import MEDIA_TYPES
from testsets.malformed import Malformed

REFUSED = (400, 413, 415, 422)
EITHER = (OK, *REFUSED)

Files = Mapping[str, tuple[bytes, str]]  # by case: file, and format or media type
Size = tuple[int, int] | None  # width, height


def row(
    case: str,
    data: bytes,
    media_type: str,
    size: Size,
    *,
    expected: int = OK,
    accepted: tuple[int, ...] = (OK,),
    code: str | None = None,
    content_type: str = "application/json",
) -> Row:
    width, height = size or (None, None)
    fields: dict[str, Any] = {
        "image": data,
        "media_type": media_type,
        "width": width,
        "height": height,
        "error_code": code,
        "content_type": content_type,
    }
    return Row(case, body(data, media_type), expected, accepted, fields)


def size_of(pixels: Picture) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def judged(files: Files, pixels: Picture) -> Iterator[Row]:
    """Files that hold together: nothing but 200 will do."""
    for case, (data, kind) in files.items():
        yield row(case, data, MEDIA_TYPES[kind], size_of(pixels))


def malformed_row(item: Malformed, file: bytes, pixels: Picture) -> Row:
    width, height = size_of(pixels)
    known = {"image": file, "media_type": "image/jpeg", "width": width, "height": height}
    fields = {**(known if item.readable else {}), "error_code": item.code}
    accepted = EITHER if item.readable else REFUSED
    return Row(item.case, item.request, item.status, accepted, fields)
