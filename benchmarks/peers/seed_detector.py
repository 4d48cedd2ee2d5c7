"""Our detector behind the template's service (`seed_service.py`), in place of its ResNet.

PORT=8001 MODEL_NAME=editscope/base NUM_THREADS=2 python benchmarks/peers/seed_detector.py
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import threads
from benchmarks.peers import seed_service
from detector.contract import ImageRequest
from detector.registry import create_service


class DetectorService:
    """What `seed_service.create_app` asks of a service."""

    def __init__(self, model_name: str) -> None:
        count = int(os.environ.get("NUM_THREADS", "0"))
        threads.configure(count)
        self._count = count
        self._service = create_service(model_name, Path(os.environ.get("MODELS_DIR", "models")))

    def load_model(self) -> None:
        self._service.load_model()
        threads.configure(self._count)

    def predict(self, request: Any) -> Any:
        answer = self._service.predict(ImageRequest.model_validate(request.model_dump()))
        return seed_service.PredictionResponse.model_validate(answer.model_dump())


if __name__ == "__main__":
    import uvicorn

    settings = seed_service.Settings()
    seed_service.ResNetInferenceService = DetectorService  # type: ignore[assignment,misc]
    app = seed_service.create_app(settings)
    uvicorn.run(app, host="127.0.0.1", port=settings.PORT, access_log=False, log_level="warning")
