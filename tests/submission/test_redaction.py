"""Whatever is printed, tracebacks too, comes without the secrets."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import pytest

from submission.redaction import Redacting, Secrets, token_from

ROOT = Path(__file__).parents[2]
TOKEN = "planted-0-token"
CRASH = f"""
import logging, sys
from submission.redaction import Secrets, guard
secrets = Secrets()
secrets.add({TOKEN!r})
guard(secrets)
print("token", {TOKEN!r})
logging.basicConfig()
logging.warning("header %s", {TOKEN!r})
def fail(value):
    raise RuntimeError("--dest-creds unused:" + value)
fail({TOKEN!r})
"""


@pytest.fixture
def secrets() -> Secrets:
    secrets = Secrets()
    secrets.add(TOKEN)
    secrets.add("x")  # too short to be one
    return secrets


def test_every_spelling(secrets: Secrets) -> None:
    basic = base64.b64encode(f"unused:{TOKEN}".encode()).decode()
    assert secrets.redact(f"Bearer {TOKEN}, Basic {basic}, x") == (
        "Bearer [secret], Basic [secret], x"
    )


def test_a_stream(secrets: Secrets) -> None:
    inner = io.StringIO()
    stream = Redacting(inner, secrets)
    assert stream.write(f"a {TOKEN} b") == len(TOKEN) + 4
    stream.writelines(["c", TOKEN])
    stream.flush()
    assert inner.getvalue() == "a [secret] bc[secret]"


def test_a_process_that_crashes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "RuntimeError: --dest-creds unused:[secret]" in done.stderr
    assert "WARNING:root:header [secret]" in done.stderr
    assert done.stdout == "token [secret]\n"
    assert f"{TOKEN}\n" not in done.stderr


def test_where_a_token_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f" {TOKEN}\n")
    assert token_from(file, "other") == TOKEN
    assert token_from(None, f"{TOKEN}\n") == TOKEN
    assert token_from(None, "") is None
    with pytest.raises(ValueError, match="it is not one word") as caught:
        token_from(None, f"TOKEN={TOKEN} x")
    assert TOKEN not in str(caught.value)
    with pytest.raises(ValueError, match=r"Cannot read the token in [^:]+: FileNotFoundError"):
        token_from(tmp_path / "nowhere", None)
