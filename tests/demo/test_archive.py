"""Zips with pictures, and zips that mean harm."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from demo.archive import MAX_DIRECTORY_BYTES, ArchiveError, is_zip, open_archive

LIMIT = 64 * 2**20


def packed(tmp_path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def listed(path: Path, limit: int = LIMIT) -> dict[str, str]:
    with open_archive(path, limit) as contents:
        return {member.name: member.problem for member in contents.members}


def refusal(path: Path) -> str:
    with pytest.raises(ArchiveError) as refused, open_archive(path, LIMIT):
        pass
    return str(refused.value)


def test_files_are_read_in_the_order_of_the_zip(tmp_path):
    path = packed(tmp_path, {"z.jpg": b"last", "folder/a.png": b"first"})
    assert is_zip(path.read_bytes())
    with open_archive(path, LIMIT) as contents:
        assert [(m.name, m.size, m.problem) for m in contents.members] == [
            ("z.jpg", 4, ""),
            ("folder/a.png", 5, ""),
        ]
        assert [member.read() for member in contents.members] == [b"last", b"first"]
        assert contents.clutter == 0


def test_folders_are_no_files_and_what_systems_add_is_counted(tmp_path):
    names = ["pictures/", "__MACOSX/pictures/._a.jpg", "pictures/.DS_Store", "Thumbs.db", "._b.jpg"]
    path = packed(tmp_path, {**dict.fromkeys(names, b"x"), "pictures/a.jpg": b"x"})
    with open_archive(path, LIMIT) as contents:
        assert [member.name for member in contents.members] == ["pictures/a.jpg"]
        assert contents.clutter == 4


@pytest.mark.parametrize(
    "name",
    ["../a", "a/../../b", "/etc/passwd", "..\\a.jpg", "C:\\a.jpg", "C:a.jpg", "\\\\x\\y\\a"],
)
def test_a_name_that_climbs_out_is_not_opened(tmp_path, name):
    path = packed(tmp_path, {name: b"x", "good.jpg": b"x"})
    problems = listed(path)
    assert problems.pop("good.jpg") == ""
    (problem,) = problems.values()
    assert "points outside" in problem


def test_links_are_not_followed(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in listed(path)["link.jpg"]


def test_zips_inside_and_empty_and_large_files_are_named(tmp_path):
    path = packed(tmp_path, {"in.ZIP": b"PK\3\4", "empty.png": b"", "large.bmp": b"x" * 2_000_001})
    problems = listed(path, 2_000_000)
    assert problems["in.ZIP"] == "A zip inside a zip is not opened."
    assert problems["empty.png"] == "This file is empty."
    assert problems["large.bmp"] == "This file is larger than the limit of 2 MB."


def test_an_encrypted_file_is_named(tmp_path):
    path = packed(tmp_path, {"a.jpg": b"x"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "encrypted" in listed(path)["a.jpg"]


def test_a_bomb_is_not_unpacked(tmp_path):
    path = packed(tmp_path, {"bomb.bmp": bytes(40_000_000), "flat.bmp": bytes(4_000_000)})
    assert path.stat().st_size < 60_000
    problems = listed(path)
    assert "bomb" in problems["bomb.bmp"]
    assert problems["flat.bmp"] == ""


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path):
    path = packed(tmp_path, {"bomb.bmp": bytes(40_000_000)})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.index(signature) + offset, 1000)
    path.write_bytes(data)
    with open_archive(path, LIMIT) as contents:
        assert contents.members[0].problem == ""
        with pytest.raises(ArchiveError, match="damaged"):
            contents.members[0].read()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_a_bound_are_refused(tmp_path, method):
    assert "method" in listed(packed(tmp_path, {"a.jpg": b"x"}, method))["a.jpg"]


def test_damaged_data_is_told_for_its_file_alone(tmp_path):
    path = packed(tmp_path, {"a.jpg": b"picture" * 99, "b.jpg": b"good"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"picture", b"pitcure", 1))
    with open_archive(path, LIMIT) as contents:
        broken, good = contents.members
        with pytest.raises(ArchiveError, match="damaged"):
            broken.read()
        assert good.read() == b"good"


def test_what_is_no_zip_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    for data in (b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(1000), b"PK\x05\x06\0\0"):
        path.write_bytes(data)
        assert refusal(path) == "This zip file is damaged."
    assert not is_zip(b"\xff\xd8\xff\xe0")


def test_an_empty_zip_holds_nothing(tmp_path):
    assert listed(packed(tmp_path, {})) == {}


def test_a_comment_hides_nothing(tmp_path):
    path = packed(tmp_path, {"a.jpg": b"x"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"made by hand"
    assert listed(path) == {"a.jpg": ""}


def test_a_list_of_contents_that_would_fill_memory_is_not_read(tmp_path, monkeypatch):
    path = packed(tmp_path, {"a.jpg": b"x"})
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, len(data) - 22 + 12, MAX_DIRECTORY_BYTES + 1)
    path.write_bytes(data)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "too many files" in refusal(path)


def test_the_kind_for_very_many_files_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(70_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    path = tmp_path / "a.zip"
    path.write_bytes(buffer.getvalue())
    assert "65,535" in refusal(path)
