from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration

ROOT = Path(__file__).parents[1]
TOP_LEVEL = sorted(
    [path.stem for path in ROOT.glob("*.py") if path.stem.isidentifier()]
    + ["demo", "detector", "engine", "isolation", "provenance", "submission", "web"]
)


def python(code: str, cwd: Path = ROOT) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def as_packages(folder: Path) -> None:
    """Copy the sources with every top-level file turned into a package of the same name."""
    for name in TOP_LEVEL:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name,
                folder / name,
                ignore=lambda _, names: [n for n in names if no_source(n)],
            )
        else:
            (folder / name).mkdir()
            shutil.copy(ROOT / f"{name}.py", folder / name / "__init__.py")
    shutil.copy(ROOT / "pyproject.toml", folder)


def no_source(name: str) -> bool:
    return "." in name and not name.endswith(".py")


LINT = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))"


def test_every_module_is_checked() -> None:
    configuration = read_configuration(str(ROOT / "pyproject.toml"))
    assert configuration["session_options"]["root_packages"] == TOP_LEVEL


def test_imports_run_one_way(tmp_path: Path) -> None:
    as_packages(tmp_path)
    assert "0 broken" in python(LINT, tmp_path)


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("threads", "import engine", "Imports run one way"),
        ("detector/contract", "import detector.service", "Inside the library too"),
        ("engine/observer", "import engine.core", "Inside the engine too"),
        ("isolation/child", "import isolation.worker", "Inside the isolation too"),
        ("engine", "import provenance", "What a file says of itself is never fed to the model"),
        ("detector/imaging", "import provenance", "What a file says of itself"),
        ("provenance/fact", "import engine", "Provenance knows the decoder alone"),
        ("detector/verdict", "import fastapi", "The library knows nothing of the web"),
        ("api", "import gradio", "Without the page there is no Gradio"),
        ("web/body", "import submission.images", "What is served knows nothing of submitting"),
        ("submission/cli", "import engine", "Submitting needs the contract alone"),
    ],
)
def test_an_import_the_wrong_way_is_noticed(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    as_packages(tmp_path)
    file = tmp_path / module / "__init__.py"
    if not file.exists():
        file = tmp_path / f"{module}.py"
    file.write_text(f"{file.read_text()}\n{line}\n")
    with pytest.raises(AssertionError, match=f"{contract}[ \\w]* BROKEN"):
        python(LINT, tmp_path)


def test_the_api_alone_imports_nothing_heavy() -> None:
    heavy = ("gradio", "matplotlib", "torch", "transformers", "pandas", "scipy")
    code = f"import api, sys; print([name for name in {heavy} if name in sys.modules])"
    assert python(code).strip() == "[]"


@pytest.mark.parametrize("name", ["detector.registry", "detector", "engine", "threads"])
def test_the_library_starts_without_a_framework(name: str) -> None:
    code = f"import {name}, sys; print([n for n in ('torch', 'fastapi') if n in sys.modules])"
    assert python(code).strip() == "[]"
