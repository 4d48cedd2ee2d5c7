"""Requests that are wrong before any picture is looked at: JSON, fields, base64, media types.

Each is (body, status that EditScope gives, its error code); `testsets.unsound` makes rows of them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from testsets.dataset import OK, body

BAD_REQUEST, UNPROCESSABLE, TOO_LARGE = 400, 422, 413
MEBIBYTE = 1 << 20
OVERSIZED = 129 * MEBIBYTE  # one more than EditScope takes


@dataclass(frozen=True)
class Malformed:
    """A request and what it gets."""

    case: str
    request: bytes
    status: int
    code: str | None = None
    lenient: bool = False  # some parsers read it, and do right

    @property
    def readable(self) -> bool:
        """Whether some service may judge the picture: that the body is too long for us is a limit
        of ours."""
        return self.lenient or self.status in {OK, TOO_LARGE}


def json_errors(file: bytes) -> Iterator[Malformed]:
    """Not JSON, or JSON by some readers' rules only."""
    good = body(file, "image/jpeg")

    def bad(case: str, request: bytes) -> Malformed:
        return Malformed(case, request, BAD_REQUEST, "malformed_json")

    yield Malformed("an empty body", b"", BAD_REQUEST, "empty_body")
    yield bad("white space alone", b"  \n\t ")
    yield bad("plain text", b"hello")
    yield bad("cut short", good[: len(good) // 2])
    yield bad("a comma too many", good[:-2] + b",}}")
    yield bad("single quotes", good.replace(b'"', b"'"))
    yield bad("keys without quotes", b"{image: {}}")
    yield bad("two objects", good + good)
    yield bad("a comment", good + b" // a picture")
    yield bad("bytes that are not UTF-8", b'{"image": "\xff\xfe"}')
    utf16 = good.decode().encode("utf-16")  # was JSON until RFC 8259; Python's parser takes it
    yield Malformed("UTF-16", utf16, BAD_REQUEST, "malformed_json", lenient=True)
    yield bad("the bare file", file)
    yield bad("form data", b"image=" + base64.b64encode(file)[:200])
    yield bad("100 000 open brackets", b"[" * 100_000)
    yield Malformed("a byte order mark before it", b"\xef\xbb\xbf" + good, OK)
    yield Malformed("white space around it", b"\n\n  " + good + b"\r\n", OK)


def field_errors(file: bytes) -> Iterator[Malformed]:
    """JSON without what the contract asks for, or with more."""
    data = base64.b64encode(file).decode()
    image = {"mediaType": "image/jpeg", "data": data}

    def bad(case: str, content: object) -> Malformed:
        return Malformed(case, _dump(content), UNPROCESSABLE, "invalid_request")

    yield bad("an empty object", {})
    yield bad("null", None)
    yield bad("a list", [image])
    yield bad("a string", "image")
    yield bad("a number", 42)
    yield bad("image is null", {"image": None})
    yield bad("image is the base64 itself", {"image": data})
    yield bad("image is a list", {"image": [image]})
    yield bad("no data", {"image": {"mediaType": "image/jpeg"}})
    yield bad("no mediaType", {"image": {"data": data}})
    yield bad("data is null", {"image": {**image, "data": None}})
    yield bad("data is a number", {"image": {**image, "data": 7}})
    yield bad("data is a list of bytes", {"image": {**image, "data": list(file[:50])}})
    yield bad("mediaType is null", {"image": {**image, "mediaType": None}})
    yield bad("names in other case", {"Image": {"MediaType": "image/jpeg", "Data": data}})
    yield bad("snake case", {"image": {"media_type": "image/jpeg", "data": data}})
    yield bad("without the outer object", image)
    yield Malformed("fields that nobody knows", _dump({"image": {**image, "id": 1}, "x": []}), OK)
    yield Malformed("the platform's own fields", _dump({"_index_": 0, "image": image}), OK)
    yield Malformed("image twice, the last counts", _twice(image), OK)


def base64_errors(file: bytes) -> Iterator[Malformed]:
    """`data` that is not padded standard base64, or only nearly."""
    data = base64.b64encode(file + b"\0" * ((1 - len(file)) % 3)).decode()  # ends in one "=="
    lines = "\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))

    def request(text: str) -> bytes:
        return _dump({"image": {"mediaType": "image/jpeg", "data": text}})

    def bad(case: str, text: str) -> Malformed:
        return Malformed(case, request(text), UNPROCESSABLE, "invalid_base64")

    yield bad("empty", "")
    yield bad("white space alone", " \n ")
    yield bad("without its padding", data.rstrip("="))
    yield bad("a character too few", data[:-3])
    yield bad("a character that is none of base64's", data[:40] + "*" + data[41:])
    yield bad("padding in the middle", data[:40] + "==" + data[40:])
    yield bad("a data URL", f"data:image/jpeg;base64,{data}")
    yield bad("the URL-safe alphabet", base64.urlsafe_b64encode(b"\xff\xef\xbe" * 40).decode())
    yield bad("hexadecimal and a colon", "hex:" + file[:60].hex())
    yield bad("letters beyond ASCII", "é" + data[1:])
    yield bad("one letter", "A")
    yield Malformed("lines of 76 characters", request(lines), OK)
    yield Malformed("with JSON's own escapes", request(data).replace(b"/", b"\\/"), OK)
    yield Malformed("a line feed at its end", request(data + "\n"), OK)


def oversized(file: bytes) -> Malformed:
    """A valid request with white space to one mebibyte above EditScope's limit."""
    good = body(file, "image/jpeg")
    padded = good + b" " * (OVERSIZED - len(good))
    return Malformed("a body of 129 MiB", padded, TOO_LARGE, "body_too_large")


def _twice(image: dict[str, str]) -> bytes:
    return b'{"image": 1, ' + _dump({"image": image})[1:]


def _dump(content: object) -> bytes:
    return json.dumps(content).encode()
