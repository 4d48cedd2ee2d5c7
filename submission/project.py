"""What can be said of a project before it is started: team, name, weights, licence, files."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts import manifest

Level = Literal["ok", "note", "fail"]
PLACEHOLDER = "your-team-id"
NAME_LIMIT = 47  # characters that ORG/NAME has to stay below; the challenge's rule
TEAM = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")  # what the platform takes as ID
SPACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
SPACE_REMOTE = re.compile(
    r"(?:hf\.co|huggingface\.co)[/:]spaces/([^/\s]+/[^/\s]+?)(?:\.git)?(?:\s|$)"
)
PERMISSIVE = {
    "apache-2.0",
    "mit",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc0-1.0",
    "cc-by-4.0",
    "openrail",
}
UNKNOWN_LICENCES = {"other", "unknown", ""}


@dataclass(frozen=True)
class Finding:
    """One line of a report: does it hold, and what was found."""

    level: Level
    topic: str
    text: str


def team_of(root: Path) -> str | None:
    """The team in `DYFF_TEAM`, None if there is no file or only the placeholder."""
    try:
        team = (root / "DYFF_TEAM").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return team if team and team != PLACEHOLDER else None


def check_team(root: Path) -> Finding:
    team = team_of(root)
    if team is None:
        return Finding(
            "note",
            "DYFF_TEAM",
            "does not name your team yet. A submission from a Space needs it: "
            "`create-space --team ID` writes it.",
        )
    if not TEAM.fullmatch(team):
        return Finding("fail", "DYFF_TEAM", f"holds {team!r}, which is not one team's ID.")
    return Finding("ok", "DYFF_TEAM", team)


def name_fault(space: str) -> str | None:
    """Why ORG/NAME cannot be the Space's name, or None."""
    if not SPACE_NAME.fullmatch(space):
        return f"{space!r} is not of the form ORG/NAME."
    if len(space) >= NAME_LIMIT:
        return f"{space} has {len(space)} characters; the challenge takes fewer than {NAME_LIMIT}."
    return None


def space_of(root: Path) -> str | None:
    """The Space that a git remote of this project points to."""
    listed = git(root, "remote", "--verbose")
    found = SPACE_REMOTE.search(listed)
    return found[1] if found else None


def check_name(root: Path, space: str | None) -> Finding:
    space = space or space_of(root)
    if space is None:
        return Finding(
            "note", "Space's name", "none given (--space ORG/NAME), no git remote is one."
        )
    if problem := name_fault(space):
        return Finding("fail", "Space's name", problem)
    return Finding(
        "ok", "Space's name", f"{space}, {len(space)} of at most {NAME_LIMIT - 1} characters"
    )


def check_weights(root: Path, model: str) -> list[Finding]:
    """Checksums and licence of the model's folder."""
    folder = root / "models" / model
    if not folder.is_dir():
        text = f"{model} is no folder of models/: nothing to compare with the manifest."
        return [Finding("note", "Weights", text)]
    entry = manifest.read(root / "models" / "manifest.json").get(model)
    if entry is None:
        text = f"models/manifest.json does not list {model}; download-model.sh --pin enters it."
        weights = Finding("note", "Weights", text)
    elif faults := list(manifest.faults(folder, entry)):
        weights = Finding("fail", "Weights", " ".join(faults))
    else:
        weights = Finding("ok", "Weights", f"{model} is as the manifest has it ({entry})")
    return [weights, check_licence(licence_of(folder))]


def check_licence(licence: str | None) -> Finding:
    if licence is None or licence.lower() in UNKNOWN_LICENCES:
        text = "they name none: add `license:` to the front of their README.md."
        return Finding("note", "Licence of the weights", text)
    if licence.lower() not in PERMISSIVE:
        text = f"{licence}: see that it allows what you do, and redistribution in the image"
        return Finding("note", "Licence of the weights", text)
    return Finding("ok", "Licence of the weights", licence)


def licence_of(folder: Path) -> str | None:
    """The licence in the front matter of a model card, or that there is a file of one."""
    card = folder / "README.md"
    if card.is_file() and (found := licence_in(card.read_bytes())):
        return found
    return next((path.name for path in sorted(folder.glob("LICENSE*"))), None)


def licence_in(card: bytes) -> str | None:
    """The licence in the front matter of a model card."""
    front = card.decode(errors="replace").split("---", 2)
    head = front[1] if len(front) == 3 and not front[0].strip() else ""
    found = re.search(r"^license:\s*[\"']?([^\"'\s]+)", head, re.MULTILINE)
    return found[1] if found else None


def tracked(root: Path) -> list[str]:
    """Paths of the files that git tracks or would, with `/` in between; none without git."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted({name for name in listed.split("\0") if name and (root / name).is_file()})


def git(root: Path, *arguments: str) -> str:
    """What git prints, or nothing if there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
