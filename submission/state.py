"""What a submission has made so far, in a file that is written right after every step.

Creating something at the platform twice makes two of it, so an ID is worth keeping at once; what
was under way when the program died is kept as well.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from submission.refusal import Refusal

FOLDER = ".submissions"  # beside the project; git ignores it


class Wanted(BaseModel):
    """What was asked for: the options of `upload-submission`, as they went into the requests."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    account: str
    name: str
    image: str | None = None
    endpoint: str = "predict"
    volume: str | None = None
    volume_mount: str | None = None
    artifact: str | None = None
    model: str | None = None
    cpu: str | None = None
    memory: str | None = None
    gpu: tuple[str, ...] = ()
    gpu_count: int = 1


class Pending(BaseModel):
    """A request that makes something, sent but not known to be answered."""

    step: str
    since: datetime


class Record(BaseModel):
    """IDs at the platform and how far each of them is."""

    model_config = ConfigDict(protected_namespaces=())

    api: str = Field(description="The platform that the IDs are of.")
    wanted: Wanted
    artifact: str | None = None
    digest: str | None = Field(None, description="Of the image as the registry has it.")
    artifact_finalized: bool = False
    model: str | None = None
    uploaded: list[str] = Field([], description="Files of the volume that have arrived.")
    model_finalized: bool = False
    service: str | None = None
    challenge: str | None = None
    task: str | None = None
    team: str | None = None
    submission: str | None = None
    pending: Pending | None = None


class State:
    """A record and the file that it is kept in; without a file it is forgotten (a dry run)."""

    def __init__(self, record: Record, path: Path | None) -> None:
        self.record = record
        self.path = path

    @classmethod
    def load(cls, path: Path) -> State:
        try:
            return cls(Record.model_validate_json(path.read_bytes()), path)
        except FileNotFoundError:
            raise Refusal(f"There is no {path}: nothing to resume.") from None
        except ValidationError:
            raise Refusal(f"{path} is not a state file; move it away to begin anew.") from None

    def update(self, **changes: object) -> None:
        """Change fields of the record and keep it: the file is the old or the new one, no half."""
        self.record = self.record.model_copy(update=changes)
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.part")
        with part.open("w", encoding="utf-8") as stream:
            stream.write(f"{self.record.model_dump_json(indent=2, exclude_defaults=True)}\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self.path)

    def begin(self, step: str) -> None:
        """Note that a request which makes something is about to be sent."""
        self.update(pending=Pending(step=step, since=datetime.now(timezone.utc)))

    def interrupted(self, step: str) -> datetime | None:
        """When a request of this step was sent whose answer was never seen."""
        pending = self.record.pending
        return pending.since if pending is not None and pending.step == step else None


def path_for(folder: Path, name: str) -> Path:
    """The state file of the submission with this name."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "unnamed"
    return folder / FOLDER / f"{slug}.json"


def only_one(folder: Path) -> Path:
    """The state file, if there is exactly one that could be meant.

    Raises:
        Refusal: there is none, or there are several.
    """
    paths = sorted((folder / FOLDER).glob("*.json"))
    if len(paths) != 1:
        found = ", ".join(path.stem for path in paths) or "none"
        raise Refusal(f"Say which submission is meant with --name; known are: {found}.")
    return paths[0]
