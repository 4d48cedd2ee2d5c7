"""The commands that talk to Dyff: upload-submission, submit, status, teams, rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from submission import entry, options, progress, project, state
from submission.options import ROOT, Access, say
from submission.platform import Platform
from submission.refusal import Refusal
from submission.state import Record, State, Wanted
from submission.statuses import FAILED


@contextmanager
def platform_for(access: Access, record: Record | None = None, **ids: Any) -> Iterator[Platform]:
    """The platform; for a dry run the printer that stands in for it and knows these IDs."""
    if access.dry:
        from submission import dryrun

        with dryrun.platform(access.connection, dryrun.stand_for(record, **ids), say) as printer:
            yield printer
        return
    platform = Platform(access.connection)
    try:
        yield platform
    finally:
        platform.close()


def silent(text: str) -> None:
    """For a dry run: what a stand-in answers is nobody's news."""


@click.command("upload-submission")
@options.ACCOUNT
@click.option("--name", help="A name for your system.")
@click.option(
    "--image", help="NAME:TAG of Docker, or any that skopeo knows (docker-archive:, oci:)."
)
@click.option("--endpoint", help="Route of the inference endpoint.  [default: predict]")
@options.VOLUME
@options.MOUNT
@click.option("--artifact", help="ID of an image that is uploaded already.")
@click.option("--model", help="ID of a volume that is uploaded already.")
@click.option("--cpu", help="CPUs to ask for, as in 4 or 500m.")
@click.option("--memory", help="Memory to ask for, as in 8Gi.")
@options.GPU
@click.option("--gpu-count", type=click.IntRange(1), help="GPUs to ask for.  [default: 1]")
@click.option("--resume", is_flag=True, help="Go on where an earlier run stopped.")
@click.option("--restart", is_flag=True, help="Forget the earlier run and make everything anew.")
@options.STATE
@options.on_platform
def upload_submission(
    *,
    access: Access,
    path: Path | None,
    name: str | None,
    volume: Path | None,
    resume: bool,
    restart: bool,
    **rest: Any,
) -> None:
    """Upload image and weights, and create the inference service."""
    from submission.upload import Upload

    given = {**rest, "name": name, "volume": str(volume.resolve()) if volume else None}
    asked = {key: value for key, value in given.items() if value not in (None, ())}
    if resume:
        kept = State.load(options.state_path(path, name))
        kept = options.agree(kept, access.connection.api, asked)
    else:
        kept = begin(asked, path, access, restart)
    with platform_for(access, kept.record) as platform:
        service = Upload(platform, kept, say, dry=access.dry).run()
    if not access.dry:
        name = kept.record.wanted.name
        say(f"\nService {service}. To submit it: challenge-cli.py submit --name {name!r} --task ID")


def begin(asked: dict[str, Any], path: Path | None, access: Access, restart: bool) -> State:
    """A new state.

    Raises:
        click.UsageError: options are missing or do not go together.
        Refusal: there is an earlier run of this name.
    """
    check_options(asked)
    path = path or state.path_for(ROOT, asked["name"])
    if path.exists() and not restart and not access.dry:
        how_far = "is uploaded" if State.load(path).record.service else "was begun"
        raise Refusal(
            f"{asked['name']} {how_far} already ({path}): --resume goes on, --restart begins anew."
        )
    record = Record(api=access.connection.api, wanted=Wanted(**asked))
    return State(record, None if access.dry else path)


def check_options(asked: dict[str, Any]) -> None:
    for name in ("name", "account"):
        if name not in asked:
            raise click.UsageError(f"Missing option '--{name}'.")
    if ("image" in asked) == ("artifact" in asked):
        raise click.UsageError("Give either --image or --artifact.")
    if "volume" in asked and "model" in asked:
        raise click.UsageError("Give either --volume or --model.")
    weights = "volume" in asked or "model" in asked
    if weights != ("volume_mount" in asked):
        raise click.UsageError("--volume-mount goes with --volume or --model.")
    if weights and not asked["volume_mount"].startswith("/"):
        raise click.UsageError("--volume-mount has to be an absolute path.")


