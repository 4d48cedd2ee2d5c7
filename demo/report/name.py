"""What a report calls the picture's file, and its own files."""

from __future__ import annotations

import re
from pathlib import PurePath

from provenance.fact import clean


def safe_name(name: str) -> str:
    """A file's name without folders, tricks or length, in any script."""
    last = PurePath(name.replace("\\", "/")).name
    kept = re.sub(r'[<>:"|?*/\\]', "_", clean(last, 120)).strip(". ")
    return kept or "picture"


def stem(name: str) -> str:
    """What the report's own files are called after: letters, digits and dashes."""
    plain = re.sub(r"[^\w-]+", "-", PurePath(safe_name(name)).stem).strip("-_")
    return plain[:60] or "picture"
