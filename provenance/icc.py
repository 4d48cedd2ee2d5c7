"""The name of a colour profile. See ICC.1:2022, sections 7.3 and 10.15."""

from __future__ import annotations

import struct

from provenance.fact import clean, decoded

MAX_TAGS = 100  # profiles have about ten
HEADER = 128  # bytes before the tag table


def profile_name(icc: bytes) -> str:
    """What the profile calls itself, such as `Display P3`; empty where it does not say."""
    try:
        count = struct.unpack_from(">I", icc, HEADER)[0]
        for i in range(min(count, MAX_TAGS)):
            tag, start, size = struct.unpack_from(">4sII", icc, HEADER + 4 + 12 * i)
            if tag == b"desc":
                return clean(_description(icc[start : start + size]), 80)
    except struct.error:
        pass
    return ""


def _description(body: bytes) -> str:
    if body[:4] == b"desc":  # version 2: ASCII with its length
        return decoded(body[12 : 12 + min(struct.unpack_from(">I", body, 8)[0], 200)])
    length, start = struct.unpack_from(">II", body, 20)  # version 4: the first of its translations
    return body[start : start + min(length, 400)].decode("utf-16-be", "replace")
