"""Category `edge_case`: what must be answered although it is odd, and what must be refused.

`expected` is what EditScope does. `accepted` is what any service may do and still keep the
challenge's contract: every JPEG and PNG that holds together must be judged; what does not, may be
refused with a status of 400, 413, 415 or 422; nothing may bring a service down, so no status of
500 and above is ever accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from testsets import broken, hostile, malformed
from testsets.camera import Picture
from testsets.dataset import ALL, OK, DataSet, Row, body
from testsets.imagefile import MEDIA_TYPES, encode
from testsets.malformed import TOO_LARGE, UNPROCESSABLE, Malformed

REFUSED = (400, 413, 415, 422)
EITHER = (OK, *REFUSED)
TINY = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (7, 7), (8, 8), (9, 15), (16, 16))  # width, height
ODD = ((33, 31), (63, 65), (100, 99), (127, 129), (257, 255), (513, 511), (641, 479))
WIDE = ((1000, 50), (50, 1000), (2000, 150), (150, 2000), (3000, 4), (4, 3000))
THIN = ((1, 5000), (5000, 1), (1, 1500), (1500, 1), (2, 4000), (4000, 3))
HUGE = ((2048, 2048), (2048, 1536), (4000, 3000))
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

Files = Mapping[str, tuple[bytes, str]]  # by case: file, and format or media type
Size = tuple[int, int] | None  # width, height


def data_sets() -> list[DataSet]:
    """The 25 of the category."""
    return [
        _data_set(number, title, purpose, make)
        for number, (title, purpose, make) in enumerate(PLANS, 1)
    ]


def _data_set(
    number: int, title: str, purpose: str, make: Callable[[int], Iterator[Row]]
) -> DataSet:
    def rows(seed: int, _: int) -> Iterator[Row]:
        return make(seed)

    return DataSet(
        name=f"edge_case_{number:02d}",
        category="edge_case",
        title=title,
        purpose=purpose,
        rows=rows,
        count=ALL,
    )


def _row(
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


def _of(pixels: Picture) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _judged(files: Files, pixels: Picture) -> Iterator[Row]:
    """Files that hold together: nothing but 200 will do."""
    for case, (data, kind) in files.items():
        yield _row(case, data, MEDIA_TYPES[kind], _of(pixels))


def _as(kind: str, files: Mapping[str, bytes]) -> Files:
    return {case: (data, kind) for case, data in files.items()}


def _shapes(sizes: Iterable[tuple[int, int]]) -> Callable[[int], Iterator[Row]]:
    def rows(seed: int) -> Iterator[Row]:
        for width, height in sizes:
            pixels = hostile.picture(seed, height, width)
            files = {
                f"{width} x {height}, PNG": (encode(pixels, "PNG", compress_level=6), "PNG"),
                f"{width} x {height}, JPEG": (hostile.jpeg(pixels), "JPEG"),
            }
            yield from _judged(files, pixels)

    return rows


def _huge(seed: int) -> Iterator[Row]:
    """Enlarged, so that the files stay small."""
    small = Image.fromarray(hostile.picture(seed, 512, 512))
    for width, height in HUGE:
        pixels = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
        name = f"{width} x {height}, JPEG"
        yield from _judged({name: (hostile.jpeg(pixels), "JPEG")}, pixels)
    pixels = np.asarray(small.resize((2048, 2048), Image.Resampling.NEAREST))
    data = encode(pixels, "PNG", compress_level=6)
    yield from _judged({"2048 x 2048, PNG": (data, "PNG")}, pixels)


def _small_modes(seed: int) -> Iterator[Row]:
    """32 x 32 in the modes that services trip over."""
    pixels = hostile.picture(seed, 32, 32)
    jpegs = hostile.jpeg_kinds(pixels)
    files = _as("PNG", hostile.png_modes(pixels))
    yield from _judged(files, pixels)
    some = {name: jpegs[name] for name in ("progressive", "grey", "4:4:4, quality 100")}
    yield from _judged(_as("JPEG", some), pixels)


def _kinds(
    kind: str, make: Callable[[Picture], Mapping[str, bytes]]
) -> Callable[[int], Iterator[Row]]:
    def rows(seed: int) -> Iterator[Row]:
        pixels = hostile.picture(seed)
        yield from _judged(_as(kind, make(pixels)), pixels)

    return rows


def _profiles(seed: int) -> Iterator[Row]:
    pixels = hostile.picture(seed)
    yield from _judged(hostile.profiles(pixels), pixels)


def _turned(seed: int) -> Iterator[Row]:
    """Orientations 1 to 8, and two that do not exist: the mask has the stored size each time."""
    pixels = hostile.picture(seed)
    for orientation in (1, 2, 3, 4, 5, 6, 7, 8, 0, 99):
        block = hostile.exif(orientation)
        files = {
            f"JPEG, orientation {orientation}": (hostile.jpeg(pixels, exif=block), "JPEG"),
            f"PNG, orientation {orientation}": (
                encode(pixels, "PNG", compress_level=6, exif=block),
                "PNG",
            ),
        }
        yield from _judged(files, pixels)


def _contents(seed: int) -> Iterator[Row]:
    for name, pixels in hostile.contents().items():
        files = {
            f"{name}, PNG": (encode(pixels, "PNG", compress_level=6), "PNG"),
            f"{name}, JPEG": (hostile.jpeg(pixels), "JPEG"),
        }
        yield from _judged(files, pixels)


def _truncated(seed: int) -> Iterator[Row]:
    """EditScope judges what there is; to refuse is as good."""
    pixels = hostile.picture(seed)
    for case, (data, kind) in broken.truncated(pixels).items():
        yield _row(case, data, MEDIA_TYPES[kind], _of(pixels), accepted=EITHER)


def _damaged(seed: int) -> Iterator[Row]:
    pixels = hostile.picture(seed)
    width, height = _of(pixels)
    sizes = {
        "JPEG, scan of another size": (width, 2 * height),
        "PNG, more pixels than announced": (width, height // 2),
    }
    for case, (data, kind) in broken.damaged(pixels).items():
        size = sizes.get(case, (width, height))
        yield _row(case, data, MEDIA_TYPES[kind], size, accepted=EITHER)


def _undecodable(seed: int) -> Iterator[Row]:
    for case, (data, kind) in broken.undecodable(hostile.picture(seed)).items():
        media_type = MEDIA_TYPES[kind]
        yield _row(
            case,
            data,
            media_type,
            None,
            expected=UNPROCESSABLE,
            accepted=REFUSED,
            code="corrupt_image",
        )


def _not_pictures(seed: int) -> Iterator[Row]:
    for case, data in broken.not_pictures().items():
        code = "unsupported_format" if case in {"SVG", "PDF"} else "not_an_image"
        yield _row(
            case, data, "image/jpeg", None, expected=UNPROCESSABLE, accepted=REFUSED, code=code
        )


def _media_types(seed: int) -> Iterator[Row]:
    """The bytes decide, not what is declared."""
    pixels = hostile.picture(seed)
    photo, drawing = hostile.jpeg(pixels), encode(pixels, "PNG", compress_level=6)
    for declared in DECLARED:
        case = f"JPEG, declared as {declared or 'nothing'}"
        yield _row(case, photo, declared, _of(pixels), accepted=EITHER)
    yield _row("PNG, declared as JPEG", drawing, "image/jpeg", _of(pixels), accepted=EITHER)
    for header in HEADERS:
        case = f"the request sent as {header}"
        accepted = (OK,) if header.startswith("application/json") else EITHER
        yield _row(case, photo, "image/jpeg", _of(pixels), accepted=accepted, content_type=header)


def _formats(seed: int) -> Iterator[Row]:
    """The challenge has JPEG and PNG; EditScope takes three more that people save from the web."""
    pixels = hostile.picture(seed)
    for case, (data, media_type) in broken.other_formats(pixels).items():
        if case.startswith(("WebP", "AVIF", "BMP")):
            yield _row(case, data, media_type, _of(pixels), accepted=EITHER)
        else:
            whole = case in {"GIF", "TIFF"}  # somebody else may read them
            size, accepted = (_of(pixels), EITHER) if whole else (None, REFUSED)
            code = "unsupported_format"
            yield _row(
                case, data, media_type, size, expected=UNPROCESSABLE, accepted=accepted, code=code
            )


def _malformed(make: Callable[[bytes], Iterator[Malformed]]) -> Callable[[int], Iterator[Row]]:
    def rows(seed: int) -> Iterator[Row]:
        pixels = hostile.picture(seed, 24, 32)
        file = hostile.jpeg(pixels)
        for item in make(file):
            yield _malformed_row(item, file, pixels)

    return rows


def _malformed_row(item: Malformed, file: bytes, pixels: Picture) -> Row:
    width, height = _of(pixels)
    known = {"image": file, "media_type": "image/jpeg", "width": width, "height": height}
    fields = {**(known if item.readable else {}), "error_code": item.code}
    accepted = EITHER if item.readable else REFUSED
    return Row(item.case, item.request, item.status, accepted, fields)


def _bombs(seed: int) -> Iterator[Row]:
    """Refused before anything is unpacked, or judged without unpacking what is not needed."""
    pixels = hostile.picture(seed)
    for case, (data, kind) in broken.bombs(pixels).items():
        media_type = MEDIA_TYPES[kind]
        yield _row(
            case,
            data,
            media_type,
            None,
            expected=TOO_LARGE,
            accepted=REFUSED,
            code="too_many_pixels",
        )
    for case, (data, kind) in broken.stuffed(pixels).items():
        size = (64, 64) if "64 x 64" in case else _of(pixels)
        yield _row(case, data, MEDIA_TYPES[kind], size, accepted=EITHER)
    small = hostile.picture(seed, 24, 32)
    file = hostile.jpeg(small)
    yield _malformed_row(malformed.oversized(file), file, small)


PLANS: tuple[tuple[str, str, Callable[[int], Iterator[Row]]], ...] = (
    ("Tiny pictures", "1 x 1 and a few more pixels", _shapes(TINY)),
    ("32 x 32 in every mode", "Smaller than what networks take", _small_modes),
    ("Huge pictures", "2048 x 2048 and a phone's 12 megapixels", _huge),
    ("Extreme aspect ratios", "1000 x 50 and worse", _shapes(WIDE)),
    ("One pixel thin", "1 x 5000 and others", _shapes(THIN)),
    ("Odd sizes", "No multiple of anything", _shapes(ODD)),
    ("PNG modes", "Every mode and depth", _kinds("PNG", hostile.png_modes)),
    ("PNG transparency", "Alpha, tRNS and odd palettes", _kinds("PNG", hostile.transparencies)),
    ("PNG structure", "Interlaced, animated, many chunks", _kinds("PNG", hostile.png_structures)),
    ("JPEG kinds", "Progressive, grey, sampling, restarts", _kinds("JPEG", hostile.jpeg_kinds)),
    ("CMYK", "Four inks, with and without Adobe's marker", _kinds("JPEG", hostile.cmyk_kinds)),
    ("EXIF orientation", "1 to 8 and none: the mask keeps the stored size", _turned),
    (
        "Several pictures in one",
        "MPO, thumbnails, trailing data",
        _kinds("JPEG", hostile.multi_pictures),
    ),
    ("Colour profiles", "Right, swapped, broken, bombs", _profiles),
    ("Nothing to see", "Black, white, noise: valid all the same", _contents),
    ("Truncated", "Ends too early, yet holds pixels", _truncated),
    ("Damaged", "Bytes overwritten, checksums wrong", _damaged),
    ("Undecodable", "A known format without one pixel", _undecodable),
    ("No pictures", "Text, archives, random bytes", _not_pictures),
    ("Wrong media type", "Declared as something else", _media_types),
    ("Other formats", "WebP, GIF, TIFF, HEIC", _formats),
    ("Malformed JSON", "Refused with 400 and a reason", _malformed(malformed.json_errors)),
    (
        "Missing and wrong fields",
        "Refused with 422 and a reason",
        _malformed(malformed.field_errors),
    ),
    ("Bad base64", "Refused with 422 and a reason", _malformed(malformed.base64_errors)),
    ("Bombs and limits", "Small files that unpack to gigabytes", _bombs),
)
