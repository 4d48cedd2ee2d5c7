"""Pictures to look at while a run goes on: loss curves, samples with truth and map."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from detector.editscope.modeling import EditScopeModel
from training.stream import Batch

SMOOTHING = 50  # steps in the moving mean of a curve
SHOWN = 8  # samples in a contact sheet


def draw_losses(log: Path) -> None:
    """Turn `losses.csv` into `losses.png` beside it."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if len(rows) < SMOOTHING:
        return
    steps = np.array([float(row["step"]) for row in rows])
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    kernel = np.ones(SMOOTHING) / SMOOTHING
    for name in ("map", "dice", "label"):
        values = np.array([float(row[name]) for row in rows])
        axes.plot(steps[SMOOTHING - 1 :], np.convolve(values, kernel, "valid"), label=name)
    axes.set(xlabel="step", ylabel=f"loss, mean of {SMOOTHING}")
    axes.legend()
    figure.savefig(log.with_suffix(".png"), dpi=90)


@torch.no_grad()
def draw_samples(model: EditScopeModel, batch: Batch, path: Path) -> None:
    """Rows of picture, true mask (red edited, blue synthesized) and the model's map."""
    pixels = batch.image[:SHOWN].to(model.device).float()
    scores = torch.softmax(model(pixels).map, 1).cpu()
    wide = torch.nn.functional.interpolate(scores, size=pixels.shape[2:], mode="nearest")
    shown = batch.image[:SHOWN].permute(0, 2, 3, 1).numpy()
    colours = np.array([[0, 0, 0], [230, 40, 40], [50, 90, 240]], np.uint8)
    truth = colours[batch.mask[:SHOWN].numpy()]
    guess = np.einsum("bchw,cd->bhwd", wide.numpy(), colours.astype(np.float32)).astype(np.uint8)
    rows = [np.concatenate(list(column), 1) for column in (shown, truth, guess)]
    Image.fromarray(np.concatenate(rows, 0)).save(path)
