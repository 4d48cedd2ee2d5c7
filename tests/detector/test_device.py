from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from detector.device import has_bf16, pick_device


@pytest.mark.parametrize("name", ["cpu", "cuda:1", "mps"])
def test_a_device_that_is_named_is_taken(name: str) -> None:
    assert pick_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("cuda", "mps", "taken"),
    [
        (True, True, "cuda"),
        (True, False, "cuda"),
        (False, True, "mps"),
        (False, False, "cpu"),
    ],
)
def test_auto_takes_what_there_is(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, taken: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto") == torch.device(taken)


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [("", True), ("DEFAULT", True), ("avx512_core_amx", True), ("AVX512_CORE", False)],
)
def test_a_cpu_uses_bf16_if_it_may(
    monkeypatch: pytest.MonkeyPatch, allowed: str, expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", allowed)
    assert has_bf16(torch.device("cpu")) is expected


def test_a_cpu_without_bf16_does_not_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert not has_bf16(torch.device("cpu"))
    assert has_bf16(torch.device("cuda"))
    assert not has_bf16(torch.device("mps"))


FAULTS = """
import resource
from detector.device import keep_memory
assert keep_memory()
for round in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * (30 * 2**20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_memory_that_was_freed_is_used_again() -> None:
    command = [sys.executable, "-c", FAULTS]  # in a process of its own: it is for good
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(run.stdout) < 100  # not the 7,680 pages of 30 MiB
