"""The request that makes an inference service of an image and of weights beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from submission.answer_schema import Answer
from submission.state import Wanted


def service_request(wanted: Wanted, artifact: str, model: str | None) -> Any:
    """The body that creates the inference service."""
    from dyff.schema.platform import (
        Accelerator,
        AcceleratorGPU,
        DataSchema,
        EntityIdentifier,
        InferenceInterface,
        InferenceServiceRunner,
        InferenceServiceRunnerKind,
        ModelResources,
        VolumeMount,
        VolumeMountData,
        VolumeMountKind,
    )
    from dyff.schema.requests import InferenceServiceCreateRequest

    resources = {"cpu": wanted.cpu, "memory": wanted.memory}
    runner: dict[str, Any] = {
        "kind": InferenceServiceRunnerKind.CONTAINER,
        "imageRef": EntityIdentifier(kind="OCIArtifact", id=artifact),
        "resources": ModelResources(**{key: value for key, value in resources.items() if value}),
    }
    if wanted.gpu:
        gpu = AcceleratorGPU(hardwareTypes=list(wanted.gpu), count=wanted.gpu_count)
        runner["accelerator"] = Accelerator(kind="GPU", gpu=gpu)
    if model is not None and wanted.volume_mount is not None:
        runner["volumeMounts"] = [
            VolumeMount(
                kind=VolumeMountKind.data,
                name="model",
                mountPath=Path(wanted.volume_mount),
                data=VolumeMountData(source=EntityIdentifier(kind="Model", id=model)),
            )
        ]
    optional = {} if model is None else {"model": model}
    return InferenceServiceCreateRequest(
        account=wanted.account,
        name=wanted.name,
        runner=InferenceServiceRunner(**runner),
        interface=InferenceInterface(
            endpoint=wanted.endpoint.strip("/"),
            outputSchema=DataSchema.make_output_schema(Answer),
        ),
        **optional,
    )
