"""Small services on free ports, and small data sets to send them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import uvicorn
from numpy.typing import NDArray
from PIL import Image
from pyarrow import parquet

from detector.contract import BinaryMask, ImageRequest, Labels
from scoring.results import Result
from tests.fakes import wait_until
from testsets.schema import Sample, arrow_schema

SIZE = (12, 8)  # width, height
SURE = [math.log(p) for p in (0.1, 0.1, 0.7, 0.1)]  # LocallyEdited
Answer = tuple[int, bytes]
Behaviour = Callable[[bytes], Awaitable[Answer]]


def png(mode: str = "RGB", size: tuple[int, int] = SIZE, colour: Any = None) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, colour or 0).save(buffer, "PNG")
    return buffer.getvalue()


def mask(left: int, size: tuple[int, int] = SIZE) -> NDArray[np.bool_]:
    """So many columns from the left are manipulated."""
    array = np.zeros(size[::-1], dtype=bool)
    array[:, :left] = True
    return array


def mask_png(left: int, size: tuple[int, int] = SIZE) -> bytes:
    return base64.b64decode(BinaryMask.from_numpy(mask(left, size)).data)


def body(logprobs: Any = None, file: bytes | None = None, **more: Any) -> bytes:
    """An answer; without a mask if `file` is None."""
    answer: dict[str, Any] = {"logprobs": SURE if logprobs is None else logprobs}
    if file is not None:
        data = base64.b64encode(file).decode()
        answer["localizationMask"] = {"mediaType": "image/png", "data": data}
    return json.dumps({**answer, **more}).encode()


def sample(index: int = 0, dataset: str = "standard_test_01", **changes: Any) -> Sample:
    """A picture of 12 x 8 whose left half was edited."""
    picture = png(colour=(index % 256, 90, 30))
    request = ImageRequest.from_bytes(picture).model_dump_json().encode()
    category = next(c for c in ("standard", "edge_case", "performance") if dataset.startswith(c))
    whole = Sample(
        sample_id=f"{dataset}/{index:04d}",
        dataset=dataset,
        category=category,
        case=f"picture {index}",
        request=request,
        expected_status=200,
        accepted_statuses=(200,),
        image=picture,
        media_type="image/png",
        width=SIZE[0],
        height=SIZE[1],
        label=int(Labels.LocallyEdited),
        mask=mask_png(6),
        input_id=hashlib.sha256(request).hexdigest(),
    )
    return replace(whole, **changes)


def malformed(index: int = 0, dataset: str = "edge_case_01") -> Sample:
    """A request that EditScope refuses with 400; FastAPI's own 422 will do."""
    return sample(
        index, dataset, request=b"{", expected_status=400, accepted_statuses=(400, 422),
        error_code="malformed_json", image=None, width=None, height=None, label=None, mask=None,
        input_id="",
    )  # fmt: skip


def store(folder: Path, samples: Sequence[Sample]) -> Path:
    """Write data sets as the generator does."""
    folder.mkdir(exist_ok=True)
    for name in {item.dataset for item in samples}:
        found = [item for item in samples if item.dataset == name]
        schema = arrow_schema({"name": name, "category": found[0].category})
        table = pa.Table.from_pylist([item.to_row() for item in found], schema)
        parquet.write_table(table, folder / f"{name}.parquet")
    return folder


def result(index: int = 0, **changes: Any) -> Result:
    """A right answer to `sample(index)`, mask exact."""
    whole = Result(
        sample_id=f"standard_test_01/{index:04d}",
        dataset="standard_test_01",
        category="standard",
        case=f"picture {index}",
        input_id=f"input {index}",
        expected_status=200,
        status=200,
        code=None,
        faults=(),
        seconds=0.1,
        label=int(Labels.LocallyEdited),
        width=SIZE[0],
        height=SIZE[1],
        logprobs=tuple(SURE),
        mask=mask_png(6),
        has_mask=True,
        hit=48,
        false_alarm=0,
        missed=0,
        excerpt="",
    )
    return replace(whole, **changes)


def always(status: int, content: bytes) -> Behaviour:
    async def behave(_: bytes) -> Answer:
        return status, content

    return behave


async def good(request: bytes) -> Answer:
    """The whole contract: an exact mask, FastAPI's status for what is no JSON."""
    try:
        json.loads(request)
    except ValueError:
        return 422, b'{"detail": "no JSON"}'
    return 200, body(file=mask_png(6))


@contextmanager
def serving(behave: Behaviour, ready: int = 404) -> Iterator[str]:
    """Serve on a free port; `ready` is the status of `/readyz`, which most services do not have."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        content = b""
        while True:
            event = await receive()
            content += event.get("body", b"")
            if not event.get("more_body"):
                break
        status, answer = ready, b""
        if scope["method"] == "POST" and scope["path"] == "/predict":
            status, answer = await behave(content)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1,
        log_config=None,  # to set logging up anew closes every handler, absl's stderr among them
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def free_address() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
