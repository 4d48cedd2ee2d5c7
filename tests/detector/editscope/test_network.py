from __future__ import annotations

from pathlib import Path

import pytest
import torch

from detector.editscope.configuration import EditScopeConfig
from detector.editscope.modeling import EditScopeModel
from detector.editscope.network import Network
from detector.editscope.parameters import Parameters
from tests.detector.editscope.test_modeling import TINY, WIDTHS


@pytest.fixture(scope="module")
def model() -> Network:
    torch.manual_seed(0)
    return Network(Parameters(**WIDTHS)).eval()


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_shapes(model: Network, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        output = model(torch.rand(2, 3, *size) * 255)
    assert output.labels.shape == (2, 4)
    assert output.map.shape == (2, 3, size[0] // 4, size[1] // 4)
    assert torch.isfinite(output.labels).all()


def test_every_parameter_gets_a_gradient(model: Network) -> None:
    output = model(torch.rand(1, 3, 96, 96) * 255)
    (output.labels.square().sum() + output.map.square().sum()).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None]
    assert silent == []
    model.zero_grad()


def test_label_head_takes_means_so_tiles_can_be_averaged(model: Network) -> None:
    """Two equal tiles side by side are classified as one of them."""
    pixels = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        scores, pooled = model.inspect(pixels)
        cells = scores.flatten(2)
        one = model.classify(pooled, cells)
        two = model.classify(pooled, torch.cat([cells, cells], 2))
    torch.testing.assert_close(one, two, atol=0.05, rtol=0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As training leaves one."""
    torch.manual_seed(0)
    EditScopeModel(TINY).half().save_pretrained(tmp_path)
    return tmp_path


def test_a_folder_is_read_as_transformers_reads_it(folder: Path) -> None:
    pixels = torch.rand(1, 3, 64, 64) * 255
    ours, theirs = Network.load(folder), EditScopeModel.from_pretrained(folder, dtype=torch.float32)
    assert not ours.training
    assert ours.config.version == "0"
    with torch.inference_mode():
        for one, other in zip(ours(pixels), theirs.eval()(pixels), strict=True):
            torch.testing.assert_close(one, other, atol=0, rtol=0)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_damaged_or_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(OSError, match=f"{name} is damaged"):
        Network.load(folder)
    (folder / name).unlink()
    with pytest.raises(OSError, match=name):
        Network.load(folder)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    EditScopeConfig(**(WIDTHS | {"decoder_width": 10})).save_pretrained(folder)
    with pytest.raises(OSError, match=r"(?s)model.safetensors is damaged.*size mismatch"):
        Network.load(folder)
