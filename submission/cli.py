"""The front of `challenge-cli.py`: its commands, its exit status, and no secret on the screen."""

from __future__ import annotations

import signal
import sys
import traceback

import click

from submission.platform_commands import rules, status, submit, teams, upload_submission
from submission.redaction import Secrets, guard
from submission.refusal import Refusal
from submission.service_commands import check, rehearse
from submission.space_commands import create_space


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """From this project to an accepted submission to the SAFE challenge."""


for command in (check, rehearse, upload_submission, submit, status, rules, teams, create_space):
    commands.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit status: 0 well, 1 not, 2 wrong usage, 130 stopped."""
    secrets = Secrets()
    guard(secrets)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that services are ended too
    try:
        result = commands.main(arguments, "challenge-cli.py", standalone_mode=False, obj=secrets)
    except Refusal as error:
        print(f"challenge-cli: {error}", file=sys.stderr)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("challenge-cli: Stopped. What is done is kept; --resume goes on.", file=sys.stderr)
        return 130
    except Exception:
        traceback.print_exc()  # through the masks
        print("challenge-cli: This should not have happened; please report it.", file=sys.stderr)
        return 1
    return result if isinstance(result, int) else 0
