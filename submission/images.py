"""Container images by any name that skopeo knows: what is in them, and their way to a registry."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from submission.refusal import Refusal

TRANSPORTS = (
    "containers-storage:",
    "dir:",
    "docker-archive:",
    "docker-daemon:",
    "docker://",
    "oci-archive:",
    "oci:",
)
GET_SKOPEO = (
    "skopeo is missing. Install it (Debian and Ubuntu: apt-get install skopeo; Fedora: dnf install "
    "skopeo; macOS: brew install skopeo) and go on with --resume."
)
POLICIES = (Path("/etc/containers/policy.json"), Path.home() / ".config/containers/policy.json")
REASONS = [
    (
        r"Cannot connect to the Docker daemon|docker daemon is not running|docker\.sock",
        "No Docker daemon answers. Start Docker, or name the image otherwise: `docker save -o "
        "image.tar NAME` and --image docker-archive:image.tar; Podman's and Buildah's images are "
        "containers-storage:NAME.",
    ),
    (
        r"unauthorized|authentication required|denied|invalid username/password",
        "The registry does not take the token: it is not valid, or not for this account.",
    ),
    (
        r"No such image|reference does not exist|no image found|manifest unknown"
        r"|no descriptor found|Tag .* not found|does not resolve to an image ID",
        "There is no image of this name; `docker images` lists what there is.",
    ),
    (r"no such file or directory", "There is no such file or folder."),
    (
        r"no such host|connection refused|i/o timeout|network is unreachable|EOF|TLS handshake"
        r"|connection reset|server misbehaving",
        "The registry cannot be reached, or the line broke. What has arrived is not sent again.",
    ),
    (r"no space left", "A disk is full: skopeo unpacks into /var/tmp (or TMPDIR)."),
]


@dataclass(frozen=True)
class Facts:
    """What an image says of itself; sizes in bytes, as the layers are stored at the source."""

    system: str
    architecture: str
    ports: tuple[str, ...]
    user: str
    size: int
    layers: int


def parse(name: str) -> str:
    """A name that skopeo takes; a plain `name[:tag]` is an image of the Docker daemon.

    Raises:
        Refusal: it is empty.
    """
    if not name.strip():
        raise Refusal("--image is empty.")
    if name.startswith(TRANSPORTS):
        return name
    last = name.rpartition("/")[2]
    return f"docker-daemon:{name}" if re.search("[:@]", last) else f"docker-daemon:{name}:latest"


def skopeo(*arguments: str) -> list[str]:
    """The command; a machine without a policy of signatures has skopeo take every image.

    Raises:
        Refusal: skopeo is missing.
    """
    program = shutil.which("skopeo")
    if program is None:
        raise Refusal(GET_SKOPEO)
    lenient = [] if any(path.exists() for path in POLICIES) else ["--insecure-policy"]
    return [program, *lenient, *arguments]


def inspect(source: str) -> Facts:
    """Read an image's configuration and the sizes of its layers.

    Raises:
        Refusal: there is no such image, daemon or skopeo.
    """
    manifest = json.loads(run(skopeo("inspect", "--raw", source), f"Reading {source}"))
    config = json.loads(run(skopeo("inspect", "--config", source), f"Reading {source}"))
    if "layers" not in manifest:
        raise Refusal(f"{source} is a list of images for several machines; name the one for amd64.")
    layers = manifest["layers"]
    inner = config.get("config") or {}
    return Facts(
        system=config.get("os", ""),
        architecture=config.get("architecture", ""),
        ports=tuple(inner.get("ExposedPorts") or ()),
        user=inner.get("User", ""),
        size=sum(layer.get("size", 0) for layer in layers),
        layers=len(layers),
    )


def digest(source: str, *, insecure: bool = False) -> str:
    """The digest of an image's manifest.

    Raises:
        Refusal: see `inspect`.
    """
    tls = ["--tls-verify=false"] if insecure else []
    raw = run(skopeo("inspect", *tls, "--format", "{{.Digest}}", source), f"Reading {source}")
    return raw.strip()


def host(registry: str) -> str:
    """A registry's `host[:port]`, of an address with or without a scheme."""
    return re.sub(r"^https?://", "", registry).rstrip("/")


