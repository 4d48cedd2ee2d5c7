from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from detector import registry
from detector.registry import ModelNotFound, UnknownModel, available_models, create_service

PLUG_IN = """
from tests.fakes import BrightDetector, TemplateService

class Everything(BrightDetector):
    def __init__(self, model_name, models_dir, device):
        super().__init__()
        self.arguments = (model_name, models_dir, device)

class Anything(BrightDetector):
    def __init__(self, **arguments):
        super().__init__()
        self.arguments = arguments

def make(device):
    service = TemplateService("made")
    service.arguments = device
    return service

class Nothing:
    def load_model(self): ...

NUMBER = 4
"""


@pytest.fixture(autouse=True)
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plug_in.py").write_text(PLUG_IN)
    (tmp_path / "broken_plug_in.py").write_text("import a_heavy_library_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "plug_in", raising=False)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that a package with two entry points is installed."""
    points = EntryPoints(
        EntryPoint(name, value, registry.ENTRY_POINT_GROUP)
        for name, value in (("acme/forensics", "plug_in:make"), ("heavy", "broken_plug_in:X"))
    )
    monkeypatch.setattr(registry, "entry_points", points.select)


def add_model(models_dir: Path, name: str, **config: object) -> Path:
    folder = models_dir / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_dotted_path_is_imported_and_gets_what_it_takes(tmp_path: Path) -> None:
    service = create_service("plug_in:Everything", tmp_path, "cpu")
    assert service.arguments == ("plug_in:Everything", tmp_path, "cpu")  # type: ignore[attr-defined]
    service = create_service("plug_in:Anything", tmp_path, "cpu")
    assert service.arguments == {  # type: ignore[attr-defined]
        "model_name": "plug_in:Anything",
        "models_dir": tmp_path,
        "device": "cpu",
        "backend": "torch",
    }
    service = create_service("plug_in:make", tmp_path, "cpu")
    assert service.arguments == "cpu"  # type: ignore[attr-defined]


def test_the_templates_constructor_is_served(tmp_path: Path) -> None:
    service = create_service("tests.fakes:TemplateService", tmp_path)
    assert service.model_name == "tests.fakes:TemplateService"  # type: ignore[attr-defined]
    assert not service.is_loaded


@pytest.mark.usefixtures("installed")
def test_an_installed_plug_in_goes_by_its_name(tmp_path: Path) -> None:
    assert create_service("acme/forensics", tmp_path, "cpu").model_name == "made"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("installed")
def test_a_plug_in_that_cannot_be_imported_hurts_nobody_else(tmp_path: Path) -> None:
    assert "heavy" in available_models(tmp_path)
    with pytest.raises(UnknownModel, match="a_heavy_library_that_is_not_there"):
        create_service("heavy", tmp_path)
    assert create_service("acme/forensics", tmp_path)


def test_a_folder_is_read_by_its_model_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_model(tmp_path, "me/mine", model_type="bright")
    monkeypatch.setitem(registry.MODEL_TYPES, "bright", "plug_in:Everything")
    service = create_service("me/mine", tmp_path)
    assert service.arguments == ("me/mine", tmp_path, "auto")  # type: ignore[attr-defined]
    assert "me/mine" in available_models(tmp_path)


ADVICE = [
    (
        "editscope/base",
        "`git checkout -- models/editscope/base` brings it back, in a clone with Git LFS "
        "`git lfs pull`.",
    ),
    ("microsoft/resnet-18", "Run `make download MODEL=microsoft/resnet-18`."),
    ("nobody/nothing", "Run `make download MODEL=nobody/nothing`."),
]


@pytest.mark.parametrize(("name", "advice"), ADVICE)
def test_a_missing_folder_is_named_with_what_to_do(name: str, advice: str, tmp_path: Path) -> None:
    add_model(tmp_path, "some/resnet", model_type="resnet")
    with pytest.raises(ModelNotFound) as caught:
        create_service(name, tmp_path)
    assert str(caught.value) == (
        f"Model directory not found: {tmp_path / name}. {advice} Or set MODELS_DIR to where the "
        "models are. Available for MODEL_NAME: some/resnet."
    )


@pytest.mark.parametrize(("name", "advice"), ADVICE)
def test_a_folder_without_config_is_incomplete(name: str, advice: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ModelNotFound) as caught:
        create_service(name, tmp_path)
    assert str(caught.value) == f"Model directory {tmp_path / name} has no config.json. {advice}"


@pytest.mark.parametrize("config", ["{}", '{"model_type": "vit"}', "[]", "not JSON", ""])
def test_a_folder_of_an_unknown_kind_is_refused(config: str, tmp_path: Path) -> None:
    (add_model(tmp_path, "me/mine") / "config.json").write_text(config)
    with pytest.raises(UnknownModel, match="editscope, resnet"):
        create_service("me/mine", tmp_path)
    assert "me/mine" not in available_models(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_such_module:Class", "No module named 'no_such_module'"),
        ("plug_in:NoSuchClass", "no attribute 'NoSuchClass'"),
        ("plug_in:", "cannot import"),
        (":Class", "cannot import"),
        ("plug_in:NUMBER", "not a class or a function"),
        ("plug_in:Nothing", "lacks predict, is_loaded"),
        ("broken_plug_in:X", "a_heavy_library_that_is_not_there"),
        ("typo", "not known. Available: none; or package.module:Class."),
    ],
)
def test_what_is_wrong_with_a_name_is_said(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownModel) as caught:
        create_service(name, tmp_path)
    assert reason in str(caught.value)


def test_available_models_imports_nothing(tmp_path: Path) -> None:
    add_model(tmp_path, "some/resnet", model_type="resnet")
    before = set(sys.modules)
    assert available_models(tmp_path) == ["some/resnet"]
    assert not {name for name in set(sys.modules) - before if name.startswith(("torch", "detec"))}
