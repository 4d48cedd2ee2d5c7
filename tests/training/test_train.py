from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from detector.editscope.modeling import EditScopeModel
from tests.detector.editscope.test_modeling import TINY
from training.train import Config, Run, batches, freeze_norms, train


@pytest.fixture
def config(pack_folder: Path, tmp_path: Path) -> Config:
    weights = tmp_path / "weights"
    torch.manual_seed(0)
    EditScopeModel(TINY).save_pretrained(weights)
    return Config(
        pack=str(pack_folder), out=str(tmp_path / "run"), init=str(weights), steps=4, warmup=1,
        batches=[[64, 2, 1.0]], workers=0, threads=1,
    )  # fmt: skip


def test_a_run_writes_weights_that_load_and_a_log(config: Config) -> None:
    export = train(config)
    loaded = EditScopeModel.from_pretrained(export, dtype=torch.float32)
    assert all(torch.isfinite(p).all() for p in loaded.parameters())
    lines = (Path(config.out) / "losses.csv").read_text().splitlines()
    assert lines[0].startswith("step,seconds,total")
    assert len(lines) == 1 + config.steps


def test_a_stopped_run_goes_on_where_it_was(config: Config) -> None:
    config.steps = 2
    train(config)
    config.steps = 4
    resumed = Run(config)
    assert resumed.step == 2
    assert resumed.spent > 0
    train(config)
    assert Run(config).step == 4


def test_steps_reduce_the_loss_on_one_batch(config: Config) -> None:
    config.steps, config.rate = 1000, 5e-3
    run, batch = Run(config), next(batches(config, 0))
    first = run.update(batch).total
    for _ in range(12):
        last = run.update(batch).total
    assert last < first


def test_frozen_stages_neither_learn_nor_drift(config: Config) -> None:
    run = Run(config)
    run.model.trunk.freeze(2)
    frozen = [
        p for part in (run.model.trunk.stem, *run.model.trunk.stages[:2]) for p in part.parameters()
    ]
    assert not any(parameter.requires_grad for parameter in frozen)
    assert not run.model.trunk.stem.training
    assert all(parameter.requires_grad for parameter in run.model.trunk.stages[2].parameters())


def test_frozen_norms_keep_their_means_and_learn_their_scales(config: Config) -> None:
    config.frozen_norms = True
    run = Run(config)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.update(next(batches(config, 0)))
    after = run.model.state_dict()
    running = [name for name in before if "running_" in name]
    assert running
    assert all(torch.equal(before[name], after[name]) for name in running)
    assert not torch.equal(before["refine.body.2.weight"], after["refine.body.2.weight"])


def test_with_frozen_norms_a_sample_does_not_depend_on_its_neighbours(config: Config) -> None:
    config.frozen_stages = 0
    run, batch = Run(config), next(batches(config, 0))
    pixels = batch.image.float()
    run.model.train()
    run.model.label_head.eval()  # its dropout is chance
    with torch.no_grad():
        assert not torch.allclose(run.model(pixels).map[:1], run.model(pixels[:1]).map, atol=1e-3)
        freeze_norms(run.model)
        assert torch.allclose(run.model(pixels).map[:1], run.model(pixels[:1]).map, atol=1e-3)


def test_progress_ends_with_steps_or_minutes(config: Config) -> None:
    run = Run(config)
    run.step = 1
    assert run.progress() == 0.25
    config.minutes, run.spent = 1.0, 45.0
    assert run.progress() == 0.75


def test_snapshots_are_what_the_weights_were_on_the_way(config: Config) -> None:
    config.snapshots = [0.5, 1.0]
    end = EditScopeModel.from_pretrained(train(config)).state_dict()
    half, last = (
        EditScopeModel.from_pretrained(Path(config.out) / name).state_dict()
        for name in ("export-0.5", "export-1")
    )
    assert all(torch.equal(last[name], end[name]) for name in end)
    assert not all(torch.equal(half[name], end[name]) for name in end)


def test_a_checkpoint_is_never_left_half_written(config: Config) -> None:
    run = Run(config)
    run.save()
    before = run.checkpoint.read_bytes()
    with (
        patch("torch.save", side_effect=OSError("disk full")),
        pytest.raises(OSError, match="disk"),
    ):
        run.save()
    assert run.checkpoint.read_bytes() == before
