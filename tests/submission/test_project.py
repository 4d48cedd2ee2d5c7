"""Team, name, weights, licence, and that binary files have a rule for Git LFS."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import manifest
from submission import project
from submission.space import unfiltered

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("content", "level"),
    [("team-1\n", "ok"), ("your-team-id", "note"), ("", "note"), (None, "note"), ("a b", "fail")],
)
def test_the_team(tmp_path: Path, content: str | None, level: str) -> None:
    if content is not None:
        (tmp_path / "DYFF_TEAM").write_text(content)
    assert project.check_team(tmp_path).level == level


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("org/name", None),
        ("o" * 23 + "/" + "n" * 22, None),
        ("o" * 23 + "/" + "n" * 23, "has 47 characters; the challenge takes fewer than 47"),
        ("name", "is not of the form ORG/NAME"),
        ("a/b/c", "is not of the form ORG/NAME"),
    ],
)
def test_the_name(name: str, words: str | None) -> None:
    fault = project.name_fault(name)
    assert (words in fault) if words and fault else fault is words


def test_the_name_of_a_remote(tmp_path: Path) -> None:
    assert project.check_name(tmp_path, None).level == "note"
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "space", "https://huggingface.co/spaces/acme/detector")
    assert project.check_name(tmp_path, None).text.startswith("acme/detector, 13 of at most 46")
    assert project.check_name(tmp_path, "a/" + "b" * 50).level == "fail"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models/acme/net"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Net\n")
    entry = manifest.describe(folder)
    manifest.write(tmp_path / "models/manifest.json", {"acme/net": entry})
    return folder


def test_weights(tmp_path: Path, model: Path) -> None:
    levels = [finding.level for finding in project.check_weights(tmp_path, "acme/net")]
    assert levels == ["ok", "ok"]
    (model / "config.json").write_text("{ }")
    assert project.check_weights(tmp_path, "acme/net")[0].level == "fail"
    assert project.check_weights(tmp_path, "acme/other")[0].level == "note"


@pytest.mark.parametrize(
    ("front", "level"),
    [
        ("---\nlicense: apache-2.0\n---\n", "ok"),
        ("---\nlicense: cc-by-nc-4.0\n---\n", "note"),
        ("---\nlicense: other\n---\n", "note"),
        ("# license: mit\n", "note"),
    ],
)
def test_licence(model: Path, front: str, level: str) -> None:
    (model / "README.md").write_text(front)
    assert project.check_licence(project.licence_of(model)).level == level


def test_our_own_weights_have_a_licence() -> None:
    assert project.licence_of(ROOT / "models/editscope/base") == "apache-2.0"


def test_our_binary_files_have_a_rule() -> None:
    names = project.tracked(ROOT)
    assert "models/editscope/base/model.safetensors" in names
    assert unfiltered(ROOT, names) == []


def test_our_text_files_have_none() -> None:
    text = [name for name in project.tracked(ROOT) if b"\0" not in (ROOT / name).read_bytes()]
    assert with_a_rule(text) == []


def with_a_rule(names: list[str]) -> list[str]:
    done = subprocess.run(
        ["git", "check-attr", "filter", "--", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if not line.endswith(": unspecified")]


def test_a_binary_file_without_a_rule(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitattributes").write_text("*.png filter=lfs -text\n")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "a.weird").write_bytes(b"a\0b")
    (tmp_path / "a.txt").write_bytes(b"text")
    assert unfiltered(tmp_path, project.tracked(tmp_path)) == ["a.weird"]
