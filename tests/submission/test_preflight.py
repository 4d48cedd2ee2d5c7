"""`check`: the service is started and asked, in a process of its own, with small pictures."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission.refusal import Refusal
from submission.runner import network_namespace
from submission.tiny_image import write_image
from submission.trial import in_bytes
from tests.submission import forked

HERE = Path(__file__).parent
Check = Callable[..., "tuple[subprocess.CompletedProcess[str], dict[str, tuple[str, str]]]"]
ENGINE = """#!/usr/bin/env python3
# A stand-in of a container engine: a "container" is a process in a network namespace of its own.
import os, subprocess, sys
arguments, folder = sys.argv[1:], {folder!r}
with open(f"{{folder}}/calls", "a") as stream:
    stream.write(" ".join(arguments)[:400] + "\\n")
pid = f"{{folder}}/pid"
if arguments[0] == "run" and "cat" in arguments:
    print("---\\nlicense: mit\\n---")
elif arguments[0] == "run":
    env = [word for word in arguments if "=" in word and not word.startswith("-")]
    run = "import fcntl, runpy, socket, struct; s = socket.socket();"
    run += "fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 65));"  # lo is up and running
    run += "runpy.run_path('app.py', run_name='__main__')"
    child = subprocess.Popen(
        ["unshare", "--net", "env", "HOST=127.0.0.1", "PORT=8000", *env, sys.executable, "-c", run],
        cwd={project!r}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    open(pid, "w").write(str(child.pid))
elif arguments[0] == "exec":
    words = [sys.executable if word == "python3" else word for word in arguments[1:]]
    words = words[words.index(sys.executable):]
    words = [open(pid).read() if word == "1" else word for word in words]
    number = open(pid).read()
    os.execvp("nsenter", ["nsenter", "--net", "--target", number, *words])
elif arguments[0] == "image":
    if "missing" in arguments:
        sys.exit("no such image")
    print("MODEL_NAME=acme/net" if ".Config.Env" in str(arguments) else 1234567890)
elif arguments[0] == "rm" and os.path.exists(pid):
    subprocess.run(["kill", open(pid).read()])
"""


@pytest.fixture
def project(project: Path) -> Path:
    """With a service that starts at once."""
    shutil.copy(HERE / "small_app.py", project / "app.py")
    return project


@pytest.fixture
def check(project: Path, env: dict[str, str], tmp_path: Path) -> Check:
    def check(
        *arguments: str, **more: str
    ) -> tuple[subprocess.CompletedProcess[str], dict[str, tuple[str, str]]]:
        report = tmp_path / "report.json"
        command = [sys.executable, str(project / "challenge-cli.py"), "check"]
        quick = ["--megapixels", "0.1", "--json", str(report)]
        source = [] if "--image" in arguments else ["--source"]
        secret = {"HF_TOKEN": "hf_planted"}
        asked = [*command, *quick, *source, *arguments]
        done = forked.start(asked, project.parent, {**env, **secret, **more}).result()
        assert "Traceback" not in done.stderr, done.stderr
        found: list[dict[str, Any]] = json.loads(report.read_text()) if report.exists() else []
        return done, {entry["topic"]: (entry["level"], entry["text"]) for entry in found}

    return check


def test_a_good_service(check: Check, project: Path) -> None:
    (project / "DYFF_TEAM").write_text("team-1\n")
    done, found = check("--space", "acme/detector", "--images", "1000000000", "--memory", "2Gi")
    assert done.returncode == 0, done.stdout
    assert found["DYFF_TEAM"] == ("ok", "team-1")
    assert found["Space's name"][0] == "ok"
    assert found["Cold start"][0] == "ok"
    count = int(found["Answers"][1].split()[0])
    assert count >= 20
    assert found["Answers"] == ("ok", f"{count} of {count} pictures by the rules of Dyff's client")
    assert found["Repeatable"][0] == "ok"
    assert found["Latency"][1].startswith("median 0.")
    assert found["Evaluation"][0] == "note"
    assert "1000000000 pictures take" in found["Evaluation"][1]
    assert found["Peak memory"][0] == "ok"
    assert int(found["Peak memory"][1].split()[0]) >= 5
    assert found["Offline"][0] == ("ok" if network_namespace() else "note")
    assert done.stdout.endswith("Ready to be submitted\n")
    for topic, (level, text) in found.items():
        assert f"{level if level != 'ok' else 'ok  '} {topic}: {text}" in done.stdout


@pytest.mark.parametrize(
    ("mode", "topic", "words"),
    [
        ("picky", "Answer", "status 422, which aborts the whole evaluation"),
        ("unnormalised", "Answer", "not an answer of the contract"),
        ("broken", "Cold start", "ModuleNotFoundError: no module named torch"),
        ("dies", "Cold start", "no answer after"),
    ],
)
def test_a_bad_service(check: Check, mode: str, topic: str, words: str) -> None:
    done, found = check("--env", f"MODE={mode}", "--start-timeout", "30")
    assert done.returncode == 1
    assert found[topic][0] == "fail"
    assert words in found[topic][1]
    assert "Not ready: " in done.stdout


def test_answers_that_differ(check: Check) -> None:
    done, found = check("--env", "MODE=moody")
    assert done.returncode == 0
    assert found["Repeatable"][0] == "note"
    assert "got another answer the second time" in found["Repeatable"][1]


def test_more_memory_than_asked_for(check: Check) -> None:
    done, found = check("--memory", "1M")
    assert done.returncode == 1
    assert found["Peak memory"][0] == "fail"
    assert found["Peak memory"][1].endswith("more than the 1M asked for")


def test_the_service_does_not_see_our_tokens(check: Check) -> None:
    done, found = check("--env", "MODE=dies", "--start-timeout", "10")
    assert "token in our environment: None" in found["Cold start"][1]
    assert "planted" not in done.stdout


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
@pytest.mark.parametrize(("built_with", "level"), [("hf_planted0secret", "fail"), ("", "ok")])
def test_a_secret_in_the_image(
    check: Check, tmp_path: Path, *, built_with: str, level: str
) -> None:
    file = tmp_path / "secret"
    file.write_text("hf_planted0secret\n")
    image = write_image(tmp_path / "image", {"app/log": f"curl -H {built_with}".encode()})
    nowhere = tmp_path / "bin"
    nowhere.mkdir()
    for name in ("git", "skopeo", "unshare"):
        if path := shutil.which(name):
            (nowhere / name).symlink_to(path)
    done, found = check("--image", image, "--secret-file", str(file), PATH=str(nowhere))
    assert found["Secret"][0] == level, found
    assert done.returncode == (level == "fail")
    words = "found in layer 1" if built_with else "none of the image's 1 layers"
    assert words in found["Secret"][1]
    assert "planted0secret" not in done.stdout + done.stderr


def test_the_source_tree_when_there_is_no_image(check: Check) -> None:
    _, found = check("--image", "oci:/nowhere:latest", PATH=os.environ["PATH"])
    assert found["Image"][0] in ("fail", "note")


@pytest.mark.skipif(
    network_namespace() != ["unshare", "--net"] or shutil.which("nsenter") is None,
    reason="network namespaces take root here",
)
@pytest.mark.parametrize(
    ("engine", "image"),
    [("docker", "docker-daemon:editscope:latest"), ("podman", "containers-storage:editscope")],
)
def test_an_image(check: Check, project: Path, tmp_path: Path, *, engine: str, image: str) -> None:
    tools = engine_in(tmp_path, project, engine)
    weights = ["--volume", str(tmp_path), "--volume-mount", "/weights", "--local-gpu"]
    done, found = check(
        *["--image", image, "--memory", "2Gi", "--cpu", "2", "--env", "MODE=", *weights],
        PATH=f"{tools}:{os.environ['PATH']}",
    )
    assert done.returncode == 0, done.stdout
    assert "acme/net is no folder of models/" in found["Weights"][1], "the image has another model"
    assert found["Licence of the weights"] == ("ok", "mit")
    assert found["Image size"] == ("ok", "1235 MB unpacked")
    assert found["Offline"][0] == "ok"
    assert "started and answered without a network" in found["Offline"][1]
    assert found["Answers"][0] == "ok"
    calls = (tools / "calls").read_text().splitlines()
    (started,) = [call for call in calls if call.startswith("run --detach ")]
    assert "--read-only --tmpfs /tmp --cap-drop ALL" in started
    gpus = {"docker": "--gpus all", "podman": "--device nvidia.com/gpu=all"}[engine]
    given = f"--volume {tmp_path}:/weights:ro {gpus}"
    limits = f"--cpus 2 --memory {2 * 2**30} {given} --env MODE= --network none editscope"
    assert re.search(f"{limits}(:latest)?$", started)
    assert calls[-1].startswith("rm --force editscope-check-")


def test_a_volume_is_not_in_the_source_tree(check: Check, tmp_path: Path) -> None:
    _, found = check("--volume", str(tmp_path), "--volume-mount", "/weights")
    assert found["Volume"][0] == "note"
    assert found["Volume"][1].startswith("not at /weights")


def test_an_image_that_is_not_there(check: Check, project: Path, tmp_path: Path) -> None:
    tools = engine_in(tmp_path, project, "docker")
    done, found = check("--image", "missing", PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert found["Start"] == ("fail", "Reading missing: no such image")


def engine_in(folder: Path, project: Path, name: str) -> Path:
    """A folder of programs with a stand-in of a container engine, which notes its `calls`."""
    tools = folder / "tools"
    tools.mkdir()
    for other in ("docker", "podman"):
        engine = tools / other
        working = ENGINE.format(folder=str(tools), project=str(project))
        engine.write_text(working if other == name else "#!/bin/sh\nexit 1\n")
        engine.chmod(0o755)
    return tools


def test_wrong_options(check: Check) -> None:
    assert check("--env", "MODE")[0].returncode == 2
    assert "is not an amount of memory" in check("--memory", "lots")[0].stderr


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("2k", 2000), ("1.5Gi", 3 * 2**29), ("500M", 500 * 10**6)]
)
def test_memory_in_bytes(text: str, size: int) -> None:
    assert in_bytes(text) == size
    for wrong in (f"{text}x", "i", "1i"):
        with pytest.raises(Refusal):
            in_bytes(wrong)
