"""Requests that break a rule: each is refused, or judged as far as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from testsets import broken, hostile, malformed
from testsets.dataset import OK, Row
from testsets.edge_row import EITHER, REFUSED, malformed_row, row, size_of
from testsets.imagefile import MEDIA_TYPES, encode
from testsets.malformed import TOO_LARGE, UNPROCESSABLE, Malformed

DECLARED = (
    "image/png",
    "image/jpg",
    "IMAGE/JPEG",
    "image/jpeg; charset=binary",
    "image/webp",
    "image/gif",
    "application/octet-stream",
    "text/plain",
    "nonsense",
    "",
)
HEADERS = ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8")


def truncated(seed: int) -> Iterator[Row]:
    """EditScope judges what there is; to refuse is as good."""
    pixels = hostile.picture(seed)
    for case, (data, kind) in broken.truncated(pixels).items():
        yield row(case, data, MEDIA_TYPES[kind], size_of(pixels), accepted=EITHER)


def damaged(seed: int) -> Iterator[Row]:
    pixels = hostile.picture(seed)
    width, height = size_of(pixels)
    sizes = {
        "JPEG, scan of another size": (width, 2 * height),
        "PNG, more pixels than announced": (width, height // 2),
    }
    for case, (data, kind) in broken.damaged(pixels).items():
        size = sizes.get(case, (width, height))
        yield row(case, data, MEDIA_TYPES[kind], size, accepted=EITHER)


def undecodable(seed: int) -> Iterator[Row]:
    for case, (data, kind) in broken.undecodable(hostile.picture(seed)).items():
        media_type = MEDIA_TYPES[kind]
        yield row(
            case,
            data,
            media_type,
            None,
            expected=UNPROCESSABLE,
            accepted=REFUSED,
            code="corrupt_image",
        )


def not_pictures(seed: int) -> Iterator[Row]:
    for case, data in broken.not_pictures().items():
        code = "unsupported_format" if case in {"SVG", "PDF"} else "not_an_image"
        yield row(
            case, data, "image/jpeg", None, expected=UNPROCESSABLE, accepted=REFUSED, code=code
        )


def media_types(seed: int) -> Iterator[Row]:
    """The bytes decide, not what is declared."""
    pixels = hostile.picture(seed)
    photo, drawing = hostile.jpeg(pixels), encode(pixels, "PNG", compress_level=6)
    for declared in DECLARED:
        case = f"JPEG, declared as {declared or 'nothing'}"
        yield row(case, photo, declared, size_of(pixels), accepted=EITHER)
    yield row("PNG, declared as JPEG", drawing, "image/jpeg", size_of(pixels), accepted=EITHER)
    for header in HEADERS:
        case = f"the request sent as {header}"
        accepted = (OK,) if header.startswith("application/json") else EITHER
        yield row(
            case, photo, "image/jpeg", size_of(pixels), accepted=accepted, content_type=header
        )


def formats(seed: int) -> Iterator[Row]:
    """The challenge has JPEG and PNG; EditScope takes three more that people save from the web."""
    pixels = hostile.picture(seed)
    for case, (data, media_type) in broken.other_formats(pixels).items():
        if case.startswith(("WebP", "AVIF", "BMP")):
            yield row(case, data, media_type, size_of(pixels), accepted=EITHER)
        else:
            whole = case in {"GIF", "TIFF"}  # somebody else may read them
            size, accepted = (size_of(pixels), EITHER) if whole else (None, REFUSED)
            code = "unsupported_format"
            yield row(
                case, data, media_type, size, expected=UNPROCESSABLE, accepted=accepted, code=code
            )


def requests(make: Callable[[bytes], Iterator[Malformed]]) -> Callable[[int], Iterator[Row]]:
    def rows(seed: int) -> Iterator[Row]:
        pixels = hostile.picture(seed, 24, 32)
        file = hostile.jpeg(pixels)
        for item in make(file):
            yield malformed_row(item, file, pixels)

    return rows


def bombs(seed: int) -> Iterator[Row]:
    """Refused before anything is unpacked, or judged without unpacking what is not needed."""
    pixels = hostile.picture(seed)
    for case, (data, kind) in broken.bombs(pixels).items():
        media_type = MEDIA_TYPES[kind]
        yield row(
            case,
            data,
            media_type,
            None,
            expected=TOO_LARGE,
            accepted=REFUSED,
            code="too_many_pixels",
        )
    for case, (data, kind) in broken.stuffed(pixels).items():
        size = (64, 64) if "64 x 64" in case else size_of(pixels)
        yield row(case, data, MEDIA_TYPES[kind], size, accepted=EITHER)
    small = hostile.picture(seed, 24, 32)
    file = hostile.jpeg(small)
    yield malformed_row(malformed.oversized(file), file, small)
