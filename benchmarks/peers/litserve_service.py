"""Our detector behind LitServe, as its documentation shows: decode, predict, encode.

PORT=8001 MODEL_NAME=editscope/base NUM_THREADS=2 python benchmarks/peers/litserve_service.py
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import litserve  # type: ignore[import-not-found]

import threads
from detector.contract import ImageRequest
from detector.registry import create_service


class DetectorAPI(litserve.LitAPI):  # type: ignore[misc]
    """Four methods that LitServe calls, the first in each of its worker processes."""

    def setup(self, device: str) -> None:
        count = int(os.environ.get("NUM_THREADS", "0"))
        threads.configure(count)
        self.service = create_service(
            os.environ["MODEL_NAME"], Path(os.environ.get("MODELS_DIR", "models")), device
        )
        self.service.load_model()
        threads.configure(count)

    # Not annotated, as in its documentation: LitServe makes a query parameter of an annotated one.
    def decode_request(self, request, **_):  # type: ignore[no-untyped-def]
        return ImageRequest.model_validate(request)

    def predict(self, request: ImageRequest, **_: Any) -> Any:
        return self.service.predict(request)

    def encode_response(self, output: Any, **_: Any) -> Any:
        return output.model_dump()


if __name__ == "__main__":
    litserve.server._MCP_AVAILABLE = False  # 0.2.19 fails where `mcp` is installed, `fastmcp` not
    server = litserve.LitServer(
        DetectorAPI(),
        accelerator="cpu",
        workers_per_device=int(os.environ.get("WORKERS", "1")),
        timeout=False,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        generate_client_file=False,
        access_log=False,
        num_api_servers=1,
    )