@click.command()
@options.ACCOUNT
@options.TEAM
@click.option("--task", required=True, help="ID of the task; `rules` lists them.")
@click.option("--service", help="ID of the inference service.  [default: that of --name]")
@options.CHALLENGE
@options.NAME
@options.STATE
@click.option("--resume", is_flag=True, help="As without it: nothing is submitted twice.")
@click.option("--force", is_flag=True, help="Do not look at the task's rules first.")
@options.on_platform
def submit(
    *,
    access: Access,
    account: str | None,
    team: str | None,
    service: str | None,
    path: Path | None,
    name: str | None,
    resume: bool,
    **place: Any,
) -> None:
    """Enter an uploaded service for the challenge. This spends the slot."""
    kept = state_of_service(service, path, name, account, access)
    record, team = kept.record, options.team_or_default(team)
    account = account or record.wanted.account
    if not account:
        raise click.UsageError("Missing option '--account'.")
    ids = {"challenge": place["challenge"], "task": place["task"], "team": team}
    with platform_for(access, record, account=account, **ids) as platform:
        kept, tell = (State(record, None), silent) if access.dry else (kept, say)
        entry.enter(platform, kept, tell, account=account, team=team, **place)
    tell("\nTo see how it gets on: challenge-cli.py status --follow")


def state_of_service(
    service: str | None, path: Path | None, name: str | None, account: str | None, access: Access
) -> State:
    """The state of the service to submit; a new one for a service that was made elsewhere."""
    if service is None or path or name:
        found = State.load(options.state_path(path, name))
        if service not in (None, found.record.service):
            raise Refusal(f"{found.path} is of the service {found.record.service}, not {service}.")
    else:
        known = [State.load(path) for path in sorted((ROOT / state.FOLDER).glob("*.json"))]
        matching = [kept for kept in known if kept.record.service == service]
        wanted = Wanted(account=account or "", name=service)
        record = Record(api=access.connection.api, wanted=wanted, service=service)
        fresh = State(record, state.path_for(ROOT, f"service-{service}"))
        found = matching[0] if matching else fresh
    return options.agree(found, access.connection.api, {})


@click.command()
@click.argument("submission", required=False)
@options.NAME
@options.STATE
@click.option("--wait", is_flag=True, help="Return when the evaluation is over.")
@click.option("--follow", is_flag=True, help="The same, and tell every change.")
@click.option("--scores", is_flag=True, help="Show the scores that are visible to you.")
@options.on_platform
def status(
    *,
    access: Access,
    submission: str | None,
    name: str | None,
    path: Path | None,
    wait: bool,
    follow: bool,
    scores: bool,
) -> int:
    """How far a submission is. Exit status 1 if it failed."""
    record = None
    if submission is None:
        kept = State.load(options.state_path(path, name))
        record = options.agree(kept, access.connection.api, {}).record
        submission = record.submission
    ids = {"submission": submission} if submission else {}
    with platform_for(access, record, **ids) as platform:
        lines = progress.overview(platform, record) if record else []
        if lines and not access.dry:
            say("\n".join(lines))
        if not submission:
            return 0
        reached, run = progress.follow(
            platform,
            submission,
            silent if access.dry else say,
            wait=(wait or follow) and not access.dry,
            quiet=wait and not follow,
        )
        found = platform.scores(run) if scores else []
        for title, value in found:
            say(f"score {title}: {value}")
        if scores and not found and not access.dry:
            say("no scores that are visible to you yet")
    return 1 if reached in FAILED else 0


@click.command()
@options.CHALLENGE
@options.on_platform
def teams(access: Access, challenge: str) -> None:
    """The teams of the challenge that you may see; only Active ones may submit."""
    with platform_for(access, challenge=challenge) as platform:
        for team in platform.teams(challenge):
            if not access.dry:
                say(f"{team.id}  {team.status}  {team.name}")


@click.command()
@options.CHALLENGE
@click.option("--task", help="One task alone.")
@options.TEAM
@options.on_platform
def rules(access: Access, challenge: str, task: str | None, team: str | None) -> None:
    """Limits, schedule and machines of the tasks, and what your team has left."""
    team = team or project.team_of(ROOT)
    ids: dict[str, Any] = {"challenge": challenge, **({"task": task} if task else {})}
    with platform_for(access, **ids) as platform:
        lines = entry.describe_rules(platform, challenge, task, team)
    if not access.dry:
        say("\n".join(lines) or "The challenge has no tasks that you may see.")
