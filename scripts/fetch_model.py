"""Fetch a model from the Hugging Face Hub, or see that the embedded one is whole.

`download-model.sh` runs it. The files are gathered in a hidden folder beside the destination, where
an interrupted download goes on, and take the destination's place once every checksum is right.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import httpx2  # what huggingface_hub's errors of transport are
from huggingface_hub import HfApi, get_token, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.file_download import http_get

from scripts import manifest, refusal
from scripts.manifest import Algorithm, Entry

EMBEDDED = "editscope/base"
SECRET = Path("/run/secrets/HF_TOKEN")  # where a container build mounts it
PATTERNS = ("*.json", "*.safetensors", "*.txt", "README.md", "LICENSE*")  # pickles run code
LIST_TIMEOUT_S = 30  # for the list of files; a file's connection has the Hub client's own


class FetchError(Exception):
    """Why there is no model, and what to do about it, in words for whoever called the script."""


@dataclass(frozen=True)
class Wanted:
    """A file at the Hub: its path, size in bytes and checksum."""

    name: str
    size: int
    algorithm: Algorithm
    checksum: str


@dataclass(frozen=True)
class Place:
    """Where a model goes: its name, its folder, and the manifest with its checksums."""

    model: str
    folder: Path
    manifest: Path

    @property
    def entry(self) -> Entry | None:
        return manifest.read(self.manifest).get(self.model)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    models = Path(os.environ.get("MODELS_DIR") or "models")
    model = options.model or EMBEDDED
    folder = Path(options.to) if options.to else models / model
    place = Place(model, folder, models / "manifest.json")
    try:
        if options.command == "manifest":
            pin(place)
        elif options.model:
            fetch(place, options.revision or None, read_token(options.token_file), options.pin)
        else:
            check_embedded(place)
    except (FetchError, ValueError, OSError) as error:
        sys.exit(f"download-model: {error}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    env = os.environ.get
    parser = argparse.ArgumentParser(prog="fetch_model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("fetch", help="fetch a model; without one, check the embedded")
    command.add_argument("model", nargs="?", default=env("MODEL_REPO"), help="ORG/NAME on the Hub")
    command.add_argument(
        "revision", nargs="?", default=env("MODEL_REVISION"), help="a commit; or a branch or tag"
    )
    command.add_argument("--to", default=env("MODEL_DIR"), help="folder; default: models/ORG/NAME")
    command.add_argument(
        "--token-file", default=env("HF_TOKEN_FILE"), help=f"default: {SECRET}, then HF_TOKEN"
    )
    command.add_argument("--pin", action="store_true", help="enter the model into the manifest")
    command = commands.add_parser("manifest", help="enter a folder's files into the manifest")
    command.add_argument("model", nargs="?", help=f"default: {EMBEDDED}")
    command.set_defaults(to=None)
    return parser.parse_args(arguments)


def read_token(file: str | None) -> str | None:
    """The token in a file, else in `HF_TOKEN`, else of `hf auth login`."""
    source = file or (str(SECRET) if SECRET.exists() else "")
    try:
        token = (Path(source).read_text().strip() if source else "") or get_token()
    except (OSError, UnicodeDecodeError) as error:
        raise FetchError(f"Cannot read the token in {source}: {type(error).__name__}.") from None
    if token and not re.fullmatch("[!-~]+", token):  # the HTTP client would quote it in its error
        raise FetchError(f"{source or 'HF_TOKEN'} does not hold a token: it is not one word.")
    return token


def check_embedded(place: Place) -> None:
    """See that the model which comes with the repository is as the manifest has it."""
    if (entry := place.entry) is None:
        raise FetchError(f"{place.manifest} does not list {place.model}.")
    if sentences := list(manifest.faults(place.folder, entry)):
        raise FetchError(" ".join(sentences))
    print(f"Nothing to fetch: {place.folder}/ is whole ({entry}).")


def pin(place: Place, revision: str | None = None) -> None:
    """Enter a model's files into the manifest."""
    entry = manifest.describe(place.folder, revision)
    manifest.write(place.manifest, {**manifest.read(place.manifest), place.model: entry})
    print(f"{place.manifest} lists {place.model} ({entry}).")


