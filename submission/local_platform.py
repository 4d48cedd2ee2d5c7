"""An evaluation by the Dyff SDK's own local platform, of `dyff-audit`: from table to table.

It reads the pictures from an Arrow data set, asks a service, and writes the answers by the schema
that the service declares. The services that it knows are mock-ups; ours asks the real one.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from dyff.audit.local import DyffLocalPlatform
from dyff.audit.local.mocks import InferenceServiceMock
from dyff.schema.dataset import arrow
from dyff.schema.platform import DataSchema, InferenceInterface
from dyff.schema.requests import EvaluationCreateRequest, InferenceSessionCreateRequest

from submission.answer_schema import Answer
from submission.inputs import Picture

ACCOUNT = "rehearsal"
SCHEMA = pa.schema(
    [
        pa.field("_index_", pa.int64()),
        pa.field("image", pa.struct([("mediaType", pa.string()), ("data", pa.string())])),
    ]
)
Ask = Callable[[dict[str, Any]], dict[str, Any]]


class Bridge(InferenceServiceMock):  # type: ignore[misc]
    """What the local platform takes for a mock-up."""

    ask: ClassVar[Ask]
    endpoint: ClassVar[str]

    @property
    def schema(self) -> DataSchema:
        return DataSchema.make_output_schema(Answer)

    @property
    def interface(self) -> InferenceInterface:
        return InferenceInterface(endpoint=self.endpoint, outputSchema=self.schema)

    def infer(self, endpoint: str, request: dict[str, Any]) -> list[dict[str, Any]]:
        return [type(self).ask(request)]


def evaluate(pictures: list[Picture], endpoint: str, ask: Ask, folder: Path) -> int:
    """Evaluate and return how many answers were stored.

    Args:
        ask: takes the body of a request and returns the service's answer.
        folder: for data set and outputs; it is not emptied.
    """
    Bridge.ask, Bridge.endpoint = staticmethod(ask), endpoint
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the platform's own, of pydantic's older names
        platform = DyffLocalPlatform(folder / "platform")
        source = str(folder / "pictures")
        arrow.write_dataset(batches(pictures), output_path=source, feature_schema=SCHEMA)
        dataset = platform.datasets.create_arrow_dataset(source, account=ACCOUNT, name="pictures")
        platform.datasets.upload_arrow_dataset(dataset, source)
        service = platform.inferenceservices.create_mock(Bridge, account=ACCOUNT)
        session = platform.inferencesessions.create(
            InferenceSessionCreateRequest(account=ACCOUNT, inferenceService=service.id)
        ).inferencesession
        evaluation = platform.evaluations.create(
            EvaluationCreateRequest(
                account=ACCOUNT, dataset=dataset.id, inferenceSessionReference=session.id
            )
        )
        outputs = arrow.open_dataset(str(platform.entity_path(evaluation.id)))
        return int(outputs.count_rows())


def batches(pictures: list[Picture]) -> Iterator[pa.RecordBatch]:
    for index, picture in enumerate(pictures):
        data = base64.b64encode(picture.data).decode("ascii")
        row = {"_index_": index, "image": {"mediaType": picture.media_type, "data": data}}
        yield pa.RecordBatch.from_pylist([row], schema=SCHEMA)
