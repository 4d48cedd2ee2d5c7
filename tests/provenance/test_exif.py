from __future__ import annotations

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from provenance import exif


def block() -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = "NIKON CORPORATION"
    tags[ExifTags.Base.Model] = "NIKON D90"
    details = tags.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExposureTime] = TiffImagePlugin.IFDRational(1, 250)
    details[ExifTags.Base.Contrast] = 2
    details[ExifTags.Base.LightSource] = 77
    details[ExifTags.Base.DateTimeOriginal] = "2024:05:01 12:00:00"
    details[ExifTags.Base.FNumber] = TiffImagePlugin.IFDRational(28, 10)
    details[ExifTags.Base.Flash] = 1
    details[ExifTags.Base.UserComment] = b"UNICODE\0" + "Fj\u00e4ll".encode("utf-16-le")
    place = tags.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "S"
    place[ExifTags.GPS.GPSLatitude] = (33.0, 51.0, 24.0)
    place[ExifTags.GPS.GPSLongitudeRef] = "E"
    place[ExifTags.GPS.GPSLongitude] = (151.0, 12.0, 36.0)
    return tags


def test_values_are_in_words() -> None:
    read = exif.read(block().tobytes())
    assert read.get("Make") == "NIKON CORPORATION"
    assert read.get("ExposureTime") == "1/250 s"
    assert read.get("FNumber") == "f/2.8"
    assert read.get("Flash") == "fired"
    assert read.get("Contrast") == "hard"
    assert read.get("LightSource") == "77"  # of no known meaning, so as it is
    assert read.get("DateTimeOriginal") == "2024-05-01 12:00:00"
    assert read.get("UserComment") == "Fj\u00e4ll"


def test_what_people_look_for_comes_first() -> None:
    names = [row.name for row in exif.read(block().tobytes()).facts]
    assert names[:3] == ["Make", "Model", "DateTimeOriginal"]
    assert names.index("Flash") < names.index("Contrast")


def test_a_position_has_its_hemisphere() -> None:
    read = exif.read(block().tobytes())
    assert read.position is not None
    assert read.position.latitude == pytest.approx(-33.856667)
    assert read.position.longitude == pytest.approx(151.21)
    assert str(read.position) == "33.85667\u00b0 S, 151.21000\u00b0 E"
    assert read.get("GPS position") == str(read.position)
    assert read.get("GPSLatitude") == ""


def test_no_exif_says_nothing() -> None:
    assert exif.read(b"") == exif.Exif()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"ASCII\0\0\0hello\0", "hello"),
        (b"UNICODE\0" + "hi there".encode("utf-16-be"), "hi there"),
        (b"bare text", "bare text"),
        (b"", ""),
    ],
)
def test_user_comments_name_their_encoding(value: bytes, text: str) -> None:
    assert exif.user_comment(value) == text
