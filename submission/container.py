"""What a container engine, Docker or Podman, has and knows of its images."""

from __future__ import annotations

import shutil
import subprocess

from submission import images
from submission.refusal import Refusal

ENGINES = ("docker", "podman")
ANSWER_S = 60.0  # for an engine to say that it is there; a busy machine takes its time


def find_engine() -> str | None:
    """The container engine that answers, if one does."""
    return next((name for name in ENGINES if shutil.which(name) and answers([name, "info"])), None)


def has_image(engine: str, name: str) -> bool:
    return answers([engine, "image", "inspect", name])


def source(name: str, engine: str | None) -> str:
    """A name that skopeo takes: a plain one is Podman's where Podman is the engine, else Docker's.

    Raises:
        Refusal: it is empty, or Podman has no such image.
    """
    if engine != "podman" or not name or name.startswith(images.TRANSPORTS):
        return images.parse(name)
    if not has_image(engine, name):
        raise Refusal(
            f"Podman has no image {name}; `podman images` lists what there is, and "
            f"docker-daemon:{name} means an image of Docker's."
        )
    return f"containers-storage:@{image_id(engine, name)}"


def image_size(engine: str, name: str) -> int:
    """Bytes of an image's layers, unpacked."""
    text = call(engine, ["image", "inspect", "--format", "{{.Size}}", name], f"Reading {name}")
    return int(text.strip())


def image_id(engine: str, name: str) -> str:
    """An image's ID, which names it without the engine's rules for short names."""
    text = call(engine, ["image", "inspect", "--format", "{{.Id}}", name], f"Reading {name}")
    return text.strip().removeprefix("sha256:")


def image_setting(engine: str, name: str, variable: str) -> str | None:
    """The value that an image sets a variable to, if it does."""
    shape = "{{range .Config.Env}}{{println .}}{{end}}"
    text = call(engine, ["image", "inspect", "--format", shape, name], f"Reading {name}")
    pairs = [line.partition("=") for line in text.splitlines()]
    return next((value for key, _, value in pairs if key == variable), None)


def file_of(engine: str, name: str, path: str) -> bytes:
    """A file of an image, by its path from the working directory; nothing if it cannot be read."""
    command = [engine, "run", "--rm", "--network", "none", "--entrypoint", "cat", name, path]
    return subprocess.run(command, capture_output=True, check=False).stdout


def answers(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def call(engine: str, arguments: list[str], doing: str) -> str:
    done = subprocess.run([engine, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it ended without a word"]
        raise Refusal(f"{doing}: {lines[-1]}")
    return done.stdout
