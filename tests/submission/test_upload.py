"""`upload-submission` on the loopback rig: real skopeo, real registry, the real SDK."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import termios
from pathlib import Path
from typing import Any

import pytest

from submission import images
from submission.stand import Stand
from submission.tiny_image import write_image
from tests.submission.conftest import TOKEN, Cli, Gate

needs_skopeo = pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")


def record(cli: Cli, name: str = "tiny") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((cli.project / f".submissions/{name}.json").read_text())
    return found


def test_image_weights_and_service(
    cli: Cli, gate: Gate, registry: str, image: str, volume: Path
) -> None:
    stand = cli.stand
    asked = ["--volume", str(volume), "--volume-mount", "/weights", "--endpoint", "/detect"]
    done = cli.upload(image, *asked, "--cpu", "4", "--memory", "8Gi", "--gpu", "nvidia.com/gpu-l4")
    assert done.returncode == 0, done.stderr
    (artifact,), (model,) = stand.of("artifacts").values(), stand.of("models").values()
    (service,) = stand.of("inferenceservices").values()
    assert artifact["status"] == model["status"] == "Ready"
    assert service["name"] == "tiny"
    assert service["runner"] == {
        "kind": "container",
        "imageRef": {"kind": "OCIArtifact", "id": artifact["id"]},
        "resources": {"cpu": "4", "memory": "8Gi"},
        "accelerator": {"kind": "GPU", "gpu": {"hardwareTypes": ["nvidia.com/gpu-l4"], "count": 1}},
        "volumeMounts": [
            {
                "kind": "Data",
                "name": "model",
                "mountPath": "/weights",
                "data": {"source": {"kind": "Model", "id": model["id"]}},
            }
        ],
    }
    assert service["interface"]["endpoint"] == "detect"
    kept = record(cli)
    assert kept["service"] == service["id"]
    assert service["id"] in done.stdout
    with images.authfile(registry, TOKEN) as (path, handles):
        source = f"docker://{registry}/artifacts/{artifact['id']}:latest"
        command = ["inspect", "--tls-verify=false", "--authfile", path, source]
        there = json.loads(images.run(images.skopeo(*command), "", handles=handles))
    assert there["Digest"] == kept["digest"]
    sent = [value for value in gate.authorizations if value]
    assert set(sent) >= {f"Bearer {TOKEN}"}
    assert "tiny is uploaded already" in cli.upload(image).stderr


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("transport", ["docker-archive", "oci-archive"])
def test_archives(cli: Cli, stand: Stand, image: str, tmp_path: Path, transport: str) -> None:
    archive = f"{transport}:{tmp_path / 'image.tar'}"
    subprocess.run(images.skopeo("copy", image, archive), check=True, capture_output=True)
    done = cli.upload(archive)
    assert done.returncode == 0, done.stderr
    assert [entity["status"] for entity in stand.of("artifacts").values()] == ["Ready"]


def test_what_is_there_already_is_not_sent(cli: Cli, stand: Stand) -> None:
    common = {"account": "acme", "status": "Ready", "name": "given"}
    stand.add("artifacts", common, id="artifact1", kind="OCIArtifact")
    parts = {"artifact": {"kind": "Volume"}, "source": {"kind": "Upload"}, "resources": {}}
    stand.add("models", common, id="model1", kind="Model", **parts)
    given = ["--artifact", "artifact1", "--model", "model1", "--volume-mount", "/weights"]
    done = cli("upload-submission", "--account", "acme", "--name", "given", *given)
    assert done.returncode == 0, done.stderr
    assert stand.requests == ["POST /v0/inferenceservices"]
    (service,) = stand.of("inferenceservices").values()
    assert service["runner"]["imageRef"]["id"] == "artifact1"
    assert service["model"]["id"] == "model1"


@needs_skopeo
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("docker-archive:/nowhere.tar", "There is no such file or folder"),
        ("oci:/nowhere:latest", "There is no such file or folder"),
        ("docker-daemon:editscope:latest", "No Docker daemon answers. Start Docker, or"),
    ],
)
def test_no_such_image(cli: Cli, stand: Stand, source: str, words: str) -> None:
    done = cli.upload(source, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == 1
    assert words in done.stderr
    assert stand.requests == [], "something was created for an image that is not there"


@needs_skopeo
def test_an_image_for_another_machine(cli: Cli, stand: Stand, tmp_path: Path) -> None:
    done = cli.upload(write_image(tmp_path / "arm", {"x": b"x"}, architecture="arm64"))
    assert "is built for linux/arm64; the platform runs linux/amd64" in done.stderr
    assert stand.requests == []


def test_without_skopeo(cli: Cli, stand: Stand, image: str, tmp_path: Path) -> None:
    done = cli.upload(image, PATH=str(tmp_path))
    assert "skopeo is missing. Install it (Debian and Ubuntu: apt-get install" in done.stderr
    assert stand.requests == []


@pytest.mark.usefixtures("registry")
def test_the_registry_does_not_take_the_token(
    cli: Cli, gate: Gate, image: str, stand: Stand
) -> None:
    gate.refuse = (r"GET /token", 401, "{}")
    done = cli.upload(image)
    assert done.returncode == 1
    assert "The registry does not take the token" in done.stderr
    gate.refuse = None
    assert cli("upload-submission", "--resume").returncode == 0
    assert len(stand.of("artifacts")) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--name", "a", "--image", "b"], "Missing option '--account'"),
        (["--account", "a", "--image", "b"], "Missing option '--name'"),
        (["--account", "a", "--name", "b"], "either --image or --artifact"),
        (["--account", "a", "--name", "b", "--image", "c", "--artifact", "d"], "either --image"),
        (["--account", "a", "--name", "b", "--image", "c", "--model", "d"], "--volume-mount goes"),
        (
            [
                "--account",
                "a",
                "--name",
                "b",
                "--image",
                "c",
                "--model",
                "d",
                "--volume-mount",
                "e",
            ],
            "an absolute path",
        ),
    ],
)
def test_options_that_do_not_go_together(cli: Cli, arguments: list[str], words: str) -> None:
    done = cli("upload-submission", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.usefixtures("registry")
def test_a_terminal_sees_how_far_it_is(cli: Cli, image: str, volume: Path) -> None:
    asked = ["--account", "acme", "--name", "tiny", "--image", image]
    weights = ["--volume", str(volume), "--volume-mount", "/weights"]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    command = cli.command("upload-submission", *asked, *weights)
    child = subprocess.Popen(command, env=cli.env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while chunk := read_terminal(ours):
        shown += chunk
    os.close(ours)
    assert child.wait() == 0, shown
    assert b"a.bin: 100%" in shown
    assert b"Copying blob" in shown
    assert TOKEN.encode() not in shown


def read_terminal(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError:  # how Linux says that nobody writes to it any more
        return b""
