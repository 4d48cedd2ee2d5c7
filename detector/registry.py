"""From the name in `MODEL_NAME` to a service: folders, installed plug-ins, dotted paths."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeAlias

from detector.contract import ImageRequest, PredictionResponse
from detector.service import InferenceService

Service: TypeAlias = InferenceService[ImageRequest, PredictionResponse]
Factory: TypeAlias = Callable[..., Service]

BUILT_IN = "editscope/base"
RESTORE = (  # it is part of the repository, and on no hub
    f"`git checkout -- models/{BUILT_IN}` brings it back, in a clone with Git LFS `git lfs pull`."
)
ENTRY_POINT_GROUP = "editscope.detectors"
MODEL_TYPES = {  # `model_type` of a folder's config.json -> the class that reads such a folder
    "editscope": "detector.editscope.detector:EditScopeDetector",
    "resnet": "detector.resnet:ResNetDetector",
}
SERVICE_MEMBERS = ("load_model", "predict", "is_loaded")


class UnknownModel(LookupError):
    """No detector goes by this name, or what does is not a detector."""


class ModelNotFound(LookupError):
    """The detector is known, its files are not there."""


def create_service(
    model_name: str,
    models_dir: Path = Path("models"),
    device: str = "auto",
    backend: str = "torch",
) -> Service:
    """Create the service that `model_name` names; its model is not loaded yet.

    A name is looked up as `<models_dir>/<org>/<name>/` with a config.json of a known `model_type`,
    then as an entry point of group `editscope.detectors`, then as `package.module:Class`. Only the
    chosen detector's module is imported.

    Args:
        model_name: for instance `editscope/base` or `my_package.my_module:MyDetector`.
        models_dir: the folder that holds the models.
        device: a torch device name or `auto`.
        backend: the runtime on a CPU, for detectors that have a choice.

    Raises:
        UnknownModel: nothing by that name, it cannot be imported, or it is not a service.
        ModelNotFound: the model's folder is missing or incomplete.
    """
    factory = _find_factory(model_name, models_dir)
    service = _call(
        factory, model_name=model_name, models_dir=models_dir, device=device, backend=backend
    )
    missing = [member for member in SERVICE_MEMBERS if not hasattr(service, member)]
    if missing:
        raise UnknownModel(
            f"MODEL_NAME={model_name} is not an InferenceService: it lacks {', '.join(missing)}."
        )
    return service


def available_models(models_dir: Path = Path("models")) -> list[str]:
    """Names that `create_service` takes: of folders that are there and of installed plug-ins."""
    folders = {
        f"{config.parent.parent.name}/{config.parent.name}"
        for config in models_dir.glob("*/*/config.json")
        if _model_type(config) in MODEL_TYPES
    }
    plug_ins = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
    return sorted(folders | plug_ins)


def _find_factory(model_name: str, models_dir: Path) -> Factory:
    config = models_dir / model_name / "config.json"
    if (path := MODEL_TYPES.get(_model_type(config))) is not None:
        return _import(path, model_name)
    for point in entry_points(group=ENTRY_POINT_GROUP, name=model_name):
        return _import(point.value, model_name)
    if ":" in model_name:
        return _import(model_name, model_name)
    raise _not_found(model_name, config, models_dir)


def _model_type(config: Path) -> str:
    """The `model_type` in a config.json, empty if there is none."""
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(content.get("model_type", "")) if isinstance(content, dict) else ""


def _import(path: str, model_name: str) -> Factory:
    module_name, _, attribute = path.partition(":")
    try:
        target: Any = import_module(module_name)
        for name in attribute.split("."):
            target = getattr(target, name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownModel(f"MODEL_NAME={model_name}: cannot import {path}: {error}") from error
    if not callable(target):
        raise UnknownModel(f"MODEL_NAME={model_name}: {path} is not a class or a function.")
    factory: Factory = target
    return factory


def _call(factory: Factory, **arguments: Any) -> Service:
    """Call with those arguments that the factory takes; the template's take `model_name` alone."""
    parameters = inspect.signature(factory).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return factory(**arguments)
    accepted = {parameter.name for parameter in parameters}
    return factory(**{name: value for name, value in arguments.items() if name in accepted})


def _not_found(model_name: str, config: Path, models_dir: Path) -> LookupError:
    folder = config.parent
    if config.is_file():
        return UnknownModel(
            f"{config} has model_type {_model_type(config)!r}; known are: {', '.join(MODEL_TYPES)}."
        )
    again = RESTORE if model_name == BUILT_IN else f"Run `make download MODEL={model_name}`."
    if folder.is_dir():
        return ModelNotFound(f"Model directory {folder} has no config.json. {again}")
    names = ", ".join(available_models(models_dir)) or "none"
    if "/" in model_name:
        return ModelNotFound(
            f"Model directory not found: {folder}. {again} Or set MODELS_DIR to where the models "
            f"are. Available for MODEL_NAME: {names}."
        )
    return UnknownModel(
        f"MODEL_NAME={model_name} is not known. Available: {names}; or package.module:Class."
    )
