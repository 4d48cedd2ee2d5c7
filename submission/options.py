"""Options that several commands have, and what they come to: a connection, a project, a service."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from submission import project, redaction, state, trial
from submission.connection import API, REGISTRY, Connection
from submission.entry import DEFAULT_CHALLENGE
from submission.refusal import Refusal
from submission.state import State

ROOT = Path(__file__).parents[1]
PATH = click.Path(path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
F = TypeVar("F", bound=Callable[..., Any])

CHALLENGE = click.option(
    "--challenge", envvar="DYFF_CHALLENGE", default=DEFAULT_CHALLENGE, show_default=True
)
TEAM = click.option("--team", help="Your team's ID.  [default: the file DYFF_TEAM]")
NAME = click.option("--name", help="Which submission, if there are several.")
ACCOUNT = click.option("--account", envvar="DYFF_ACCOUNT", help="Your account's ID.")
STATE = click.option(
    "--state", "path", type=PATH, help="State file.  [default: .submissions/NAME.json]"
)
VOLUME = click.option("--volume", type=FOLDER, help="Folder to upload beside the image.")
MOUNT = click.option("--volume-mount", help="Where the container finds that folder.")
GPU = click.option("--gpu", multiple=True, metavar="TYPE", help="Acceptable GPU; may be repeated.")


@dataclass(frozen=True)
class Access:
    """The way to the platform; for a dry run it is not taken."""

    connection: Connection
    dry: bool


def all_of(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def on_platform(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that make up an `Access`, and it the argument `access`."""

    @click.option("--token-file", type=FILE, help="File with the token.  [default: DYFF_API_TOKEN]")
    @click.option("--api", envvar="DYFF_API_ENDPOINT", default=API, show_default=True)
    @click.option("--registry", envvar="DYFF_REGISTRY_URL", default=REGISTRY, show_default=True)
    @click.option("--insecure", envvar="DYFF_API_INSECURE", is_flag=True, help="No TLS, for tests.")
    @click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait for a step.")
    @click.option("--poll", default=5.0, show_default=True, help="Seconds between two looks.")
    @click.option("--request-timeout", default=30.0, show_default=True, help="Seconds a request.")
    @click.option("--dry-run", is_flag=True, help="Print every request and send none.")
    @functools.wraps(function)
    def with_access(
        *,
        token_file: Path | None,
        api: str,
        registry: str,
        insecure: bool,
        timeout: float,
        poll: float,
        request_timeout: float,
        dry_run: bool,
        **rest: Any,
    ) -> Any:
        token = read_token(token_file, "DYFF_API_TOKEN")
        if token is None and not dry_run:
            raise Refusal(
                "There is no token: set DYFF_API_TOKEN, or name a file with --token-file."
            )
        connection = Connection(
            token=token or "no-token",
            api=api,
            registry=registry,
            insecure=insecure,
            poll_s=poll,
            patience_s=timeout,
            request_timeout_s=request_timeout,
        )
        return function(access=Access(connection, dry_run), **rest)

    return with_access


on_service: Callable[[F], F] = all_of(
    click.option(
        "--image", help="Image to start.  [default: editscope if it is there, else the source tree]"
    ),
    click.option("--source", is_flag=True, help="Start the source tree and no image."),
    click.option("--endpoint", default="predict", show_default=True),
    click.option("--cpu", "cpus", help="CPUs that it gets, as in 4."),
    click.option("--memory", help="Memory that it gets, as in 8Gi."),
    click.option("--megapixels", default=24.0, show_default=True, help="Of the largest picture."),
    click.option("--env", "settings", multiple=True, metavar="KEY=VALUE", help="Of the service."),
    VOLUME,
    click.option(
        "--volume-mount",
        default="/volume",
        show_default=True,
        help="Where the container finds that folder.",
    ),
    click.option("--local-gpu", is_flag=True, help="Give the container this machine's GPUs."),
)


def say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


def read_token(file: Path | None, variable: str | None) -> str | None:
    """The token in a file or a variable; from now on it is masked wherever it is printed.

    Raises:
        Refusal: there is something else.
    """
    secrets = click.get_current_context().find_object(redaction.Secrets)
    assert secrets is not None
    value = os.environ.get(variable) if variable else None
    secrets.add((value or "").strip())
    try:
        token = redaction.token_from(file, value)
    except ValueError as error:
        raise Refusal(str(error)) from None
    secrets.add(token or "")
    return token


def team_or_default(team: str | None) -> str:
    found = team or project.team_of(ROOT)
    if found is None:
        raise click.UsageError("Missing option '--team', and DYFF_TEAM does not name one.")
    return found


def state_path(path: Path | None, name: str | None) -> Path:
    """The state file that is meant: the one named, or the only one there is."""
    return path or (state.path_for(ROOT, name) if name else state.only_one(ROOT))


def agree(found: State, api: str, asked: dict[str, Any]) -> State:
    """The state, if it is of this platform and of what was asked for.

    Raises:
        Refusal: it is of something else.
    """
    if found.record.api != api:
        raise Refusal(f"{found.path} is of the platform {found.record.api}, not {api}.")
    for key, value in asked.items():
        before = getattr(found.record.wanted, key)
        if value != before:
            option = key.replace("_", "-")
            raise Refusal(
                f"--{option} was {before!r} in the run to resume, now it is {value!r}. "
                "Leave it out, or begin anew with --restart."
            )
    return found


def service_plan(
    settings: tuple[str, ...], secret_files: tuple[Path, ...] = (), **given: Any
) -> trial.Plan:
    """What to start and how.

    Raises:
        click.UsageError: a setting is not KEY=VALUE.
        Refusal: the memory is no quantity.
    """
    pairs = [setting.partition("=") for setting in settings]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        raise click.UsageError(f"--env {wrong[0]}: KEY=VALUE is wanted.")
    if given["memory"]:
        trial.in_bytes(given["memory"])
    secrets = tuple(read_token(file, None) or "" for file in secret_files)
    env = {key: value for key, _, value in pairs}
    return trial.Plan(ROOT, env=env, secrets=secrets, **given)
