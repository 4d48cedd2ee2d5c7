"""Tests of gathering pictures from git repositories, on tiny repositories made on the spot."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from training import clones
from training.collect import main

COLUMNS = [
    *("label", "source", "generator_or_camera", "repo", "commit", "path", "blob", "sha256"),
    *("bytes", "width", "height", "format", "license", "note"),
]
AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
SIZE = (6, 4)  # width and height of the test pictures in pixels


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def picture(colour: tuple[int, int, int], size: tuple[int, int] = SIZE) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def commit(folder: Path, files: dict[str, bytes]) -> str:
    """Commit the files in a repository made at `folder` if need be; the commit's id."""
    if not folder.exists():
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "pictures")
    return git(folder, "rev-parse", "HEAD")


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def row(data: bytes, path: str, **changes: str) -> dict[str, str]:
    """A row of the sources table for a picture of the repository ann/photos."""
    base = dict.fromkeys(COLUMNS, "")
    base |= {"label": "Natural", "source": "photos", "repo": "ann/photos", "license": "MIT"}
    base |= {"path": path, "blob": blob_id(data), "sha256": hashlib.sha256(data).hexdigest()}
    return base | changes


def write_table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(folder: Path, rows: list[dict[str, str]], *options: str) -> int:
    """Run the command on the clones in folder/clones and the store folder/store."""
    table = write_table(folder / "sources.csv", rows)
    places = ["--clones", str(folder / "clones"), "--store", str(folder / "store")]
    return main(["--sources", str(table), *places, "--no-clone", *options])


def index(folder: Path) -> list[dict[str, str]]:
    with (folder / "store" / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_blob_is_found_in_history_though_deleted_at_head(tmp_path: Path) -> None:
    data, repo = picture((255, 0, 0)), tmp_path / "clones" / "ann+photos"
    commit(repo, {"old.png": data})
    git(repo, "rm", "--quiet", "old.png")
    commit(repo, {"new.png": picture((0, 255, 0))})
    assert run(tmp_path, [row(data, "gone/elsewhere.png")]) == 0
    (entry,) = index(tmp_path)
    assert (tmp_path / "store" / entry["path"]).read_bytes() == data
    assert (entry["width"], entry["height"], entry["format"]) == ("6", "4", "PNG")


def test_path_stands_in_for_an_unknown_blob(tmp_path: Path) -> None:
    data = picture((255, 0, 0))
    head = commit(tmp_path / "clones" / "ann+photos", {"a b.png": data})
    assert run(tmp_path, [row(data, "a b.png", blob="0" * 40, commit=head)]) == 0
    assert len(index(tmp_path)) == 1


@pytest.mark.parametrize("place", ["ann+photos/repo", "ann/photos.git", "photos", "mirror-7"])
@pytest.mark.parametrize("bare", [True, False])
def test_clones_are_known_by_folder_or_remote(tmp_path: Path, place: str, bare: bool) -> None:
    data = picture((255, 0, 0))
    commit(tmp_path / "origin" / "ann" / "photos", {"a.png": data})
    target = tmp_path / "clones" / place
    target.parent.mkdir(parents=True)
    kind = ["--bare"] if bare else []
    git(tmp_path, "clone", "--quiet", *kind, str(tmp_path / "origin/ann/photos"), str(target))
    assert run(tmp_path, [row(data, "a.png")]) == 0


def test_same_name_of_another_owner_is_not_taken(tmp_path: Path) -> None:
    commit(tmp_path / "origin" / "bob" / "photos", {"a.png": picture((255, 0, 0))})
    target = tmp_path / "clones" / "photos"
    git(tmp_path, "clone", "--quiet", str(tmp_path / "origin/bob/photos"), str(target))
    assert clones.locate_clone("ann/photos", clones.find_clones([tmp_path / "clones"])) is None


def test_member_of_a_zip(tmp_path: Path) -> None:
    data, archive = picture((255, 0, 0)), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("in/a.png", data)
    head = commit(tmp_path / "clones" / "ann+photos", {"set.zip": archive.getvalue()})
    rows = [row(data, "set.zip!in/a.png", commit=head), row(b"no", "set.zip!b.png", commit=head)]
    assert run(tmp_path, rows) == 0
    (entry,) = index(tmp_path)
    assert (tmp_path / "store" / entry["path"]).read_bytes() == data


def test_grid_is_cut_into_quadrants(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9)]
    grid = Image.new("RGB", (12, 8))
    for number, colour in enumerate(colours):
        x, y = number % 2 * 6, number // 2 * 4
        grid.paste(colour, (x, y, x + 6, y + 4))
    buffer = io.BytesIO()
    grid.save(buffer, "PNG")
    commit(tmp_path / "clones" / "ann+photos", {"grid.png": buffer.getvalue()})
    assert run(tmp_path, [row(buffer.getvalue(), "grid.png", note="grid2x2")]) == 0
    entries = index(tmp_path)
    for entry, colour in zip(entries, colours, strict=True):
        with Image.open(tmp_path / "store" / entry["path"]) as piece:
            assert piece.getcolors() == [(24, colour)]
    assert {entry["sha256"] for entry in entries} == {hashlib.sha256(buffer.getvalue()).hexdigest()}


def test_what_could_not_be_had_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, junk = picture((255, 0, 0)), b"no picture"
    commit(tmp_path / "clones" / "ann+photos", {"a.png": good, "junk.png": junk})
    wrong = row(good, "a.png", sha256="0" * 64)
    absent = [row(b"absent", "b.png"), row(b"elsewhere", "b.png", repo="bob/none")]
    assert run(tmp_path, [row(good, "a.png"), wrong, row(junk, "junk.png"), *absent]) == 0
    told = capsys.readouterr().err
    for line in ("1 sha256 mismatch", "1 unreadable", "1 missing", "bob/none: 1 no clone"):
        assert line in told


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    assert run(tmp_path, [row(b"absent", "b.png")]) == 1


def test_second_run_does_nothing(tmp_path: Path) -> None:
    data = picture((255, 0, 0))
    commit(tmp_path / "clones" / "ann+photos", {"a.png": data})
    assert run(tmp_path, [row(data, "a.png")]) == 0
    first = index(tmp_path)
    stored = tmp_path / "store" / first[0]["path"]
    before = stored.stat()
    (tmp_path / "clones").rename(tmp_path / "away")
    assert run(tmp_path, [row(data, "a.png")]) == 0
    assert index(tmp_path) == first
    assert stored.stat().st_mtime_ns == before.st_mtime_ns
    assert not list((tmp_path / "store").rglob("*.part"))


def test_licence_filter(tmp_path: Path) -> None:
    free, closed = picture((255, 0, 0)), picture((0, 255, 0))
    commit(tmp_path / "clones" / "ann+photos", {"a.png": free, "b.png": closed})
    rows = [row(free, "a.png"), row(closed, "b.png", license="none")]
    assert run(tmp_path, rows, "--only-license", "^(mit|cc0)") == 0
    assert [entry["license"] for entry in index(tmp_path)] == ["MIT"]


def test_absent_repository_is_cloned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture((255, 0, 0))
    commit(tmp_path / "origin" / "ann" / "photos", {"a.png": data})
    monkeypatch.setattr(clones, "REMOTE", f"{tmp_path}/origin/")
    table = write_table(tmp_path / "sources.csv", [row(data, "a.png")])
    places = ["--clones", str(tmp_path / "clones"), "--store", str(tmp_path / "store")]
    assert main(["--sources", str(table), *places]) == 0
    assert (tmp_path / "clones" / "ann+photos" / "HEAD").is_file()
