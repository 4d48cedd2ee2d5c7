"""Pictures in a zip, read one at a time from memory; no name in a zip ever becomes a path.

The dangers are those of CWE-22 (names that climb out of a folder), CWE-409 (bombs: a small file
that unpacks to a huge one) and of a list of millions of entries, which alone would fill memory.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

MEBIBYTE = 2**20
MAX_DIRECTORY_BYTES = 4 * MEBIBYTE  # at most 90,000 entries; Python takes 500 bytes for each
MAX_RATIO = 200  # packed pictures hardly shrink; flat bitmaps do, bombs reach 1,000
RATIO_FREE_BYTES = 16 * MEBIBYTE  # below it no ratio does harm
SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")  # a zip with entries; an empty one

_END = struct.Struct("<4s4H2LH")  # end of central directory, APPNOTE.TXT 4.3.16
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_SIGNATURE = b"PK\x06\x07"  # of the Zip64 end of central directory, 4.3.15
_LOCATOR_BYTES = 20
_COMMENT_BYTES = 65_535  # longest comment that may follow the end record
_ENCRYPTED = 0x1  # general purpose bit 0, 4.4.4

# zipfile unpacks bzip2 and LZMA without a bound on what comes out of one piece
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)

# What operating systems leave in folders; nobody thinks of these as files that they sent.
_CLUTTER_FOLDERS = {"__MACOSX", ".Trashes", ".Spotlight-V100", "@eaDir"}
_CLUTTER_FILES = {".DS_Store", "Thumbs.db", "desktop.ini", ".directory"}


class ArchiveError(ValueError):
    """The file cannot be taken; the message is one sentence for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a zip.

    Attributes:
        name: as the zip has it; to be shown, never to be opened.
        size: bytes when unpacked, as announced; no more are read.
        problem: why it is not read, in one sentence; empty if it can be.
        read: unpacks it; raises `ArchiveError` where the data is damaged.
    """

    name: str
    size: int
    problem: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a zip: its files in the order of the zip, and how many others were left out."""

    members: list[Member]
    clutter: int


def is_zip(head: bytes) -> bool:
    """Whether a file's first four bytes are those of a zip, whatever its name."""
    return head[:4] in SIGNATURES


@contextmanager
def open_archive(path: Path, max_file_bytes: int) -> Iterator[Contents]:
    """List a zip; its members can be read until the context ends.

    Args:
        path: the zip.
        max_file_bytes: the largest file that is unpacked.

    Raises:
        ArchiveError: it is no zip, is damaged, or its list of contents is too long to read.
    """
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise ArchiveError("This zip file is damaged.") from error
    with archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        wanted = [entry for entry in files if not _is_clutter(entry.filename)]
        members = [_member(archive, entry, max_file_bytes) for entry in wanted]
        yield Contents(members, len(files) - len(wanted))


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> Member:
    def read() -> bytes:
        try:
            with archive.open(entry) as file:
                return file.read(entry.file_size)
        except _DAMAGES as error:
            raise ArchiveError("This file is damaged in the zip.") from error

    return Member(entry.filename, entry.file_size, _problem(entry, max_bytes), read)


def _problem(entry: zipfile.ZipInfo, max_bytes: int) -> str:
    packed, method = max(1, entry.compress_size), entry.compress_type
    bomb = entry.file_size > RATIO_FREE_BYTES and entry.file_size / packed > MAX_RATIO
    link = stat.S_ISLNK(entry.external_attr >> 16)  # the upper half is Unix's st_mode
    nested = PurePosixPath(entry.filename).suffix.lower() == ".zip"
    large = f"This file is larger than the limit of {max_bytes // 1_000_000} MB."
    checks = (
        (_escapes(entry.orig_filename), "Its name points outside of the zip: it was not opened."),
        (link, "This is a link to another file, not a picture."),
        (entry.flag_bits & _ENCRYPTED, "This file is encrypted; pack the zip without a password."),
        (method not in _METHODS, "This file is packed by a method that is not read here."),
        (nested, "A zip inside a zip is not opened."),
        (entry.file_size == 0, "This file is empty."),
        (entry.file_size > max_bytes, large),
        (bomb, f"This file unpacks to over {MAX_RATIO} times its size, as a zip bomb does."),
    )
    return next((problem for applies, problem in checks if applies), "")


def _escapes(name: str) -> bool:
    """Whether a name would leave the folder that it is unpacked to, on Unix or on Windows."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return (
        "\0" in name
        or posix.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in posix.parts
        or ".." in windows.parts
    )


def _is_clutter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        not parts
        or not _CLUTTER_FOLDERS.isdisjoint(parts)
        or parts[-1] in _CLUTTER_FILES
        or parts[-1].startswith("._")  # macOS: what a file system without forks cannot hold
    )


def _check_directory(path: Path) -> None:
    """Look at the announced length of the list of contents before `zipfile` reads it whole.

    Finds the same end record as `zipfile` does: one without a comment at the very end, else the
    last one in reach.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        reach = min(size, _END.size + _COMMENT_BYTES + _LOCATOR_BYTES)
        file.seek(size - reach)
        tail = file.read(reach)
    start = len(tail) - _END.size
    if start < 0 or tail[start : start + 4] != _END_SIGNATURE or tail[-2:] != b"\0\0":
        start = tail.rfind(_END_SIGNATURE)
    if start < 0 or start + _END.size > len(tail):
        raise ArchiveError("This zip file is damaged.")
    if tail[max(0, start - _LOCATOR_BYTES) : start][:4] == _LOCATOR_SIGNATURE:
        raise ArchiveError("This zip is of the kind for over 65,535 files, which is not opened.")
    directory_bytes = _END.unpack_from(tail, start)[5]
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise ArchiveError("This zip holds too many files to list; send it in parts.")
