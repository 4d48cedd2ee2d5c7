from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_templates_defaults() -> None:
    settings = Settings()
    assert settings.app_name == "EditScope"
    assert settings.app_version == "0.1.0"
    assert settings.debug is False
    assert settings.host == "0.0.0.0"
    assert settings.port == 8000
    assert settings.model_name == "editscope/base"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=1234\nHOST=127.0.0.1\nSOMEBODY_ELSES=1\nMODEL_NAME=\n")
    monkeypatch.setenv("PORT", "4321")
    settings = Settings()
    assert settings.port == 4321
    assert settings.host == "127.0.0.1"
    assert settings.model_name == "editscope/base"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("TIME_BUDGET_S", "0"),
        ("TIME_BUDGET_S", "inf"),
        ("MAX_BODY_BYTES", "0"),
        ("MAX_QUEUE", "-1"),
        ("DEVICE", "gpu"),
        ("BACKEND", "tensorflow"),
        ("SYNTHESIZED_MASK", "half"),
        ("LOG_LEVEL", "LOUD"),
        ("DEBUG", "perhaps"),
    ],
)
def test_nonsense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "mps"])
def test_devices(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVICE", device)
    assert Settings().device == device


def test_log_levels_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert Settings().log_level == "DEBUG"


def test_the_example_file_holds_every_setting_and_its_default() -> None:
    file = Path(__file__).parents[1] / ".env.example"
    names = [
        line.split("=")[0] for line in file.read_text().splitlines() if line and line[0] != "#"
    ]
    assert names == [name.upper() for name in Settings.model_fields]
    assert Settings(_env_file=file) == Settings()


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
