"""Secrets never reach the screen: whatever is printed, by whomever, passes here first."""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path
from typing import Any, TextIO, cast

MASK = "[secret]"
SHORTEST = 6  # characters; masking less than that would garble ordinary words


class Secrets:
    """Values to be masked, also as HTTP's and skopeo's basic credentials spell them."""

    def __init__(self) -> None:
        self._spellings: set[str] = set()

    def add(self, value: str) -> None:
        if len(value) >= SHORTEST:
            basic = base64.b64encode(f"unused:{value}".encode()).decode()
            self._spellings |= {value, basic}

    def redact(self, text: str) -> str:
        for spelling in sorted(self._spellings, key=len, reverse=True):
            text = text.replace(spelling, MASK)
        return text


class Redacting:
    """A text stream that masks secrets in what is written to it."""

    def __init__(self, stream: TextIO, secrets: Secrets) -> None:
        self._stream = stream
        self._secrets = secrets

    def write(self, text: str) -> int:
        self._stream.write(self._secrets.redact(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard(secrets: Secrets) -> None:
    """Put the masks on this process's output and errors, tracebacks among them."""
    sys.stdout = cast(TextIO, Redacting(sys.stdout, secrets))
    sys.stderr = cast(TextIO, Redacting(sys.stderr, secrets))


def token_from(file: Path | None, variable: str | None) -> str | None:
    """A token from a file, else from a variable's value; None if neither has one.

    Raises:
        ValueError: what is there is not one word of printable ASCII; it is not quoted.
    """
    if file is not None:
        try:
            token, source = file.read_text().strip(), str(file)
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"Cannot read the token in {file}: {type(error).__name__}.") from None
    else:
        token, source = (variable or "").strip(), "the variable"
    if token and not re.fullmatch("[!-~]+", token):
        raise ValueError(f"{source} does not hold a token: it is not one word.")
    return token or None
