"""The files that a model consists of, with their SHA-256: `models/manifest.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, TypeAdapter

Algorithm = Literal["sha256", "git"]
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
CHUNK = 2**20  # bytes read at a time: weights need not fit into memory


class File(BaseModel):
    """Size in bytes and checksum of a file."""

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Entry(BaseModel):
    """A model: where it was fetched, None for one that the repository embeds, and its files."""

    revision: str | None = Field(None, pattern="^[0-9a-f]{40}$", description="A commit of the Hub")
    files: dict[str, File]

    def __str__(self) -> str:
        size = sum(file.size for file in self.files.values())
        return f"{len(self.files)} files, {size / 1e6:.1f} MB"


Manifest = TypeAdapter(dict[str, Entry])


def read(path: Path) -> dict[str, Entry]:
    """Entries by model name, none if there is no file.

    Raises:
        pydantic.ValidationError: the file is not a manifest.
    """
    return Manifest.validate_json(path.read_bytes()) if path.exists() else {}


def write(path: Path, manifest: dict[str, Entry]) -> None:
    """Replace the file in one step."""
    content = Manifest.dump_python(manifest, exclude_none=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


def names(folder: Path) -> list[str]:
    """Paths of the files below the folder, hidden ones left out, with `/` between their parts."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)
    )


def describe(folder: Path, revision: str | None = None) -> Entry:
    """What the manifest says of a folder as it is.

    Raises:
        ValueError: a file is a Git LFS pointer.
        FileNotFoundError: there is no file.
    """
    files = {}
    for name in names(folder):
        path = folder / name
        if is_pointer(path):
            raise ValueError(pointer_fault(path))
        files[name] = File(size=path.stat().st_size, sha256=checksum(path, "sha256"))
    if not files:
        raise FileNotFoundError(f"There are no files in {folder}/.")
    return Entry(revision=revision, files=files)


def faults(folder: Path, entry: Entry) -> Iterator[str]:
    """One sentence for each file of the entry that is missing or not what it should be."""
    for name, file in entry.files.items():
        if sentence := fault(folder / name, "sha256", file.sha256):
            yield sentence


def fault(path: Path, algorithm: Algorithm, checksum_wanted: str) -> str | None:
    """What is wrong with a file in one sentence, or None."""
    if not path.is_file():
        return f"{path} is missing."
    if is_pointer(path):
        return pointer_fault(path)
    found = checksum(path, algorithm)
    if found != checksum_wanted:
        return f"{path} is damaged: its {algorithm} sum is {found} instead of {checksum_wanted}."
    return None


def is_pointer(path: Path) -> bool:
    """Whether the file is the stand-in that Git LFS leaves where the real one was not fetched."""
    with path.open("rb") as stream:
        return stream.read(len(LFS_POINTER)) == LFS_POINTER


def pointer_fault(path: Path) -> str:
    return (
        f"{path} is a Git LFS pointer, not the file itself: run `git lfs install && git lfs pull`, "
        "or if the repository holds the pointer, upload the file anew with `hf upload`."
    )


def checksum(path: Path, algorithm: Algorithm) -> str:
    """SHA-256 of the content, or the name that git gives it (SHA-1 with a header), in hex."""
    if algorithm == "sha256":
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
