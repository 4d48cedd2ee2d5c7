"""EXIF in readable words. See CIPA DC-008 (Exif 3.0); Pillow reads the structure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

from provenance.fact import Fact, decoded, fact

MAX_TAGS = 200  # per directory; cameras write fewer than 80
SKIPPED = {  # structure, and blocks that only their maker can read
    *("ExifOffset", "GPSInfo", "ExifInteroperabilityOffset", "MakerNote", "PrintImageMatching"),
    *("JPEGInterchangeFormat", "JPEGInterchangeFormatLength", "XMLPacket", "ImageResources"),
    *("IPTCNAA", "InterColorProfile", "Padding", "OffsetSchema", "ComponentsConfiguration"),
    *("YCbCrPositioning", "FlashPixVersion", "ExifVersion", "YCbCrCoefficients", "CFAPattern"),
}
FIRST = (  # what people look for, before the rest in the order of the file
    *("Make", "Model", "LensMake", "LensModel", "Software", "DateTimeOriginal", "DateTime"),
    *("GPS position", "Artist", "Copyright", "ImageDescription", "UserComment"),
    *("ExposureTime", "FNumber", "ISOSpeedRatings", "FocalLength", "FocalLengthIn35mmFilm"),
    "Flash",
)
CODES: dict[str, dict[int, str]] = {
    "Orientation": {
        **{1: "upright", 2: "mirrored", 3: "turned by 180\u00b0", 4: "upside down, mirrored"},
        **{5: "mirrored, turned left", 6: "to be turned right by 90\u00b0"},
        **{7: "mirrored, turned right", 8: "to be turned left by 90\u00b0"},
    },
    "ExposureProgram": {
        **{1: "manual", 2: "normal", 3: "aperture priority", 4: "shutter priority"},
        **{5: "creative", 6: "action", 7: "portrait", 8: "landscape"},
    },
    "MeteringMode": {
        **{1: "average", 2: "centre-weighted", 3: "spot", 4: "multi-spot"},
        **{5: "pattern", 6: "partial"},
    },
    "ColorSpace": {1: "sRGB", 2: "Adobe RGB", 65535: "not sRGB"},
    "ResolutionUnit": {1: "none", 2: "inch", 3: "centimetre"},
    "ExposureMode": {0: "automatic", 1: "manual", 2: "bracketed"},
    "WhiteBalance": {0: "automatic", 1: "manual"},
    "SceneCaptureType": {0: "standard", 1: "landscape", 2: "portrait", 3: "night"},
    "CompositeImage": {1: "no", 2: "yes", 3: "yes, several captures merged in the camera"},
    "FileSource": {3: "digital camera"},
    "SceneType": {1: "photographed directly"},
    "LightSource": {
        **{0: "unknown", 1: "daylight", 2: "fluorescent", 3: "tungsten", 4: "flash"},
        **{9: "fine weather", 10: "cloudy", 11: "shade", 255: "other"},
    },
    "SensingMethod": {
        **{1: "undefined", 2: "one-chip colour area sensor", 3: "two-chip colour area sensor"},
        **{4: "three-chip colour area sensor", 7: "trilinear sensor"},
    },
    "CustomRendered": {0: "normal", 1: "custom"},
    "GainControl": {0: "none", 1: "low up", 2: "high up", 3: "low down", 4: "high down"},
    "Contrast": {0: "normal", 1: "soft", 2: "hard"},
    "Saturation": {0: "normal", 1: "low", 2: "high"},
    "Sharpness": {0: "normal", 1: "soft", 2: "hard"},
    "SubjectDistanceRange": {0: "unknown", 1: "macro", 2: "close", 3: "distant"},
}

_DATE = re.compile(r"^(\d{4}):(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Position:
    """Where the file says it was taken; degrees, north and east positive."""

    latitude: float
    longitude: float

    def __str__(self) -> str:
        north, east = "NS"[self.latitude < 0], "EW"[self.longitude < 0]
        return f"{abs(self.latitude):.5f}\u00b0 {north}, {abs(self.longitude):.5f}\u00b0 {east}"


@dataclass(frozen=True, slots=True)
class Exif:
    """What EXIF says.

    Attributes:
        facts: tags, those of most interest first, values in words; dates as 2024-05-01 12:00:00.
        position: where it was taken, if it says so.
        thumbnail: the embedded small picture, a JPEG; empty if there is none.
    """

    facts: tuple[Fact, ...] = ()
    position: Position | None = None
    thumbnail: bytes = b""

    def get(self, name: str) -> str:
        """The value of a tag as shown; empty if it is missing."""
        return next((row.value for row in self.facts if row.name == name), "")


def read(blob: bytes) -> Exif:
    """Read an EXIF block, as far as it holds together."""
    if not blob:
        return Exif()
    exif = Image.Exif()
    exif.load(blob)
    facts = list(_facts(exif, ExifTags.TAGS))
    facts += _facts(exif.get_ifd(ExifTags.IFD.Exif), ExifTags.TAGS)
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    position = _position(place)
    if position:
        facts.append(Fact("GPS position", str(position)))
    facts += [row for row in _facts(place, ExifTags.GPSTAGS) if not _is_coordinate(row.name)]
    facts.sort(key=lambda row: FIRST.index(row.name) if row.name in FIRST else len(FIRST))
    return Exif(tuple(facts), position, _thumbnail(blob, exif.get_ifd(ExifTags.IFD.IFD1)))


def _facts(tags: Any, names: dict[int, str]) -> Iterator[Fact]:
    for tag in list(tags)[:MAX_TAGS]:
        name = names.get(tag, f"Tag 0x{tag:04x}")
        if name in SKIPPED:
            continue
        try:
            text = _words(name, tags[tag])
        except Exception:  # values are of whatever type their writer gave them
            text = "cannot be read"
        if text:
            yield fact(name, text)


def _words(name: str, value: Any) -> str:
    if name in CODES:
        code = value[0] if isinstance(value, bytes) and len(value) == 1 else value
        return CODES[name].get(code, str(code))
    if isinstance(value, bytes):
        return _bytes_words(name, value)
    if isinstance(value, tuple):
        return ", ".join(_words(name, part) for part in value[:16])
    if isinstance(value, str):
        if name.startswith("DateTime") or name == "GPSDateStamp":
            value = _DATE.sub(r"\1-\2-\3", value)
        return decoded(value.encode("latin-1", "replace")) if value.isprintable() else value
    return FORMS[name](float(value)) if name in FORMS else _number(value)


def _bytes_words(name: str, value: bytes) -> str:
    if name.startswith("XP"):
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if name == "UserComment":
        return user_comment(value)
    text = value.rstrip(b"\0")
    if text and len(text) <= 64 and text.isascii() and text.decode("ascii").isprintable():
        return text.decode("ascii")
    return f"{len(value)} bytes" if value else ""


def user_comment(value: bytes) -> str:
    """The text of a UserComment, whose first eight bytes name its encoding."""
    encoding, text = value[:8], value[8:]
    if encoding.startswith(b"UNICODE"):
        # the byte order is not said: English text has its zeros on one side
        big = text[0:64:2].count(0) >= text[1:64:2].count(0)
        return text.decode("utf-16-be" if big else "utf-16-le", "replace").strip("\0 ")
    if encoding.startswith((b"ASCII", b"\0")):
        return decoded(text).strip()
    return decoded(value).strip()


def _number(value: Any) -> str:
    number = float(value)
    if not math.isfinite(number):
        return "not a number"
    return f"{number:.6g}" if number != int(number) else str(int(number))


def _exposure(seconds: float) -> str:
    if 0 < seconds < 0.3:  # from here on fractions say less than decimals
        return f"1/{round(1 / seconds)} s"
    return f"{seconds:.3g} s"


FORMS: dict[str, Callable[[float], str]] = {
    "ExposureTime": _exposure,
    "FNumber": lambda value: f"f/{value:.3g}",
    "FocalLength": lambda value: f"{value:.4g} mm",
    "FocalLengthIn35mmFilm": lambda value: f"{value:.4g} mm",
    "ExposureBiasValue": lambda value: f"{value:+.3g} EV",
    "SubjectDistance": lambda value: f"{value:.3g} m",
    "GPSAltitude": lambda value: f"{value:.1f} m",
    "Flash": lambda value: "fired" if int(value) & 1 else "did not fire",
}


def _is_coordinate(name: str) -> bool:
    """Whether a tag is a part of the position, or a unit that its value goes without."""
    return name.startswith(("GPSLatitude", "GPSLongitude", "GPSVersion")) or name.endswith("Ref")


def _position(place: dict[int, Any]) -> Position | None:
    try:
        north = _degrees(place[ExifTags.GPS.GPSLatitude])
        east = _degrees(place[ExifTags.GPS.GPSLongitude])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if str(place.get(ExifTags.GPS.GPSLatitudeRef, "N")).upper().startswith("S"):
        north = -north
    if str(place.get(ExifTags.GPS.GPSLongitudeRef, "E")).upper().startswith("W"):
        east = -east
    # some phones write 0, 0 when they do not know
    if not (abs(north) <= 90 and abs(east) <= 180) or (north, east) == (0.0, 0.0):
        return None
    return Position(north, east)


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def _thumbnail(blob: bytes, directory: dict[int, Any]) -> bytes:
    start = directory.get(ExifTags.Base.JpegIFOffset)
    length = directory.get(ExifTags.Base.JpegIFByteCount)
    if not isinstance(start, int) or not isinstance(length, int) or start < 0 or length < 0:
        return b""
    tiff = blob[6:] if blob.startswith(b"Exif\0\0") else blob
    data = tiff[start : start + length]
    return data if data.startswith(b"\xff\xd8") else b""
