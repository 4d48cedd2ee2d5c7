"""Searches an image, and the files that make it, for a secret that should be in none of them."""

from __future__ import annotations

import gzip
import json
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from submission import images, project
from submission.project import Finding
from submission.refusal import Refusal

CHUNK = 2**22  # bytes searched at a time
SHORTEST = 8  # bytes; less than that is found by chance
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # how a compressed layer begins


def spellings(secret: bytes) -> set[bytes]:
    """A secret as it is, in hexadecimal, in UTF-16, and in base64 wherever it may begin there.

    Raises:
        Refusal: it is too short to be searched for.
    """
    if len(secret) < SHORTEST:
        raise Refusal(f"A secret of less than {SHORTEST} characters cannot be searched for.")
    found = {secret, secret.hex().encode(), secret.decode("latin-1").encode("utf-16-le")}
    for shift in range(3):
        whole = b64encode(bytes(shift) + secret)
        first, last = -(-shift * 8 // 6), (shift + len(secret)) * 8 // 6  # its bits alone
        found |= {whole[first:last], whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def holds(stream: IO[bytes], spelled: set[bytes]) -> bool:
    """Whether one of the spellings is in the rest of a stream, across chunks too."""
    overlap = max(map(len, spelled)) - 1
    before = b""
    while chunk := stream.read(CHUNK):
        window = before + chunk
        if any(form in window for form in spelled):
            return True
        before = window[-overlap:]
    return False


def in_files(root: Path, spelled: set[bytes]) -> list[str]:
    """The project's files that hold a secret; what git ignores is none of them."""
    found = []
    for name in project.tracked(root):
        with (root / name).open("rb") as stream:
            if holds(stream, spelled):
                found.append(name)
    return found


def in_image(source: str, spelled: set[bytes]) -> tuple[int, list[str]]:
    """Search every layer, unpacked, and the configuration with its history.

    Args:
        source: any name that skopeo knows.

    Returns:
        How many layers there are, and the places that hold a secret, in words.

    Raises:
        Refusal: there is no such image or no skopeo, or a layer is packed in a way not known here.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images.run(images.skopeo("copy", source, f"dir:{folder}"), f"Reading {source}")
        manifest = json.loads((folder / "manifest.json").read_bytes())
        config = folder / digest_of(manifest["config"])
        found = []
        if any(form in config.read_bytes() for form in spelled):
            found.append("the configuration")
        steps = [
            step.get("created_by", "")
            for step in json.loads(config.read_bytes()).get("history", [])
            if not step.get("empty_layer")
        ]
        for index, layer in enumerate(manifest["layers"]):
            with unpacked(folder / digest_of(layer)) as stream:
                if holds(stream, spelled):
                    made = f", made by `{steps[index][:80]}`" if index < len(steps) else ""
                    found.append(f"layer {index + 1}{made}")
        return len(manifest["layers"]), found


def digest_of(entry: dict[str, Any]) -> str:
    """The name of a blob's file in skopeo's `dir:`."""
    return str(entry["digest"]).partition(":")[2]


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as stream:
        start = stream.read(4)
        stream.seek(0)
        if start.startswith(ZSTD):
            raise Refusal("A layer is packed with zstd, which cannot be searched here.")
        if start.startswith(GZIP):
            with gzip.open(stream) as inner:
                yield inner  # type: ignore[misc]  # it reads as a binary file does
        else:
            yield stream


def check_secrets(root: Path, source: str | None, secrets: tuple[str, ...]) -> list[Finding]:
    """Say whether secrets are in the files or in the image; nothing if there are none to look for.

    Args:
        source: the image for skopeo; None if the source tree is started.
    """
    if not secrets:
        return []
    try:
        spelled = set[bytes]().union(*(spellings(secret.encode()) for secret in secrets))
        places = in_files(root, spelled)
        looked = "no file that git tracks"
        if source is not None:
            count, more = in_image(source, spelled)
            places += more
            looked += f", none of the image's {count} layers, nor its configuration"
    except Refusal as error:
        return [Finding("fail", "Secret", str(error))]
    if places:
        text = f"found in {'; '.join(places)}. Revoke it, and build without it."
        return [Finding("fail", "Secret", text)]
    return [Finding("ok", "Secret", f"{looked} holds it")]
