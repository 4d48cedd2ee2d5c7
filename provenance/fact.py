"""One thing that a file says, fit to be shown: text of bounded length without tricks in it."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

MAX_VALUE = 400  # characters: longer ones are cut in a table
MAX_NAME = 80  # characters

# Cc: control; Cf: direction overrides and invisible letters, which can make a name read as another;
# Cs: lone surrogates, which cannot be encoded; Co, Cn: private and unassigned, which show as boxes.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zl", "Zp", "Zs"})


class Fact(NamedTuple):
    """A row of a table.

    Attributes:
        name: what is said.
        value: as it is shown.
    """

    name: str
    value: str


def fact(name: str, value: object) -> Fact:
    """Make a row of whatever a file holds."""
    return Fact(clean(str(name), MAX_NAME), clean(str(value)))


def clean(text: str, limit: int = MAX_VALUE) -> str:
    """Make foreign text safe to show: one line, visible characters, at most `limit` of them."""
    shown = []
    for character in text[: 4 * limit]:
        kind = unicodedata.category(character)
        if kind in _SPACES or character in "\t\r\n":
            shown.append(" ")
        elif kind not in _HIDDEN:
            shown.append(character)
    line = " ".join("".join(shown).split())
    if len(line) > limit or len(text) > 4 * limit:
        return line[: limit - 1].rstrip() + "\u2026"
    return line


def decoded(data: bytes) -> str:
    """Text of unknown encoding: UTF-8 if it is, else Latin-1, up to the first NUL."""
    text = data.split(b"\0", 1)[0]
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
