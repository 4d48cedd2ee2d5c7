"""The command that asks the API the same question: `curl`, for any shell of the Bourne family."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import PurePath

from provenance.fact import clean

HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:]{2,45}\](?::\d{1,5})?")
UNKNOWN = "http://localhost:8000"  # as `python app.py` serves
MEDIA_TYPES = {"PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif", "BMP": "image/bmp"}


def address(headers: Mapping[str, str]) -> str:
    """The service's address as the visitor's browser knows it, from a request's headers.

    A proxy's word is believed only as far as it is a scheme and a host name: it ends in a document.
    """
    scheme = headers.get("x-forwarded-proto", "http").split(",")[0].strip()
    host = headers.get("x-forwarded-host", headers.get("host", "")).split(",")[0].strip()
    if scheme not in ("http", "https") or not HOST.fullmatch(host):
        return UNKNOWN
    return f"{scheme}://{host}"


def curl(service: str, name: str, file_format: str) -> str:
    """The command that sends the file `name`, in the current folder, to the service's API."""
    kind = MEDIA_TYPES.get(file_format, "image/jpeg")
    file = shlex.quote(f"./{safe_name(name)}")
    return (
        f'{{ printf \'{{"image":{{"mediaType":"{kind}","data":"\'; base64 < {file} | '
        "tr -d '\\n'; printf '\"}}'; } |\n"
        f"  curl -sS {shlex.quote(service + '/predict')} "
        "-H 'Content-Type: application/json' --data-binary @-"
    )


def safe_name(name: str) -> str:
    """A file's name without folders, tricks or length, in any script."""
    last = PurePath(name.replace("\\", "/")).name
    kept = re.sub(r'[<>:"|?*/\\]', "_", clean(last, 120)).strip(". ")
    return kept or "picture"


def stem(name: str) -> str:
    """What the report's own files are called after: letters, digits and dashes."""
    plain = re.sub(r"[^\w-]+", "-", PurePath(safe_name(name)).stem).strip("-_")
    return plain[:60] or "picture"
