"""The commands that start the service here: check, rehearse."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from submission import options, preflight
from submission.options import say
from submission.refusal import Refusal
from submission.state import Wanted


@click.command()
@options.on_service
@click.option("--space", metavar="ORG/NAME", help="Name to check.  [default: of a git remote]")
@click.option("--images", "count", default=5000, show_default=True, help="To project the time to.")
@click.option(
    "--start-timeout", "start_s", default=300.0, show_default=True, help="Seconds to start."
)
@click.option(
    "--secret-file",
    "secret_files",
    multiple=True,
    type=options.FILE,
    help="Token to look for in every layer of the image and every file; may be repeated.",
)
@click.option("--json", "report", type=options.PATH, help="Write the findings to a file as well.")
def check(report: Path | None, **given: Any) -> int:
    """Find out what an evaluation would stumble over. Exit status 1 if anything."""
    findings = preflight.check(options.service_plan(**given), say)
    if report:
        document = json.dumps([asdict(finding) for finding in findings], indent=2)
        report.write_text(f"{document}\n", encoding="utf-8")
    failed = sum(finding.level == "fail" for finding in findings)
    say(f"\nNot ready: {failed} failed" if failed else "\nReady to be submitted")
    return 1 if failed else 0


@click.command()
@options.on_service
@options.GPU
def rehearse(gpu: tuple[str, ...], **given: Any) -> None:
    """The whole submission against a stand-in of the platform on this machine."""
    from submission import rehearsal
    from submission.stand import ACCOUNT

    volume = given["volume"]
    wanted = Wanted(
        account=ACCOUNT,
        name="rehearsal",
        image=given["image"],
        endpoint=given["endpoint"],
        volume=str(volume.resolve()) if volume else None,
        volume_mount=given["volume_mount"] if volume else None,
        cpu=given["cpus"],
        memory=given["memory"],
        gpu=gpu,
    )
    plan = rehearsal.Plan(wanted, options.service_plan(**given))
    if not rehearsal.rehearse(plan, say):
        raise Refusal("The evaluation failed; `check` shows everything that is wrong.")
    say("\nThe rehearsal went through")
