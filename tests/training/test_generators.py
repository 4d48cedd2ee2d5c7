"""Generators with small weights made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.training.conftest import scene
from training.generators import graph, keras, ncnn, regenerate, weights
from training.generators.autoencoder import LATENTS, Autoencoder, perturbed
from training.generators.crispness import as_crisp, detail
from training.generators.graph import Convolution, UnsupportedNetwork, quickened, to_bf16
from training.history import Picture

PARAM = """7767517
9 12
Input         in      0 1 data
Split         s0      1 2 data a b
Convolution   c0      1 1 a c 0=4 1=3 4=1 5=1 6=108 9=2 -23310=1,2.0e-01
Split         s1      1 2 c d e
PReLU         p0      1 1 d f 0=4
Eltwise       e0      2 1 f e g 0=1 -23301=2,2.0e-01,1.0
Concat        cat     2 1 g e h 0=0
Convolution   c1      1 1 h i 0=12 1=1 5=1 6=96
PixelShuffle  ps      1 1 i j 0=2
Interp        up      1 1 b k 0=1 1=2.0 2=2.0
BinaryOp      add     2 1 j k output
"""


def numbers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return (rng.normal(0, 0.2, shape)).astype(np.float32)


def test_an_ncnn_network_computes_what_its_layers_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    first, last = numbers(rng, 4, 3, 3, 3).astype(np.float16), numbers(rng, 12, 8, 1, 1)
    first_bias, last_bias, slopes = numbers(rng, 4), numbers(rng, 12), numbers(rng, 4)
    (tmp_path / "n.param").write_text(PARAM)
    half = ncnn.HALF.to_bytes(4, "little")
    parts = [half, first.tobytes(), first_bias.tobytes(), slopes.tobytes()]
    parts += [bytes(4), last.tobytes(), last_bias.tobytes()]
    (tmp_path / "n.bin").write_bytes(b"".join(parts))
    network = ncnn.read(tmp_path / "n.param", tmp_path / "n.bin")
    x = torch.from_numpy(rng.random((1, 3, 5, 7), dtype=np.float32))

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32))

    c = functional.conv2d(x, tensor(first), tensor(first_bias), padding=1)
    c = functional.leaky_relu(c, 0.2)
    g = 0.2 * torch.where(c > 0, c, c * tensor(slopes)[:, None, None]) + c
    i = functional.conv2d(torch.cat([g, c], 1), tensor(last), tensor(last_bias))
    doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    with torch.no_grad():
        torch.testing.assert_close(network(x), functional.pixel_shuffle(i, 2) + doubled)


def keras_model(
    folder: Path, rng: np.random.Generator, kind: str = "Conv2D", shuffle: str = "PixelShuffle"
) -> np.ndarray:
    """A network of one 1x1 convolution, 3 to 12 channels, and depth to space; its kernel."""
    quantised = rng.integers(0, 256, (1, 1, 3, 12), dtype=np.uint8)
    common = {"strides": [1, 1], "padding": "same", "activation": "linear"}
    layers = [
        (shuffle, {"name": "out", "scale": 2}, ["sum"]),  # before what it needs
        ("InputLayer", {"name": "in"}, []),
        (kind, {"name": "conv", "use_bias": False, **common}, ["in"]),
        ("Activation", {"name": "relu", "activation": "relu"}, ["conv"]),
        ("MultiplyBeta", {"name": "beta", "beta": 0.5}, ["relu"]),
        ("Add", {"name": "sum"}, ["beta", "conv"]),
    ]
    nodes = [
        {"class_name": kind, "config": config, "inbound_nodes": [[[i, 0, 0, {}] for i in inputs]]}
        for kind, config, inputs in layers
    ]
    packing = {"dtype": "uint8", "scale": 0.01, "min": -1.0}
    entry = {"name": "conv/kernel", "shape": [1, 1, 3, 12], "dtype": "float32"}
    manifest = [{"paths": ["a.bin", "b.bin"], "weights": [{**entry, "quantization": packing}]}]
    topology = {"model_config": {"config": {"layers": nodes}}}
    text = json.dumps({"modelTopology": topology, "weightsManifest": manifest})
    (folder / "model.json").write_text(text)
    data = quantised.tobytes()
    (folder / "a.bin").write_bytes(data[:10])
    (folder / "b.bin").write_bytes(data[10:])
    return quantised[0, 0] * 0.01 - 1.0


@pytest.mark.parametrize("shuffle", ["PixelShuffle", "PixelShuffle2x", "PixelShuffle4x"])
def test_a_keras_network_computes_what_its_layers_say(tmp_path: Path, shuffle: str) -> None:
    rng = np.random.default_rng(0)
    kernel = keras_model(tmp_path, rng, shuffle=shuffle)
    x = rng.random((4, 5, 3), dtype=np.float32)
    with torch.no_grad():
        result = keras.read(tmp_path / "model.json")(torch.from_numpy(x).permute(2, 0, 1)[None])
    y = x @ kernel
    y = y + 0.5 * np.maximum(y, 0)
    expected = np.zeros((8, 10, 3))
    for row in range(2):  # depth to space as TensorFlow defines it
        for column in range(2):
            start = 3 * (2 * row + column)
            expected[row::2, column::2] = y[..., start : start + 3]
    np.testing.assert_allclose(result[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_layers_that_are_not_known_are_refused(tmp_path: Path) -> None:
    keras_model(tmp_path, np.random.default_rng(0), kind="LSTM")
    with pytest.raises(UnsupportedNetwork, match="LSTM"):
        keras.read(tmp_path / "model.json")
    (tmp_path / "n.param").write_text("7767517\n2 2\nInput i 0 1 a\nPooling p 1 1 a b 0=1\n")
    (tmp_path / "n.bin").write_bytes(b"")
    with pytest.raises(UnsupportedNetwork, match="Pooling"):
        ncnn.read(tmp_path / "n.param", tmp_path / "n.bin")


def test_the_first_and_the_last_convolution_keep_their_precision() -> None:
    network = nn.Sequential(Convolution(3, 4), Convolution(4, 4), Convolution(4, 3))
    to_bf16(network)
    kinds = [part.weight.dtype for part in network if isinstance(part, Convolution)]
    assert kinds == [torch.float32, torch.bfloat16, torch.float32]
    assert network(torch.rand(1, 3, 6, 6)).dtype == torch.float32


@pytest.mark.parametrize("native", [True, False])
def test_bf16_is_for_processors_that_have_it(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    monkeypatch.setattr(graph, "has_bf16", lambda device: native)
    network = quickened(Autoencoder())
    inner = {part.weight.dtype for part in network.modules() if isinstance(part, Convolution)}
    assert (torch.bfloat16 in inner) == native
    assert not network.training


def test_the_autoencoder_has_the_layers_of_the_published_files(tmp_path: Path) -> None:
    network = Autoencoder()
    paths = [tmp_path / "encoder.pth", tmp_path / "decoder.pth"]
    torch.save(network.encoder.state_dict(), paths[0])
    torch.save(network.decoder.state_dict(), paths[1])
    again = Autoencoder.read(*paths).eval()
    assert {"0.bias", "2.weight", "11.pool.3.weight", "14.weight"} <= set(
        again.encoder.state_dict()
    )
    assert {"1.bias", "3.pool.1.bias", "7.weight", "19.bias"} <= set(again.decoder.state_dict())
    with torch.no_grad():
        latents = again.encode(torch.rand(1, 3, 32, 40))
        assert latents.shape == (1, LATENTS, 4, 5)
        assert again.decode(latents).shape == (1, 3, 32, 40)


def test_a_perturbed_decoder_draws_otherwise_from_the_same_latents() -> None:
    network = Autoencoder().eval()
    to_bf16(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    others = [perturbed(network, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)  # the original stays
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        latents = network.encode(picture)
        torch.testing.assert_close(others[0].encode(picture), latents, rtol=0, atol=0)
        first, again, other = (one.decode(latents) for one in others)
        plain = network.decode(latents)
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    for differing in (other, plain):
        assert float((first - differing).abs().max()) > 0


@pytest.mark.parametrize("name", [n for n in regenerate.GENERATORS if n.startswith("taef2")])
def test_round_trips_keep_size_and_colour_and_follow_the_seed(name: str) -> None:
    torch.manual_seed(0)
    redraw = regenerate.GENERATORS[name].make(to_bf16(Autoencoder()).eval())
    picture = np.full((35, 50, 3), (90, 120, 150), np.uint8)
    picture[5:20, 10:30] += 40
    twin = redraw(picture, np.random.default_rng(3))
    assert twin.shape == picture.shape
    assert twin.dtype == np.uint8
    np.testing.assert_array_equal(twin, redraw(picture, np.random.default_rng(3)))
    np.testing.assert_allclose(twin.mean((0, 1)), picture.mean((0, 1)), atol=1)


@pytest.mark.parametrize("reduction", [1.5, 2, 3, 4])
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_super_resolution_leaves_everything_in_its_place(factor: int, reduction: float) -> None:
    picture = np.zeros((101, 134, 3), np.uint8)
    spots = [(10, 12), (88, 120)]
    for row, column in spots:
        picture[row - 4 : row + 5, column - 4 : column + 5] = 200
    redraw = regenerate.super_resolution(reduction)(nn.Upsample(scale_factor=factor))
    twin = redraw(picture, np.random.default_rng(0))
    assert twin.shape == picture.shape
    for row, column in spots:
        window = twin[row - 9 : row + 10, column - 9 : column + 10].sum(2).astype(float)
        offsets = np.arange(-9, 10)
        assert abs((window.sum(1) * offsets).sum() / window.sum()) < 0.25
        assert abs((window.sum(0) * offsets).sum() / window.sum()) < 0.25


def blurred(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def test_sharpening_gives_back_what_resizing_took_and_no_more() -> None:
    picture = blurred(scene(0, 120, 160), 0.6)
    soft = blurred(picture, 0.5)
    assert detail(soft) < 0.85 * detail(picture)
    assert detail(as_crisp(soft, picture)) == pytest.approx(detail(picture), rel=0.1)
    assert as_crisp(picture, soft) is picture
    lost = blurred(picture, 6)
    assert detail(as_crisp(lost, picture)) < 0.5 * detail(picture)
    flat = np.full_like(picture, 90)
    np.testing.assert_array_equal(as_crisp(flat, picture), flat)


def test_every_generator_has_weights_and_generators_share_networks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {g.network for g in regenerate.GENERATORS.values()} == set(weights.WEIGHTS)
    assert sum(g.share for g in regenerate.GENERATORS.values()) == pytest.approx(1)
    network = Autoencoder()
    torch.save(network.encoder.state_dict(), tmp_path / "taef2_encoder.pth")
    torch.save(network.decoder.state_dict(), tmp_path / "taef2_decoder.pth")
    redraws = regenerate.load(tmp_path, ["taef2", "taef2_three_quarters"])
    twin = redraws["taef2_three_quarters"](scene(0, 48, 64), np.random.default_rng(0))
    assert twin.shape == (48, 64, 3)


def test_missing_weights_are_said_with_their_origin(tmp_path: Path) -> None:
    with pytest.raises(weights.MissingWeights, match=r"taef2_encoder\.pth.*madebyollin/taesd.*MIT"):
        weights.find(tmp_path, "taef2")
