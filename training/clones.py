"""Public git repositories on this machine: finding clones, making them, reading objects."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

REMOTE = "https://github.com/"  # where repositories not at hand are cloned from
NAME_DEPTH = 3  # folders up from a git directory that may carry the repository's name


class GitObjects:
    """One long-lived `git cat-file --batch` on a git directory; use as a context manager."""

    def __init__(self, git_dir: Path) -> None:
        command = ["git", "--git-dir", str(git_dir), "cat-file", "--batch"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> GitObjects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, name: str) -> bytes | None:
        """Bytes of the blob called `name` (an id or commit:path), None if there is none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(name.encode() + b"\n")
        stdin.flush()
        header = stdout.readline().rstrip(b"\n").rsplit(b" ", 2)
        if len(header) < 3 or not header[2].isdigit():
            return None
        data = stdout.read(int(header[2]) + 1)[:-1]  # git ends the object with a newline
        return data if header[1] == b"blob" else None


def find_git_dirs(root: Path) -> Iterator[Path]:
    """Git directories of the bare and non-bare clones at or below `root`."""
    for folder, subfolders, _ in os.walk(root):
        for candidate in (Path(folder, ".git"), Path(folder)):
            if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
                subfolders.clear()
                yield candidate
                break


def remote_names(git_dir: Path) -> set[str]:
    """Lower-case owner/name of each remote url in the clone's own configuration."""
    command = ["git", "config", "--file", str(git_dir / "config"), "--get-regexp", r"\.url$"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    urls = [line.removesuffix("/").removesuffix(".git") for line in answer.stdout.splitlines()]
    return {"/".join(re.split(r"[/:\\]", url.lower())[-2:]) for url in urls}


def clone_names(git_dir: Path) -> set[str]:
    """Lower-case names (owner/name, owner+name, name) under which a clone may be asked for."""
    parts = [part for part in git_dir.resolve().parts if part != ".git"]
    folders = [part.lower().removesuffix(".git") for part in parts[-NAME_DEPTH:]]
    pairs = {"/".join(pair) for pair in itertools.pairwise(folders)}
    joined = {folder for folder in folders if "+" in folder}
    # A bare name says nothing about the owner: a clone with a remote is known by that instead.
    return pairs | joined | (remote_names(git_dir) or set(folders))


def find_clones(roots: Sequence[Path]) -> dict[str, Path]:
    """Git directory by name, for every clone below the roots; the first one of a name wins."""
    found: dict[str, Path] = {}
    for git_dir in (git_dir for root in roots for git_dir in sorted(find_git_dirs(root))):
        for name in clone_names(git_dir):
            found.setdefault(name, git_dir)
    return found


def locate_clone(repo: str, clones: dict[str, Path]) -> Path | None:
    """Git directory of `repo` (owner/name) among the clones at hand."""
    wanted = repo.lower()
    names = (wanted.replace("/", "+"), wanted, wanted.split("/")[-1])
    return next((clones[name] for name in names if name in clones), None)


def clone(repo: str, folder: Path) -> Path | None:
    """Bare clone of `repo` into folder/owner+name; None if git could not get it."""
    target = folder / repo.replace("/", "+")
    command = ["git", "clone", "--bare", "--quiet", REMOTE + repo, str(target)]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    return target if done.returncode == 0 else None
