"""What can be configured, read from the environment and from `.env`; the README has the table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from detector.imaging import MAX_PIXELS
from detector.verdict import SynthesizedMask

MEBIBYTE = 2**20
GIBIBYTE = 2**30
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
LogFormat = Annotated[
    Literal["text", "json"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")]


class Settings(BaseSettings):
    """Every field is the environment variable of the same name in capitals.

    Raises:
        pydantic.ValidationError: a variable holds a value that its field does not take.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,  # `PORT=` in a .env file means "the default"
        extra="ignore",  # a .env file may hold other programs' variables
        frozen=True,
        protected_namespaces=(),  # `model_name` is the challenge template's name
    )

    app_name: str = Field("EditScope", description="Name shown in logs, `/info` and the docs")
    app_version: str = Field("0.1.0", description="Version shown beside the name")
    debug: bool = Field(False, description="Log at level DEBUG, whatever `LOG_LEVEL` says")
    host: str = Field("0.0.0.0", description="Address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    model_name: str = Field(
        "editscope/base",
        min_length=1,
        description="Detector: a folder `<org>/<name>` of `MODELS_DIR`, an installed plug-in's "
        "name, or `package.module:Class`",
    )
    models_dir: Path = Field(Path("models"), description="Folder that holds the models")
    device: Device = Field("auto", description="`auto`, `cpu`, `cuda`, `cuda:N` or `mps`")
    backend: Literal["torch", "openvino", "onnx"] = Field(
        "torch",
        description="What computes the built-in model on a CPU: `torch`, `openvino`, `onnx`; the "
        "others need `requirements-backend.txt`",
    )
    headless: bool = Field(False, description="Serve the API alone, without the browser page")
    mcp_server: bool = Field(
        False,
        description="Offer the page's endpoints to agents at `/gradio_api/mcp/`; needs the "
        "package `mcp`",
    )
    max_body_bytes: int = Field(
        128 * MEBIBYTE, ge=1, description="Longest request body in bytes; beyond it 413"
    )
    max_pixels: int = Field(
        MAX_PIXELS, ge=1, description="Most pixels in a picture; beyond it 413, before decoding"
    )
    max_concurrency: int = Field(
        0,
        ge=0,
        description="Pictures judged at a time; 0 = one with every thread inside it, two small "
        "ones while others wait",
    )
    max_queue: int = Field(
        64, ge=0, description="Requests that may wait for their turn; beyond it 503"
    )
    time_budget_s: float = Field(
        20.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds from acceptance to answer, waiting included; a coarser answer is "
        "given when they run short",
    )
    num_threads: int = Field(
        0, ge=0, description="CPU threads for inference; 0 = from affinity and cgroup quota"
    )
    synthesized_mask: SynthesizedMask = Field(
        "full", description="Mask of a wholly synthesized picture: `full` or `empty`"
    )
    log_level: LogLevel = Field(
        "INFO", description="`DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`"
    )
    log_format: LogFormat = Field(
        "text", description="`text`, or `json`: an object a line with the request's id"
    )
    metrics: bool = Field(True, description="Serve figures for Prometheus at `/metrics`")
    isolate: bool = Field(
        False,
        description="Run the detector in a process of its own, which is replaced if it crashes, "
        "hangs or leaks",
    )
    worker_memory_bytes: int = Field(
        4 * GIBIBYTE,
        ge=1,
        description="With `ISOLATE`, the most memory for the detector's process; Linux only",
    )

    @property
    def concurrency(self) -> int:
        """Pictures judged at a time, pairs of small ones counted as one."""
        return self.max_concurrency or 1
