"""Category `edge_case`: what must be answered although it is odd, and what must be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from testsets import hostile, malformed, sound, unsound
from testsets.dataset import ALL, DataSet, Row

PLANS: tuple[tuple[str, str, Callable[[int], Iterator[Row]]], ...] = (
    ("Tiny pictures", "1 x 1 and a few more pixels", sound.shapes(sound.TINY)),
    ("32 x 32 in every mode", "Smaller than what networks take", sound.small_modes),
    ("Huge pictures", "2048 x 2048 and a phone's 12 megapixels", sound.huge),
    ("Extreme aspect ratios", "1000 x 50 and worse", sound.shapes(sound.WIDE)),
    ("One pixel thin", "1 x 5000 and others", sound.shapes(sound.THIN)),
    ("Odd sizes", "No multiple of anything", sound.shapes(sound.ODD)),
    ("PNG modes", "Every mode and depth", sound.kinds("PNG", hostile.png_modes)),
    (
        "PNG transparency",
        "Alpha, tRNS and odd palettes",
        sound.kinds("PNG", hostile.transparencies),
    ),
    (
        "PNG structure",
        "Interlaced, animated, many chunks",
        sound.kinds("PNG", hostile.png_structures),
    ),
    (
        "JPEG kinds",
        "Progressive, grey, sampling, restarts",
        sound.kinds("JPEG", hostile.jpeg_kinds),
    ),
    ("CMYK", "Four inks, with and without Adobe's marker", sound.kinds("JPEG", hostile.cmyk_kinds)),
    ("EXIF orientation", "1 to 8 and none: the mask keeps the stored size", sound.turned),
    (
        "Several pictures in one",
        "MPO, thumbnails, trailing data",
        sound.kinds("JPEG", hostile.multi_pictures),
    ),
    ("Colour profiles", "Right, swapped, broken, bombs", sound.profiles),
    ("Nothing to see", "Black, white, noise: valid all the same", sound.contents),
    ("Truncated", "Ends too early, yet holds pixels", unsound.truncated),
    ("Damaged", "Bytes overwritten, checksums wrong", unsound.damaged),
    ("Undecodable", "A known format without one pixel", unsound.undecodable),
    ("No pictures", "Text, archives, random bytes", unsound.not_pictures),
    ("Wrong media type", "Declared as something else", unsound.media_types),
    ("Other formats", "WebP, GIF, TIFF, HEIC", unsound.formats),
    ("Malformed JSON", "Refused with 400 and a reason", unsound.requests(malformed.json_errors)),
    (
        "Missing and wrong fields",
        "Refused with 422 and a reason",
        unsound.requests(malformed.field_errors),
    ),
    ("Bad base64", "Refused with 422 and a reason", unsound.requests(malformed.base64_errors)),
    ("Bombs and limits", "Small files that unpack to gigabytes", unsound.bombs),
)


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
