from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import pictures, scaling
from benchmarks.services import models_dir


def test_one_picture_is_timed_and_its_memory_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threads.configure", lambda _: None)  # the number of threads is for good
    found = scaling.main("editscope/base", 1, pictures.jpeg(0.02), 1)
    assert found["megapixels"] == 0.02
    parts = found["decode_s"] + found["model_s"] + found["encode_s"]
    assert found["seconds"] == pytest.approx(parts)
    assert found["peak_mb"] >= found["resident_before_mb"] > 0
    assert found["picture_mb"] == pytest.approx(0.02e6 * 3 / 2**20, rel=0.05)


def test_the_models_folder_is_the_services_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELS_DIR", raising=False)
    assert (models_dir() / "editscope" / "base" / "config.json").is_file()
    monkeypatch.setenv("MODELS_DIR", "elsewhere")
    assert models_dir() == Path("elsewhere")
