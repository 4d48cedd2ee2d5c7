"""What can be said of the image without building it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FILES = ["Dockerfile", "Dockerfile.gpu"]
SERVED = ["app", "api", "scripts.fetch_model"]  # what the image starts and builds with
WEIGHTS = "RUN --mount=type=secret,id=HF_TOKEN,mode=0444,required=false ./download-model.sh"


def instructions(name: str) -> list[str]:
    """The file's instructions, each on one line, without comments."""
    lines = (ROOT / name).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for line in joined.splitlines() if line.strip()]


@pytest.fixture(params=FILES)
def image(request: pytest.FixtureRequest) -> list[str]:
    return instructions(request.param)


def test_torch_is_the_pinned_one(image: list[str]) -> None:
    (pin,) = re.findall(r"^torch==\S+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert f"ARG TORCH={pin}" in image


def test_the_secret_is_there_for_one_step(image: list[str]) -> None:
    assert [line for line in image if "HF_TOKEN" in line or "secret" in line] == [WEIGHTS]


def test_the_build_is_no_heredoc(image: list[str]) -> None:
    assert not [line for line in image if "<<" in line]


def test_what_changes_often_comes_late(image: list[str]) -> None:
    order = [
        next(i for i, line in enumerate(image) if re.search(pattern, line))
        for pattern in (r'"\$TORCH"', r"install .*-r ", r"COPY .* models/", r"COPY .* detector/")
    ]
    assert order == sorted(order)
    assert order[2] < image.index(WEIGHTS) < order[3]


def test_what_is_served_is_copied(image: list[str]) -> None:
    needed = {path.relative_to(ROOT) for path in first_party(SERVED)}
    assert Path("detector/editscope/detector.py") in needed, "the registry's strings were not read"
    assert sorted(needed - copied(image)) == []


def test_nothing_else_is_copied(image: list[str]) -> None:
    packages = {path.parts[0] for path in copied(image) if len(path.parts) > 1}
    served = {path.relative_to(ROOT).parts[0] for path in first_party(SERVED)}
    assert packages - served == {"models"}


def test_an_import_of_what_is_not_copied_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "part.py").write_text("")
    for statement in (
        "def f():\n    from late import part",
        "def f():\n    import late.part",
        "MODULE = 'late.part:Class'",
    ):
        (tmp_path / "app.py").write_text(statement)
        assert tmp_path / "late" / "part.py" in first_party(["app"], tmp_path), statement


def copied(image: list[str]) -> set[Path]:
    """Our Python files that the build copies, and what lies in the folders of models."""
    ignored = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    found: set[Path] = set()
    for line in image:
        if line.startswith("COPY"):
            *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
            for source in sources:
                for path in ROOT.glob(source.rstrip("/")):
                    found |= {path, *path.rglob("*")} if path.is_dir() else {path}
    names = {path.relative_to(ROOT) for path in found if path.is_file()}
    return {
        name
        for name in names
        if (name.suffix == ".py" or name.parts[0] == "models")
        and not any(fnmatch(part, ignore) for ignore in ignored for part in leading(name))
    }


def leading(name: Path) -> list[str]:
    """The path and the folders it lies in."""
    return [name.as_posix(), *(parent.as_posix() for parent in name.parents)]


def first_party(names: list[str], root: Path = ROOT) -> set[Path]:
    """Files of ours that these modules import, wherever in them, and those import in turn.

    A string such as "package.module:Class" counts as an import: the registry has them.
    """
    found: set[Path] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        path = module_file(name, root)
        if path is None or path in found:
            continue
        waiting.append(name.rpartition(".")[0] or name)
        found.add(path)
        waiting += [name for node in ast.walk(ast.parse(path.read_text())) for name in named(node)]
    return found


def named(node: ast.AST) -> list[str]:
    """Modules that a node may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports are not ours"
        module = node.module or ""
        return [module, *(f"{module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [text.partition(":")[0] for text in re.findall(r"^\w+(?:\.\w+)+:?\w*$", node.value)]
    return []


def module_file(name: str, root: Path) -> Path | None:
    path = root.joinpath(*name.split("."))
    for candidate in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def test_files_belong_to_the_user_whom_the_container_runs_as(image: list[str]) -> None:
    assert any("--uid 1000 user" in line for line in image)
    assert [line for line in image if line.startswith("USER")] == ["USER user"]
    late = image[image.index("USER user") :]
    copies = [line for line in late if line.startswith(("COPY", "ADD"))]
    assert copies
    assert all(line.startswith("COPY --chown=user --chmod=755 ") for line in copies)


def test_the_gpus_image_differs_in_its_libraries_alone() -> None:
    cpu, gpu = (instructions(name) for name in FILES)
    assert cpu[cpu.index("WORKDIR /app") :] == gpu[gpu.index("WORKDIR /app") :]


def test_secrets_stay_out_of_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".env", ".env.*", "HF_TOKEN*", "*.token"} <= set(ignored)


class Readyz(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest shows enough."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Readyz)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_healthy_is_ready(
    image: list[str],
    server: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    healthy: bool,
) -> None:
    monkeypatch.setattr(Readyz, "status", status)
    (line,) = [line for line in image if line.startswith("HEALTHCHECK")]
    program, *arguments = json.loads(line[line.index("[") :])
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments],
        env={"PORT": str(server.server_port)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) is healthy
