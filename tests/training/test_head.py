from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from detector.editscope.modeling import EditScopeModel
from detector.editscope.network import WEIGHTS
from tests.detector.editscope.test_modeling import TINY
from training import head
from training.head import FOLDS, HEAD, VIEWS, fit, main
from training.views import Views


def layers(inputs: int, width: int = 16) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(), nn.Linear(width, 4))


def views(count: int, noise: float) -> Views:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, count)
    vectors = (np.eye(4)[labels] + rng.normal(0, noise, (count, 4))).astype(np.float32)
    return Views(vectors, labels, np.arange(count))


def test_the_head_learns_what_vectors_tell() -> None:
    torch.manual_seed(0)
    layer = layers(4, 32).eval()
    before, after = fit(layer, views(600, 0.2), seed=0)
    assert after < 0.8 * before
    found = views(600, 0.2)
    guessed = layer(torch.from_numpy(found.vectors)).argmax(1).numpy()
    assert (guessed == found.labels).mean() > 0.9


def test_a_head_that_only_gets_worse_stays_as_it_was() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 4
    kept = np.arange(300) % FOLDS == 0
    vectors = (np.eye(4)[labels] * np.where(kept, 8, -8)[:, None]).astype(np.float32)
    vectors += rng.normal(0, 0.01, vectors.shape).astype(np.float32)
    layer = nn.Linear(4, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(4))
        layer.bias.zero_()
    before, after = fit(layer, Views(vectors, labels, np.arange(300)), seed=0)
    assert after == before
    torch.testing.assert_close(layer.weight.detach(), torch.eye(4))


def test_the_command_changes_the_head_alone(
    pack_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    export = tmp_path / "export"
    EditScopeModel(TINY).half().save_pretrained(export)
    before = load_file(export / WEIGHTS)

    def moved(label_head: nn.Module, _: Views, seed: int, epochs: int) -> tuple[float, float]:
        assert (seed, epochs) == (3, 7)
        with torch.no_grad():  # whether six draws teach the head anything is chance
            for parameter in label_head.parameters():
                parameter.add_(1)
        return 1.0, 0.5

    monkeypatch.setattr(head, "fit", moved)
    options = {"--folder": export, "--pack": pack_folder, "--store": pack_folder.parent}
    words = [str(word) for option in options.items() for word in option]
    monkeypatch.setattr(
        "sys.argv",
        ["head", *words, "--count", "6", "--processes", "1", "--seed", "3", "--epochs", "7"],
    )
    main()
    after = load_file(export / WEIGHTS)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith(HEAD)}
    assert "log-loss on kept pictures 1.000 -> 0.500" in capsys.readouterr().out
    seen = Views.read(tmp_path / VIEWS)
    assert set(seen.draws) == set(range(6))


def test_views_of_earlier_runs_are_fitted_without_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    EditScopeModel(TINY).half().save_pretrained(tmp_path / "export")
    inputs = load_file(tmp_path / "export" / WEIGHTS)["label_head.0.weight"].shape[1]
    vectors = np.random.default_rng(0).normal(0, 1, (40, inputs)).astype(np.float32)
    earlier = tmp_path / "earlier.npz"
    Views(vectors, np.arange(40) % 4, np.arange(40)).write(earlier)
    options = ["--folder", str(tmp_path / "export"), "--views", str(earlier), str(earlier)]
    monkeypatch.setattr("sys.argv", ["head", *options, "--pack", "none", "--store", "none"])
    main()
    assert "(80 views)" in capsys.readouterr().out