def fetch(place: Place, revision: str | None, token: str | None, pinned: bool) -> None:
    """Bring a model of the Hub into its folder, unless the manifest says that it is there."""
    entry = place.entry
    if entry is not None and revision not in (None, entry.revision):
        entry = None  # another commit than the one whose checksums we know
    if entry is not None:
        if not list(manifest.faults(place.folder, entry)):
            print(f"Nothing to fetch: {place.folder}/ is whole ({entry}).")
            return
        revision = entry.revision
    try:
        commit, files = look_up(place.model, revision, token, entry)
        part = gather(place, commit, files, token)
    except HfHubHTTPError as error:
        raise FetchError(refusal.explain(error, place.model, revision, bool(token))) from None
    except OfflineModeIsEnabled:
        raise FetchError(
            f"{place.model} has to be fetched but HF_HUB_OFFLINE is set. Unset it, or copy the "
            f"model into {place.folder}/."
        ) from None
    except (httpx2.HTTPError, OSError) as error:
        raise FetchError(
            f"The download of {place.model} broke off ({type(error).__name__}: {error}). See that "
            "this machine is online and run it again: it goes on where it stopped. "
            f"Or copy the model into {place.folder}/."
        ) from None
    replace(place.folder, part, {file.name for file in files})
    print(f"{place.model} at {commit} is in {place.folder}/.")
    if pinned:
        pin(place, commit)
    elif entry is None:
        print(f"It was checked by the Hub's checksums; --pin enters them into {place.manifest}.")


def look_up(
    model: str, revision: str | None, token: str | None, entry: Entry | None
) -> tuple[str, list[Wanted]]:
    """The commit that a revision stands for and its files; the manifest's checksums go first."""
    info = HfApi(token=token).model_info(
        model, revision=revision, files_metadata=True, timeout=LIST_TIMEOUT_S
    )
    files = []
    for sibling in info.siblings or []:
        name = sibling.rfilename
        if entry is not None:
            if (file := entry.files.get(name)) is not None:
                files.append(Wanted(name, file.size, "sha256", file.sha256))
        elif any(fnmatch(name, pattern) for pattern in PATTERNS):
            if sibling.lfs is not None:
                files.append(Wanted(name, sibling.lfs.size, "sha256", sibling.lfs.sha256))
            else:
                files.append(Wanted(name, sibling.size or 0, "git", sibling.blob_id or ""))
    lacking = set(entry.files if entry else ()) - {file.name for file in files}
    if lacking or not files or info.sha is None:
        what = ", ".join(sorted(lacking)) or f"file like {', '.join(PATTERNS)}"
        raise FetchError(f"{model} has no {what} at revision {revision or 'main'}.")
    return info.sha, files


def gather(place: Place, commit: str, files: list[Wanted], token: str | None) -> Path:
    """Download what is not there yet into a folder of its own and check it; return that folder."""
    part = place.folder.with_name(f".{place.folder.name}-{commit[:12]}.part")
    headers = {"Accept-Encoding": "identity"}  # else sizes and ranges are those of compressed data
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for file in files:
        pure = PurePosixPath(file.name)
        if pure.is_absolute() or ".." in pure.parts:
            raise FetchError(f"{place.model} has a file outside of its folder: {file.name}.")
        path = part / pure
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > file.size:
            path.unlink()
        with path.open("ab") as stream:
            http_get(
                hf_hub_url(place.model, file.name, revision=commit),
                stream,
                resume_size=stream.tell(),
                headers=headers,
                expected_size=file.size,
                displayed_filename=file.name,
            )
        if sentence := manifest.fault(path, file.algorithm, file.checksum):
            path.unlink()
            raise FetchError(f"{sentence} It was removed; run it again to fetch it anew.")
    return part


def replace(folder: Path, part: Path, fetched: set[str]) -> None:
    """Put a gathered folder where the model belongs, unless something else would be lost.

    Raises:
        FetchError: the destination holds files of another kind.
    """
    strangers = set(manifest.names(folder)) - fetched if folder.exists() else set()
    if strangers:
        raise FetchError(
            f"{folder}/ holds what is not part of the model: {', '.join(sorted(strangers))}. "
            "Move it away or take another folder with --to."
        )
    old = folder.with_name(f".{folder.name}-old.part")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    for left in folder.parent.glob(f".{folder.name}-*.part"):
        shutil.rmtree(left)


if __name__ == "__main__":
    main()
