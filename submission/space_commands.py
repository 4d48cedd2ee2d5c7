"""The command that talks to the Hugging Face Hub: create-space."""

from __future__ import annotations

from pathlib import Path

import click

from submission import options
from submission.options import ROOT, say
from submission.redaction import Secrets
from submission.refusal import Refusal


@click.command("create-space")
@click.argument("space", metavar="ORG/NAME")
@click.option("--team", help="Your team's ID, written to DYFF_TEAM.")
@click.option("--private", is_flag=True, help="Only members of the organisation see it.")
@click.option(
    "--token-file",
    type=options.FILE,
    help="Hugging Face token with the role write.  [default: HF_TOKEN, then the login of `hf`]",
)
@click.option(
    "--build-token-file",
    type=options.FILE,
    help="Token that the build reads a private model with; becomes the Space's secret HF_TOKEN.",
)
@click.option("--model-repo", metavar="ORG/NAME", help="Model that the build fetches.")
@click.option("--model-revision", metavar="COMMIT", help="Its commit.")
@click.option("--hardware", help="As in cpu-upgrade.  [default: the hub's]")
@click.option("--message", default="Upload EditScope", show_default=True, help="Of the commit.")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
def create_space(
    *,
    space: str,
    team: str | None,
    private: bool,
    token_file: Path | None,
    build_token_file: Path | None,
    model_repo: str | None,
    model_revision: str | None,
    hardware: str | None,
    message: str,
    dry_run: bool,
) -> None:
    """Create a Docker Space with this project, or bring it up to date."""
    from submission.space import Plan, create, next_steps, preview

    names = {"MODEL_REPO": model_repo, "MODEL_REVISION": model_revision}
    token = login() if not dry_run and token_file is None else None
    plan = Plan(
        ROOT,
        space,
        team,
        options.read_token(token_file, None) or token or "",
        private=private,
        build_token=options.read_token(build_token_file, None) if build_token_file else None,
        variables=tuple((key, value) for key, value in names.items() if value),
        hardware=hardware,
        message=message,
    )
    if dry_run:
        preview(plan, say)
    else:
        say(next_steps(space, create(plan, say)))


def login() -> str:
    """The token in `HF_TOKEN`, else of `hf auth login`.

    Raises:
        Refusal: there is none.
    """
    from huggingface_hub import get_token

    from submission.space import MEANINGS

    token = options.read_token(None, "HF_TOKEN") or get_token()
    if token is None:
        raise Refusal(f"There is no token. {MEANINGS[401]}")
    secrets = click.get_current_context().find_object(Secrets)
    assert secrets is not None
    secrets.add(token)
    return token