def push_command(source: str, registry: str, artifact: str, insecure: bool) -> list[str]:
    """skopeo's arguments as the Dyff SDK has them, but for the token, which is in no argument."""
    tls = ["--dest-tls-verify=false"] if insecure or registry.startswith("http://") else []
    destination = f"docker://{host(registry)}/artifacts/{artifact}:latest"
    return ["copy", "--format", "oci", "--retry-times", "3", *tls, source, destination]


def push(source: str, registry: str, artifact: str, token: str, *, insecure: bool = False) -> str:
    """Copy an image to its place in the registry; skopeo shows how far it is.

    Returns:
        The digest of the manifest there.

    Raises:
        Refusal: in words, what skopeo said.
    """
    command, *arguments = push_command(source, registry, artifact, insecure)
    doing = f"Pushing {source}"
    with (
        authfile(host(registry), token) as (path, handles),
        tempfile.TemporaryDirectory() as folder,
    ):
        digestfile = Path(folder) / "digest"
        run(
            skopeo(command, "--dest-authfile", path, "--digestfile", str(digestfile), *arguments),
            doing,
            handles=handles,
            show=True,
        )
        return digestfile.read_text().strip()


@contextmanager
def authfile(registry: str, token: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Credentials for a registry as a file: in memory if the system can, else for our eyes only.

    Yields:
        Its path, and the handles that a child process has to inherit to open it.
    """
    basic = base64.b64encode(f"unused:{token}".encode()).decode()
    content = json.dumps({"auths": {registry: {"auth": basic}}}).encode()
    if hasattr(os, "memfd_create"):  # Linux: nothing is left over whatever kills us
        handle = os.memfd_create("auth")
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}", (handle,)
        finally:
            os.close(handle)
    else:
        with tempfile.TemporaryDirectory() as folder:  # mode 0700
            path = Path(folder) / "auth.json"
            path.touch(mode=0o600)
            path.write_bytes(content)
            yield str(path), ()


def run(
    command: list[str], doing: str, *, handles: tuple[int, ...] = (), show: bool = False
) -> str:
    """Run skopeo without our variables of secrets; return what it printed.

    Args:
        show: pass on what it says about its progress: live bars on a terminal, else its lines.
    """
    env = {key: value for key, value in os.environ.items() if "TOKEN" not in key.upper()}
    if show and sys.stdout.isatty():
        with subprocess.Popen(
            command, env=env, pass_fds=handles, stderr=subprocess.PIPE, text=True
        ) as child:  # its bars go to the terminal; it knows the token from the file alone
            assert child.stderr is not None
            output, errors = "", child.stderr.read()
    else:
        with subprocess.Popen(
            command,
            env=env,
            pass_fds=handles,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if show else subprocess.PIPE,
            text=True,
        ) as child:
            if show:
                assert child.stdout is not None
                lines = []
                for line in child.stdout:
                    lines.append(line)
                    print(f"  {line.rstrip()}", flush=True)
                output = errors = "".join(lines)
            else:
                output, errors = child.communicate()
    if child.returncode != 0:
        raise Refusal(f"{doing}: {reason(errors)}")
    return output


def reason(errors: str) -> str:
    """skopeo's last words, and what they mean if we know."""
    lines = [line for line in errors.splitlines() if line.strip()]
    said = lines[-1] if lines else "skopeo ended without a word"
    if found := re.search(r'msg="((?:[^"\\]|\\.)*)"', said):
        said = found[1].replace('\\"', '"').replace("\\n", " ")
    meaning = next((words for pattern, words in REASONS if re.search(pattern, said)), "")
    return f"{meaning} (skopeo: {said})" if meaning else f"skopeo: {said}"
