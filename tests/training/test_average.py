from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from detector.editscope.network import WEIGHTS
from training import average


def test_every_weight_is_the_mean_in_the_first_ones_type() -> None:
    states = [
        {"a": torch.tensor([1.0, 60000.0]).half(), "b": torch.tensor([2])},
        {"a": torch.tensor([4.0, 60000.0]).half(), "b": torch.tensor([4])},
    ]
    result = average.mean(states)
    assert result["a"].tolist() == [2.5, 60000.0]  # their sum is beyond float16
    assert result["a"].dtype == torch.float16
    assert result["b"].tolist() == [3]
    assert result["b"].dtype == torch.int64


@pytest.mark.parametrize("other", [{"a": torch.zeros(3)}, {"b": torch.zeros(2)}, {}])
def test_networks_of_other_shapes_are_refused(other: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="not of one shape"):
        average.mean([{"a": torch.zeros(2)}, other])


def test_a_folder_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("one", 1.0), ("two", 2.0)):
        (tmp_path / name).mkdir()
        save_file({"a": torch.tensor([value])}, tmp_path / name / WEIGHTS)
        (tmp_path / name / "config.json").write_text(f'"{name}"')
    out = tmp_path / "mean" / "export"
    folders = [str(tmp_path / name) for name in ("one", "two")]
    monkeypatch.setattr("sys.argv", ["average", *folders, "--out", str(out)])
    average.main()
    assert load_file(out / WEIGHTS)["a"].tolist() == [1.5]
    assert (out / "config.json").read_text() == '"one"'
