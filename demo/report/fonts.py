"""The PDF's letters: DejaVu, embedded; for East Asian scripts Droid Sans Fallback if installed.

DejaVu comes with Matplotlib, which the evidence needs anyway; it covers Latin, Greek, Cyrillic,
Hebrew, Arabic, Armenian, Georgian and most symbols. Debian's `fonts-droid-fallback` (Apache-2.0)
has Chinese, Japanese and Korean; without it such names are set in the fonts that PDF readers bring
along. What no font has is written as its code point. Right-to-left text is not reordered.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

SANS, BOLD, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"
FALLBACK = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")  # where Debian has it
READERS = {  # by how the names of their characters begin
    "STSong-Light": ("CJK UNIFIED", "CJK COMPATIBILITY", "IDEOGRAPHIC"),
    "HeiseiMin-W3": ("HIRAGANA", "KATAKANA"),
    "HYSMyeongJo-Medium": ("HANGUL SYLLABLE",),
}


@cache
def register() -> frozenset[int]:
    """Make DejaVu known to reportlab. Returns the characters that all three of its faces have."""
    from reportlab import rl_config
    from reportlab.pdfbase import pdfmetrics

    rl_config.useA85 = 0  # pictures as they are: in ASCII they take seconds and a quarter more
    faces = [_embedded(name, str(_folder() / f"{name}.ttf")) for name in (SANS, BOLD, MONO)]
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)
    return frozenset.intersection(*faces)


def markup(text: str) -> str:
    """Text for a reportlab paragraph: escaped, each run of letters in a font that has them."""
    covered = register()
    runs: list[tuple[str, str]] = []
    for character in text:
        name: str | None = "" if ord(character) in covered else _font(character)
        shown = character if name is not None else f"[U+{ord(character):04X}]"
        if runs and runs[-1][0] == (name or ""):
            runs[-1] = (runs[-1][0], runs[-1][1] + shown)
        else:
            runs.append((name or "", shown))
    return "".join(
        f'<font name="{name}">{escape(shown)}</font>' if name else escape(shown)
        for name, shown in runs
    )


def _font(character: str) -> str | None:
    """The font that has a character which not all faces have; None if there is none."""
    code = ord(character)
    if code in _embedded(SANS, str(_folder() / f"{SANS}.ttf")):
        return SANS
    if FALLBACK.is_file() and code in _embedded(FALLBACK.stem, str(FALLBACK)):
        return FALLBACK.stem
    name = unicodedata.name(character, "")
    if code > 0xFFFF:  # beyond what the readers' fonts are addressed by
        return None
    for font, beginnings in READERS.items():
        if name.startswith(beginnings):
            return _of_the_reader(font)
    return None


@cache
def _embedded(name: str, path: str) -> frozenset[int]:
    """Register a TrueType font; the characters that it has."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(name, path)
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


@cache
def _of_the_reader(name: str) -> str:
    """Register a font that PDF readers have themselves."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


def _folder() -> Path:
    """Matplotlib's fonts, found without importing it, which takes a second."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("matplotlib, which has the fonts of the PDF, is not installed")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
