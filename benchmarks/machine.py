"""What the figures were measured on, in words that name no one."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import threads

PACKAGES = ("torch", "numpy", "pillow", "fastapi", "uvicorn", "transformers")
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def describe() -> dict[str, Any]:
    """Processor, its instructions that matter here, memory, load before the run, versions."""
    information = _read("/proc/cpuinfo")
    names = [
        line.split(":")[1].strip() for line in information.splitlines() if "model name" in line
    ]
    memory = [line.split()[1] for line in _read("/proc/meminfo").splitlines() if "MemTotal" in line]
    flags = set(information.split())
    return {
        "processor": names[0] if names else platform.processor(),
        "cpus": threads.available_cpus(),
        "instructions": [flag for flag in FLAGS if flag in flags],
        "onednn_max_cpu_isa": os.environ.get("ONEDNN_MAX_CPU_ISA", "default"),
        "memory_gb": round(int(memory[0]) / 2**20, 1) if memory else None,
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # not Linux
        return ""
