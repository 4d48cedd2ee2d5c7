"""What is tried: an image or the source tree, with which settings, and its start."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from submission import container, images, project, runner
from submission.client_rules import Rules
from submission.project import Finding
from submission.refusal import Refusal
from submission.runner import Service

DEFAULT_IMAGE = "editscope"  # what `make docker-build` calls it
DEFAULT_MODEL = "editscope/base"
LARGE_IMAGE = 10e9  # bytes; an evaluation's machine has to fetch it first


@dataclass(frozen=True)
class Plan:
    """What to check and how hard.

    Attributes:
        image: to start; None for `editscope` if it is there.
        source: start the source tree, whatever images there are.
        megapixels: of the largest picture.
        count: pictures of the evaluation to project to.
        volume: folder that the container finds at `volume_mount`, as an uploaded one.
        local_gpu: the container gets this machine's GPUs.
        secrets: to look for where they should not be.
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
    volume: Path | None = None
    volume_mount: str = "/volume"
    local_gpu: bool = False
    secrets: tuple[str, ...] = ()
    start_s: float = 300.0
    rules: Rules = field(default_factory=Rules)
    command: tuple[str, ...] = (sys.executable, "app.py")


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
    engine = container.find_engine()
    if engine is None:
        return Choice(reason="there is neither docker nor podman here that answers")
    own = {"docker": "docker-daemon:", "podman": "containers-storage:"}[engine]
    name = (plan.image or DEFAULT_IMAGE).removeprefix("docker-daemon:").removeprefix(own)
    if engine == "docker" and name.startswith(images.TRANSPORTS):
        return Choice(reason=f"docker cannot start {name}")
    if plan.image is None and not container.has_image(engine, name):
        return Choice(reason=f"{engine} has no image {name}")
    return Choice(engine, name)


def model_of(plan: Plan, choice: Choice) -> str:
    """The model that will be served, by its name."""
    asked = plan.env.get("MODEL_NAME")
    if choice.engine and not choice.image.startswith(images.TRANSPORTS):
        there = container.image_setting(choice.engine, choice.image, "MODEL_NAME")
    else:
        there = os.environ.get("MODEL_NAME")
    return asked or there or DEFAULT_MODEL


def weights_of(plan: Plan, choice: Choice) -> list[Finding]:
    """Checksums and licence of the weights; of what only the image has, the licence alone."""
    model = model_of(plan, choice)
    found = project.check_weights(plan.root, model)
    if len(found) == 1 and choice.engine:
        card = container.file_of(choice.engine, choice.image, f"models/{model}/README.md")
        found.append(project.check_licence(project.licence_in(card)))
    return found


def source_of(plan: Plan, choice: Choice) -> str | None:
    """The image by its name for skopeo, whether or not it can be started; None without one."""
    named = choice.image or (plan.image or "" if not plan.source else "")
    return container.source(named, choice.engine) if named else None


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
        if plan.volume:
            text = f"not at {plan.volume_mount}: the source tree has the folders that it has."
            add(Finding("note", "Volume", text))
        return runner.source_tree(plan.root, list(plan.command), plan.env)
    if by_name:
        size = container.image_size(choice.engine, choice.image)
        add(size_finding(f"{size / 1e6:.0f} MB unpacked", size))
    return runner.image(choice.engine, choice.image, plan.env, machine_of(plan, choice.engine))


def machine_of(plan: Plan, engine: str) -> list[str]:
    """The engine's options for what the container gets."""
    options = ["--cpus", plan.cpus] if plan.cpus else []
    if plan.memory:
        options += ["--memory", str(in_bytes(plan.memory))]
    if plan.volume:
        options += ["--volume", f"{plan.volume.resolve()}:{plan.volume_mount}:ro"]
    if plan.local_gpu:
        options += ["--gpus", "all"] if engine == "docker" else ["--device", "nvidia.com/gpu=all"]
    return options


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
