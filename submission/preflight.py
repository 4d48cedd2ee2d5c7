"""`check`: what would go wrong in an evaluation, found out before a submission is spent on it."""

from __future__ import annotations

import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from submission import client_rules, images, inputs, project, runner
from submission.client_rules import Outcome, Rules
from submission.inputs import Picture
from submission.platform import Say
from submission.project import Finding
from submission.refusal import Refusal
from submission.runner import Service

DEFAULT_IMAGE = "editscope"  # what `make docker-build` calls it
DEFAULT_MODEL = "editscope/base"
LARGE_IMAGE = 10e9  # bytes; an evaluation's machine has to fetch it first
SAME = 1e-6  # log-probabilities that differ by less are the same


@dataclass(frozen=True)
class Plan:
    """What to check and how hard.

    Attributes:
        image: to start; None for `editscope` if it is there.
        source: start the source tree, whatever images there are.
        megapixels: of the largest picture.
        count: pictures of the evaluation to project to.
        command: how the source tree is started.
    """

    root: Path
    image: str | None = None
    source: bool = False
    endpoint: str = "predict"
    space: str | None = None
    megapixels: float = 24.0
    count: int = 5000
    cpus: str | None = None
    memory: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    start_s: float = 300.0
    rules: Rules = field(default_factory=Rules)
    command: tuple[str, ...] = (sys.executable, "app.py")


def check(plan: Plan, say: Say) -> list[Finding]:
    """Look at the project, start it and ask it; say every finding as it comes."""
    findings: list[Finding] = []

    def add(*new: Finding) -> None:
        for finding in new:
            findings.append(finding)
            say(line(finding))

    add(project.check_team(plan.root), project.check_name(plan.root, plan.space))
    try:
        choice = choose(plan)
        add(*project.check_weights(plan.root, model_of(plan, choice)))
        with start(plan, choice, add) as service:
            pictures = inputs.hard(plan.megapixels) + inputs.examples(plan.root)
            for finding in run(plan, service, pictures):
                add(finding)
    except Refusal as error:
        add(Finding("fail", "Start", str(error)))
    return findings


def line(finding: Finding) -> str:
    mark = {"ok": "ok  ", "note": "note", "fail": "FAIL"}[finding.level]
    return f"{mark} {finding.topic}: {finding.text}"


@dataclass(frozen=True)
class Choice:
    """What is started: an image, by its name in an engine, or for a reason the source tree."""

    engine: str = ""
    image: str = ""
    reason: str = ""


def choose(plan: Plan) -> Choice:
    """The image in an engine if that can be, else the source tree."""
    if plan.source:
        return Choice(reason="as asked")
    engine = runner.find_engine()
    if engine is None:
        return Choice(reason="there is neither docker nor podman here that answers")
    own = {"docker": "docker-daemon:", "podman": "containers-storage:"}[engine]
    name = (plan.image or DEFAULT_IMAGE).removeprefix("docker-daemon:").removeprefix(own)
    if engine == "docker" and name.startswith(images.TRANSPORTS):
        return Choice(reason=f"docker cannot start {name}")
    if plan.image is None and not runner.has_image(engine, name):
        return Choice(reason=f"{engine} has no image {name}")
    return Choice(engine, name)


def model_of(plan: Plan, choice: Choice) -> str:
    """The model that will be served, by its name."""
    asked = plan.env.get("MODEL_NAME")
    if choice.engine and not choice.image.startswith(images.TRANSPORTS):
        there = runner.image_setting(choice.engine, choice.image, "MODEL_NAME")
    else:
        there = os.environ.get("MODEL_NAME")
    return asked or there or DEFAULT_MODEL


def start(
    plan: Plan, choice: Choice, add: Callable[[Finding], None]
) -> AbstractContextManager[Service]:
    """Start what was chosen, and say what is known of the image."""
    by_name = not choice.image.startswith(images.TRANSPORTS)
    asked = (plan.image or "").removeprefix("docker-daemon:")
    if asked.startswith(images.TRANSPORTS) and not (choice.engine and by_name):
        add(image_facts(asked))
    if not choice.engine:
        text = f"not started, {choice.reason}; the source tree is, in its place."
        add(Finding("note", "Image", text))
        return runner.source_tree(plan.root, list(plan.command), plan.env)
    if by_name:
        size = runner.image_size(choice.engine, choice.image)
        add(size_finding(f"{size / 1e6:.0f} MB unpacked", size))
    limit = in_bytes(plan.memory) if plan.memory else None
    return runner.image(choice.engine, choice.image, plan.env, cpus=plan.cpus, memory=limit)


def image_facts(source: str) -> Finding:
    try:
        facts = images.inspect(images.parse(source))
    except Refusal as error:
        return Finding("fail", "Image", str(error))
    if (facts.system, facts.architecture) != ("linux", "amd64"):
        text = (
            f"it is built for {facts.system}/{facts.architecture}; the platform runs linux/amd64."
        )
        return Finding("fail", "Image", text)
    return size_finding(f"{facts.size / 1e6:.0f} MB in {facts.layers} layers", facts.size)


