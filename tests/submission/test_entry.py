"""`submit`, `rules` and `teams`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from submission.entry import allowance
from submission.stand import TASK, TEAM, Stand
from tests.submission.conftest import ENTRY, Cli
from tests.submission.test_resume import SERVICE


def service(stand: Stand, **runner: object) -> list[str]:
    """Options that submit a service which was made elsewhere."""
    body = {**SERVICE, "runner": {"kind": "container", "resources": {}, **runner}}
    return [*ENTRY, "--account", "acme", "--service", stand.add("inferenceservices", body)["id"]]


def test_a_submission(cli: Cli, stand: Stand) -> None:
    done = cli("submit", *service(stand))
    assert done.returncode == 0, done.stderr
    (made,) = stand.of("submissions").values()
    assert "1 of 1 left until" in done.stdout
    assert made["id"] in done.stdout
    assert (made["team"], made["task"]) == (TEAM, TASK)
    again = cli("submit", *service(stand))
    assert again.returncode == 1
    assert "The team has used its 1 of this cycle; the next begins at" in again.stderr
    assert len(stand.of("submissions")) == 1


def test_once_more_after_a_failure(cli: Cli, stand: Stand) -> None:
    options, stand.limit = service(stand), 2
    assert cli("submit", *options).returncode == 0
    assert "is there already" in cli("submit", *options).stdout
    stand.finish("Failed", "the platform's fault", [])
    assert cli("submit", *options).returncode == 0
    assert len(stand.of("submissions")) == 2


def test_the_platform_has_the_last_word(cli: Cli, stand: Stand) -> None:
    assert cli("submit", *service(stand)).returncode == 0
    done = cli("submit", *service(stand), "--force")
    assert "answered 403 (Submission limit reached for this cycle)" in done.stderr
    assert "A quota is used up" in done.stderr


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"openingTime": "2999-01-01T00:00:00Z"}, "The task opens at 2999-01-01 00:00 UTC."),
        ({"closingTime": "2025-02-01T00:00:00Z"}, "The task closed at 2025-02-01 00:00 UTC."),
    ],
)
def test_out_of_season(cli: Cli, stand: Stand, schedule: dict[str, str], words: str) -> None:
    stand.schedule = schedule
    done = cli("submit", *service(stand))
    assert done.returncode == 1
    assert words in done.stderr
    assert not stand.of("submissions")


@pytest.mark.parametrize(
    "runner",
    [
        {"resources": {"cpu": "9"}},
        {"resources": {"memory": "33Gi"}},
        {"accelerator": {"kind": "GPU", "gpu": {"hardwareTypes": ["tpu"], "count": 1}}},
    ],
)
def test_more_than_the_task_has(cli: Cli, stand: Stand, runner: dict[str, object]) -> None:
    done = cli("submit", *service(stand, **runner))
    assert "The service asks for more than any machine of the task has" in done.stderr
    assert not stand.of("submissions")


def test_a_team_that_is_not_approved(cli: Cli, stand: Stand) -> None:
    stand.team_status = "WaitingForApproval"
    done = cli("submit", *service(stand))
    assert "answered 403" in done.stderr
    assert "the team is Active (`teams` tells)" in done.stderr


def test_the_team_is_that_of_the_file(cli: Cli, stand: Stand) -> None:
    options = service(stand)
    place = options.index("--team")
    options = options[:place] + options[place + 2 :]
    assert "DYFF_TEAM does not name one" in cli("submit", *options).stderr
    (cli.project / "DYFF_TEAM").write_text(f"{TEAM}\n")
    assert cli("submit", *options).returncode == 0


def test_no_such_task(cli: Cli, stand: Stand) -> None:
    options = [TASK[::-1] if word == TASK else word for word in service(stand)]
    assert f"there are: rehearsal-task ({TASK})" in cli("submit", *options).stderr


def test_rules_and_teams(cli: Cli, stand: Stand) -> None:
    stand.limit = 2
    asked = ["--challenge", stand.challenge]
    told = cli("rules", *asked, "--team", TEAM).stdout
    assert f"(--task {TASK})" in told
    assert "2 submission(s) a team in 24 h" in told
    assert "machine gpu: 8 CPUs, 32Gi memory, 1 x nvidia.com/gpu-l4" in told
    assert f"team {TEAM}: 2 of 2 left until" in told
    assert cli("teams", *asked).stdout == f"{TEAM}  Active  Rehearsal team\n"


def test_a_cycle_begins_at_its_epoch() -> None:
    from dyff.schema.platform import (
        ChallengeTaskExecutionEnvironment,
        ChallengeTaskExecutionEnvironmentChoices,
        ChallengeTaskRules,
        ChallengeTaskSchedule,
    )

    class Task:
        rules = ChallengeTaskRules(
            executionEnvironment=ChallengeTaskExecutionEnvironmentChoices(
                choices={"cpu": ChallengeTaskExecutionEnvironment(cpu="1", memory="1Gi")}
            ),
            schedule=ChallengeTaskSchedule(
                submissionCycleDuration=timedelta(hours=6),
                submissionCycleEpoch=datetime(2026, 1, 1, 2, tzinfo=timezone.utc),
                submissionLimitPerCycle=3,
            ),
        )

    now = datetime(2026, 1, 2, 9, tzinfo=timezone.utc)  # the cycle from 8 to 14 h
    made = [now - timedelta(minutes=59), now - timedelta(hours=1), now - timedelta(hours=2)]
    left = allowance(Task, made, now)  # type: ignore[arg-type]
    assert (left.used, left.left, left.next_cycle.hour) == (2, 1, 14)
