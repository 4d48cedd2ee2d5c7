"""Networks in the layers format of TensorFlow.js: a `model.json` beside shards of weights.

Enough of it for the super-resolution networks that UpscalerJS ships. They are fully convolutional
Keras graphs; weights may be quantised to uint8.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.generators.graph import (
    Convolution,
    Graph,
    Operation,
    Step,
    UnsupportedNetwork,
    add,
    concatenate,
    nearest,
    weighted_sum,
)


def read(model: Path) -> Graph:
    """The network of a `model.json`.

    Raises:
        UnsupportedNetwork: it has layers unknown here.
    """
    description = json.loads(model.read_text())
    layers = description["modelTopology"]["model_config"]["config"]["layers"]
    weights = _weights(description["weightsManifest"], model.parent)
    name, steps = "", []
    for layer in layers:
        if layer["class_name"] == "InputLayer":
            name = layer["config"]["name"]
            continue
        inputs = tuple(node[0] for node in layer["inbound_nodes"][0])
        operation = _operation(layer["class_name"], layer["config"], weights)
        steps.append(Step(layer["config"]["name"], inputs, operation))
    return Graph(_ordered(steps, name), name)


def _weights(manifest: list[dict[str, Any]], folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for group in manifest:
        data, at = b"".join((folder / path).read_bytes() for path in group["paths"]), 0
        for entry in group["weights"]:
            packing = entry.get("quantization", {"dtype": entry["dtype"], "scale": 1, "min": 0})
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(data, packing["dtype"], count, at)
            at += values.nbytes
            numbers = values.astype(np.float32) * packing["scale"] + packing["min"]
            tensors[entry["name"]] = torch.from_numpy(
                numbers.astype(np.float32).reshape(entry["shape"])
            )
    return tensors


def _operation(kind: str, config: dict[str, Any], weights: dict[str, torch.Tensor]) -> Operation:
    match kind:
        case "Conv2D":
            operation: Operation = _convolution(config, weights)
        case "Activation" if config["activation"] == "relu":
            operation = torch.relu
        case "Concatenate":
            operation = concatenate
        case "Add":
            operation = add
        case "MultiplyBeta":
            operation = weighted_sum([float(config["beta"])])
        case "UpSampling2D" if config["interpolation"] == "nearest":
            operation = nearest(int(config["size"][0]))
        case _ if kind.startswith("PixelShuffle"):  # also called PixelShuffle2x and the like
            operation = _depth_to_space(int(config["scale"]))
        case _:
            raise UnsupportedNetwork(f"Keras layer {kind} with {config}")
    return operation


def _convolution(config: dict[str, Any], weights: dict[str, torch.Tensor]) -> nn.Module:
    kernel = weights[config["name"] + "/kernel"].permute(3, 2, 0, 1).contiguous()
    side = kernel.shape[-1]
    keeps_size = side == 1 or (config["padding"] == "same" and side % 2)
    if config["strides"] != [1, 1] or not keeps_size:
        raise UnsupportedNetwork(f"Keras convolution {config}")
    convolution = Convolution(kernel.shape[1], kernel.shape[0], side, bias=config["use_bias"])
    convolution.weight.data = kernel
    if config["use_bias"]:
        convolution.bias.data = weights[config["name"] + "/bias"]  # type: ignore[union-attr]
    if config["activation"] == "linear":
        return convolution
    if config["activation"] == "relu":
        return nn.Sequential(convolution, nn.ReLU(inplace=True))
    raise UnsupportedNetwork(f"Keras activation {config['activation']}")


def _depth_to_space(factor: int) -> Operation:
    """TensorFlow's order: the place within the block varies slower than the channel."""

    def operation(x: torch.Tensor) -> torch.Tensor:
        count, channels, height, width = x.shape
        shape = (count, factor * factor, channels // factor**2, height, width)
        return torch.pixel_shuffle(x.reshape(shape).transpose(1, 2).flatten(1, 2), factor)

    return operation


def _ordered(steps: list[Step], name: str) -> list[Step]:
    """The steps so that each comes after those it needs."""
    known, waiting, ordered = {name}, steps, []
    while waiting:
        ready = [step for step in waiting if known.issuperset(step.inputs)]
        if not ready:
            raise UnsupportedNetwork(f"no layer gives {waiting[0].inputs}")
        ordered += ready
        known.update(step.output for step in ready)
        waiting = [step for step in waiting if step.output not in known]
    return ordered
