"""A service as the challenge's template describes one, written from its README alone.

The README (https://huggingface.co/safe-challenge-2025/example-submission) documents the endpoint
`/predict`, `/docs`, request and answer, `BinaryMask.from_numpy()`, the settings with their
defaults, and a ResNet-18 behind an `InferenceService` that decodes base64 and opens the picture.
That is built here, by its names, with nothing added: it says nothing of errors, limits, queues,
health or readiness, so those are what FastAPI, Uvicorn and Pillow do by themselves. Where it leaves
a choice open, this takes the one that is kinder to it: answers are made in FastAPI's thread pool,
so that requests under way do not keep others out, and the mask has the picture's size.

    PORT=8001 python benchmarks/peers/seed_service.py

Weights are read from `models/microsoft/resnet-18/` where `make download` has put them; else the
same network is made with random ones: as fast, and its labels mean as much.
"""

from __future__ import annotations

import base64
import enum
import io
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings

ImageNet = dict[str, list[float]]
NORM: ImageNet = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
SIDE = 224  # pixels that ResNet-18 takes
IMAGENET_CLASSES = 1000  # "Model loaded: 1000 classes"
Req = TypeVar("Req")
Res = TypeVar("Res")


class Settings(BaseSettings):
    """The README's table."""

    APP_NAME: str = "ML Inference Service"
    APP_VERSION: str = "0.1.0"
    DEBUG: bool = False
    HOST: str = "0.0.0.0"
    PORT: int = 8000
    MODEL_NAME: str = "microsoft/resnet-18"


class Labels(enum.IntEnum):
    Natural = 0
    FullySynthesized = 1
    LocallyEdited = 2
    LocallySynthesized = 3


class ImageData(BaseModel):
    mediaType: str
    data: str


class ImageRequest(BaseModel):
    image: ImageData


class BinaryMask(BaseModel):
    mediaType: Literal["image/png"] = "image/png"
    data: str

    @classmethod
    def from_numpy(cls, mask: NDArray[np.generic]) -> BinaryMask:
        buffer = io.BytesIO()
        Image.fromarray(mask.astype(bool)).save(buffer, format="PNG")
        return cls(data=base64.b64encode(buffer.getvalue()).decode("utf-8"))


class PredictionResponse(BaseModel):
    logprobs: list[float] = Field(min_length=len(Labels), max_length=len(Labels))
    localizationMask: BinaryMask | None = None


class InferenceService(ABC, Generic[Req, Res]):
    """What a detector implements: "Step 1: Create Your Service Class"."""

    @abstractmethod
    def load_model(self) -> None: ...

    @abstractmethod
    def predict(self, request: Req) -> Res: ...

    @property
    @abstractmethod
    def is_loaded(self) -> bool: ...


class ResNetInferenceService(InferenceService[ImageRequest, PredictionResponse]):
    """The README's example; how it comes from 1000 classes to four is not said."""

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name
        self.model_path = f"models/{model_name}"
        self.model: Any = None
        self._is_loaded = False

    def load_model(self) -> None:
        import torch
        from transformers import ResNetConfig, ResNetForImageClassification

        if Path(self.model_path).is_dir():
            self.model = ResNetForImageClassification.from_pretrained(self.model_path)
        else:
            torch.manual_seed(0)
            config = ResNetConfig(
                hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic"
            )
            config.num_labels = IMAGENET_CLASSES
            self.model = ResNetForImageClassification(config)
        self.model.eval()
        self._is_loaded = True

    def predict(self, request: ImageRequest) -> PredictionResponse:
        import torch

        image = decode_base64_image(request.image.data)
        small = np.asarray(image.resize((SIDE, SIDE)), np.float32) / 255
        normal = (small - NORM["mean"]) / NORM["std"]
        pixels = torch.from_numpy(normal.astype(np.float32).transpose(2, 0, 1)[None])
        with torch.no_grad():
            logits = self.model(pixels).logits[0, : len(Labels)]
        logprobs = torch.log_softmax(logits, dim=0).tolist()
        mask = np.zeros((image.height, image.width), dtype=np.uint8)
        return PredictionResponse(logprobs=logprobs, localizationMask=BinaryMask.from_numpy(mask))

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded


def decode_base64_image(data: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def create_app(settings: Settings) -> Any:
    from fastapi import FastAPI

    service = ResNetInferenceService(model_name=settings.MODEL_NAME)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.load_model()
        yield

    app = FastAPI(
        title=settings.APP_NAME,
        version=settings.APP_VERSION,
        debug=settings.DEBUG,
        lifespan=lifespan,
    )

    @app.post("/predict", response_model=PredictionResponse)
    def predict(request: ImageRequest) -> PredictionResponse:
        return service.predict(request)

    return app


if __name__ == "__main__":
    import uvicorn

    settings = Settings()
    uvicorn.run(create_app(settings), host=settings.HOST, port=settings.PORT)