def size_finding(text: str, size: float) -> Finding:
    if size > LARGE_IMAGE:
        return Finding("note", "Image size", f"{text}: it takes long to send and to start")
    return Finding("ok", "Image size", text)


def run(plan: Plan, service: Service, pictures: list[Picture]) -> Iterator[Finding]:
    """Wait for the service, ask it for every picture, and measure."""
    first = cold_start(plan, service, pictures[-1])
    yield first
    if first.level == "fail":
        return
    yield offline(service)
    answered = []
    for outcome in client_rules.evaluate(
        service, plan.endpoint, pictures, plan.rules, keep_on=True
    ):
        if outcome.fault:
            yield Finding("fail", "Answer", f"{outcome.picture.name}: {outcome.fault}")
        else:
            answered.append(outcome)
    whole = len(answered) == len(pictures)
    text = f"{len(answered)} of {len(pictures)} pictures by the rules of Dyff's client"
    yield Finding("ok" if whole else "fail", "Answers", text)
    if answered:
        yield repeatable(plan, service, answered[-1])
        yield from speed(plan, answered)
    yield memory(plan, service)


def cold_start(plan: Plan, service: Service, picture: Picture) -> Finding:
    """Seconds from the start to the first answer."""
    body = client_rules.request_body(picture)
    path = f"/{plan.endpoint.strip('/')}"
    while True:
        reply = service.ask(path, body, timeout_s=plan.rules.request_timeout_s)
        seconds = time.monotonic() - service.started
        if reply.status == 200:
            return Finding(
                "ok", "Cold start", f"{seconds:.1f} s from the start to the first answer"
            )
        passing = reply.status in (0, *client_rules.TRANSIENT)
        if not passing or seconds > plan.start_s or not service.facts().alive:
            what = reply.error or f"status {reply.status}"
            text = f"no answer after {seconds:.0f} s ({what}). Its log ends:\n{service.log()}"
            return Finding("fail", "Cold start", text)
        time.sleep(0.2)


def offline(service: Service) -> Finding:
    if service.facts().cut:
        return Finding("ok", "Offline", f"{service.kind} started and answered without a network")
    text = "this machine does not let us cut the network; it was there all the time."
    return Finding("note", "Offline", text)


def repeatable(plan: Plan, service: Service, before: Outcome) -> Finding:
    again = client_rules.ask(service, plan.endpoint, before.picture, plan.rules, math.inf)
    pairs = zip(before.logprobs, again.logprobs, strict=False)
    if again.fault or any(abs(a - b) > SAME for a, b in pairs):
        text = f"{before.picture.name} got another answer the second time"
        return Finding("note", "Repeatable", text)
    return Finding("ok", "Repeatable", "the same picture gets the same answer")


def speed(plan: Plan, outcomes: list[Outcome]) -> list[Finding]:
    """Latency over all pictures, and what the usual ones mean for a whole evaluation."""
    times = sorted(outcome.seconds for outcome in outcomes)
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    rank = math.ceil(0.95 * len(times)) - 1
    text = (
        f"median {median(times):.2f} s, 95 % within {times[rank]:.2f} s, longest "
        f"{times[-1]:.2f} s ({slowest.picture.name})"
    )
    usual = [o.seconds for o in outcomes if o.picture.usual] or times
    each, total = mean(usual), plan.rules.total_timeout_s
    hours = each * plan.count / 3600
    projection = (
        f"at {each:.2f} s for an ordinary picture on this machine, {plan.count} pictures take "
        f"{hours:.1f} h one after the other; the default limit of {total / 3600:g} h is enough for "
        f"{int(total / each)}"
    )
    level: project.Level = "ok" if each * plan.count <= total else "note"
    return [Finding("ok", "Latency", text), Finding(level, "Evaluation", projection)]


def memory(plan: Plan, service: Service) -> Finding:
    used = service.facts().memory
    if not used:
        return Finding("note", "Peak memory", "unknown on this system")
    text = f"{used / 2**20:.0f} MiB"
    if plan.memory and used > in_bytes(plan.memory):
        return Finding("fail", "Peak memory", f"{text}, more than the {plan.memory} asked for")
    return Finding("ok", "Peak memory", text)


def in_bytes(quantity: str) -> int:
    """Bytes of a quantity in Kubernetes' notation, as in 8Gi or 500M.

    Raises:
        Refusal: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kKMGT]?)(i?)", quantity)
    if found is None or (found[3] and not found[2]):
        raise Refusal(f"{quantity!r} is not an amount of memory like 8Gi or 500M.")
    power = " KMGT".index(found[2].upper() or " ")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power)
