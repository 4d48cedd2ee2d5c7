"""`create-space`: a Docker Space of an organisation with this project's files, ready to build."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import manifest
from submission import project
from submission.platform import Say
from submission.refusal import Refusal

if TYPE_CHECKING:
    from huggingface_hub import SpaceHardware

JUDGE = "safe-challenge-2025-submissions"  # the account that pulls a Space's image
FORM = "https://challenge.dyff.io/submit"
GIT = ".gitattributes"
MEANINGS = {
    401: "The token is not valid. Make one with the role `write` at "
    "https://huggingface.co/settings/tokens and pass it with --token-file, as HF_TOKEN or by "
    "`hf auth login`.",
    402: "A Docker Space on free hardware needs a subscription of the organisation (Team or "
    "Enterprise); --hardware names one that is paid by use.",
    403: "The token may not write to this organisation: it needs the role `write`, and its account "
    "the role `write` or `admin` in the organisation.",
    404: "There is no such organisation, or the token's account is not a member of it.",
    409: "There is something of this name already that is no Docker Space.",
    429: "Too many requests; wait a little.",
}


@dataclass(frozen=True)
class Plan:
    """What the Space shall be.

    Attributes:
        space: ORG/NAME.
        team: the ID for `DYFF_TEAM`; None leaves the file as it is.
        token: that may write to the organisation.
        build_token: for the build's secret `HF_TOKEN`, which reads a private model.
        variables: public ones, that the Dockerfile takes as arguments.
    """

    root: Path
    space: str
    team: str | None
    token: str
    private: bool = False
    build_token: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    hardware: str | None = None
    message: str = "Upload EditScope"


def prepare(plan: Plan) -> list[str]:
    """Check the name, write `DYFF_TEAM`, and list the files that go up.

    Raises:
        Refusal: the name or the team will not do, or a file is not what it should be.
    """
    if problem := project.name_fault(plan.space):
        raise Refusal(problem)
    team = plan.team or project.team_of(plan.root)
    if team is None:
        raise Refusal("DYFF_TEAM does not name your team: pass its ID with --team.")
    if not project.TEAM.fullmatch(team):
        raise Refusal(f"{team!r} is not one team's ID.")
    names = project.tracked(plan.root)
    if not names:
        raise Refusal(f"{plan.root} is not a git repository, so it is unclear what belongs to it.")
    if pointers := [name for name in names if manifest.is_pointer(plan.root / name)]:
        raise Refusal(f"{', '.join(pointers)}: only Git LFS pointers are here. Run `git lfs pull`.")
    if bare := unfiltered(plan.root, names):
        raise Refusal(
            f"{GIT} has no LFS rule for {', '.join(bare)}: a later `git push` of them would be "
            "rejected. Add `*.EXT filter=lfs diff=lfs merge=lfs -text`."
        )
    return sorted({*names, "DYFF_TEAM"})


def write_team(plan: Plan) -> None:
    """Bring `DYFF_TEAM` up to date."""
    if plan.team:
        (plan.root / "DYFF_TEAM").write_text(f"{plan.team}\n", encoding="utf-8")


def unfiltered(root: Path, names: Sequence[str]) -> list[str]:
    """The binary files that `.gitattributes` does not send to LFS; the hub refuses them in git."""
    binary = [name for name in names if b"\0" in (root / name).read_bytes()[:8192]]
    if not binary:
        return []
    done = subprocess.run(
        ["git", "check-attr", "-z", "--stdin", "filter"],
        cwd=root,
        input="\0".join([*binary, ""]),
        capture_output=True,
        text=True,
        check=True,
    )
    fields = done.stdout.split("\0")
    return [name for name, value in zip(fields[::3], fields[2::3], strict=False) if value != "lfs"]


def create(plan: Plan, say: Say) -> str:
    """Create the Space or bring it up to date; return its address.

    Raises:
        Refusal: in words.
    """
    import httpx2
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError

    names = prepare(plan)
    write_team(plan)
    api = HfApi(token=plan.token)
    try:
        check_organisation(api, plan.space, say)
        url = api.create_repo(
            plan.space,
            repo_type="space",
            space_sdk="docker",
            private=plan.private or None,
            exist_ok=True,
            space_hardware=hardware(plan.hardware),
        )
        say(f"Space {url}{' (private)' if plan.private else ''}")
        for key, value in plan.variables:
            api.add_space_variable(plan.space, key, value)
            say(f"Public variable {key}={value}")
        if plan.build_token:  # before the files: they start the build
            api.add_space_secret(plan.space, "HF_TOKEN", plan.build_token)
            say("Secret HF_TOKEN for the build")
        say(f"Sending {len(names)} files; large and binary ones go to the hub's own storage")
        commit = api.create_commit(
            plan.space,
            [CommitOperationAdd(name, plan.root / name) for name in names],
            commit_message=plan.message,
            repo_type="space",
        )
    except HfHubHTTPError as error:
        raise Refusal(explain(error, plan.space)) from None
    except (httpx2.HTTPError, OSError) as error:
        raise Refusal(
            f"The hub cannot be reached, or the line broke ({type(error).__name__}). Run it again: "
            "what is there is not sent twice."
        ) from None
    say(f"Commit {commit.oid}")
    return str(url)


def preview(plan: Plan, say: Say) -> None:
    """Say what `create` would do.

    Raises:
        Refusal: it would not do it.
    """
    names = prepare(plan)
    present = [plan.root / name for name in names if (plan.root / name).exists()]
    size = sum(path.stat().st_size for path in present)
    say(f"Would create the Docker Space {plan.space}{' (private)' if plan.private else ''}")
    for key, value in plan.variables:
        say(f"Would set the public variable {key}={value}")
    if plan.build_token:
        say("Would set the secret HF_TOKEN for the build")
    say(f"Would send {len(names)} files, {size / 1e6:.1f} MB")


def hardware(name: str | None) -> SpaceHardware | None:
    """The hub's name for a machine.

    Raises:
        Refusal: it has none of this name.
    """
    from huggingface_hub import SpaceHardware

    try:
        return SpaceHardware(name) if name else None
    except ValueError:
        known = ", ".join(member.value for member in SpaceHardware)
        raise Refusal(f"There is no hardware {name!r}; there is: {known}.") from None


def check_organisation(api: Any, space: str, say: Say) -> None:
    """See that the owner is an organisation of the token's account, as the challenge wants it.

    Raises:
        Refusal: it is the account itself.
    """
    me = api.whoami()
    owner, _, _ = space.partition("/")
    if owner.lower() == str(me.get("name", "")).lower():
        raise Refusal(
            f"{owner} is a user account. The challenge wants an organisation: make one at "
            "https://huggingface.co/organizations/new."
        )
    if owner not in [entry.get("name") for entry in me.get("orgs", [])]:
        say(f"Note: the token's account {me.get('name')} does not look like a member of {owner}")


def explain(error: Any, space: str) -> str:
    response = error.response
    said = getattr(error, "server_message", None) or response.reason_phrase
    meaning = MEANINGS.get(response.status_code, "Try again later.")
    return f"The hub answered {response.status_code} for {space} ({said}). {meaning}"


def next_steps(space: str, url: str) -> str:
    """What is left to do by hand."""
    owner, _, _ = space.partition("/")
    return f"""
What is left to do by hand:
  1. Watch the build at {url}?logs=build until the Space says Running.
  2. Add the account {JUDGE} as a member with the role `read` at
     https://huggingface.co/organizations/{owner}/settings/members
     Look twice that it is this very account: it is given your image.
  3. Submit at {FORM} with the address {url} and the branch main.
Changes later: run this again, or `git clone {url}`, commit and push; either builds anew."""
