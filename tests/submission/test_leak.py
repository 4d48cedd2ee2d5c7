"""A secret is found however it is spelled, wherever it lies."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from submission import leak
from submission.refusal import Refusal
from submission.tiny_image import write_image

SECRET = b"hf_planted/0+token~"
with_skopeo = pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, bytes])
def test_spelled_otherwise(before: int, after: int, encode: type[bytes]) -> None:
    text = encode(b"user:"[:before] + SECRET + b"\n\xff\n\xff"[:after])
    assert leak.holds(io.BytesIO(text), leak.spellings(SECRET))


@pytest.mark.parametrize("text", [SECRET.hex().encode(), SECRET.decode().encode("utf-16")])
def test_in_hexadecimal_and_utf16(text: bytes) -> None:
    assert leak.holds(io.BytesIO(text), leak.spellings(SECRET))


@pytest.mark.parametrize("text", [b"", SECRET[:-1], SECRET[::-1], base64.b64encode(SECRET[1:])])
def test_what_is_not_the_secret(text: bytes) -> None:
    assert not leak.holds(io.BytesIO(text * 3), leak.spellings(SECRET))


@pytest.mark.parametrize("place", range(24))
def test_across_two_chunks(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    monkeypatch.setattr(leak, "CHUNK", 11)
    assert leak.holds(io.BytesIO(b"x" * place + SECRET + b"y" * 30), leak.spellings(SECRET))


def test_too_short_a_secret() -> None:
    with pytest.raises(Refusal, match="less than 8 characters"):
        leak.spellings(b"abc")


@with_skopeo
@pytest.mark.parametrize("content", [SECRET, base64.b64encode(b"a:" + SECRET)])
def test_in_a_compressed_layer(tmp_path: Path, content: bytes) -> None:
    image = write_image(tmp_path, {"app/one": b"1", "app/two": content})
    assert leak.in_image(image, leak.spellings(SECRET)) == (1, ["layer 1"])
    assert leak.in_image(image, leak.spellings(b"another secret")) == (1, [])


@with_skopeo
def test_in_the_configuration(tmp_path: Path) -> None:
    image = write_image(tmp_path, {"app/one": b"1"}, port=f"8000/{SECRET.decode()}")
    assert leak.in_image(image, leak.spellings(SECRET)) == (1, ["the configuration"])


def test_in_a_file_of_the_project(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "notes.txt").write_bytes(b"login with " + SECRET)
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "ignored").write_bytes(SECRET)
    (finding,) = leak.check_secrets(tmp_path, None, (SECRET.decode(),))
    assert (finding.level, finding.topic) == ("fail", "Secret")
    assert finding.text.startswith("found in notes.txt.")
    (tmp_path / "notes.txt").unlink()
    (finding,) = leak.check_secrets(tmp_path, None, (SECRET.decode(),))
    assert (finding.level, finding.text) == ("ok", "no file that git tracks holds it")


def test_nothing_to_look_for(tmp_path: Path) -> None:
    assert leak.check_secrets(tmp_path, None, ()) == []


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    (finding,) = leak.check_secrets(tmp_path, f"oci:{tmp_path}/none:latest", (SECRET.decode(),))
    assert finding.level == "fail"
