from __future__ import annotations

import torch

from detector.editscope.trunk import LITE0, TAP_CHANNELS, Trunk, from_efficientnet_lite


def test_taps_have_the_strides_and_channels_of_lite0() -> None:
    with torch.inference_mode():
        taps = Trunk().eval()(torch.zeros(1, 3, 64, 96))
    assert [tuple(tap.shape[2:]) for tap in taps] == [
        (64 // stride, 96 // stride) for stride in (2, 4, 8, 16, 32)
    ]
    assert tuple(tap.shape[1] for tap in taps) == TAP_CHANNELS == (16, 24, 40, 112, 320)


def test_imagenet_weights_of_the_package_fit_by_name_and_shape() -> None:
    """A checkpoint with the package's names, made from the trunk itself, comes back the same."""
    trunk = Trunk()
    ours = trunk.state_dict()
    theirs = {}
    block = 0
    layout = [("_conv_stem", "stem.0"), ("_bn0", "stem.1")]
    for number, stage in enumerate(LITE0):
        for index in range(stage.repeats):
            names = ["_expand_conv", "_bn0", None] if stage.expand != 1 else []
            names += ["_depthwise_conv", "_bn1", None, "_project_conv", "_bn2"]
            layout += [
                (f"_blocks.{block}.{name}", f"stages.{number}.{index}.layers.{position}")
                for position, name in enumerate(names)
                if name
            ]
            block += 1
    for name, target in layout:
        for key, value in ours.items():
            if key.startswith(target + "."):
                theirs[name + key.removeprefix(target)] = value
    renamed = from_efficientnet_lite(theirs)
    assert renamed.keys() == ours.keys()
    assert all(torch.equal(renamed[key], ours[key]) for key in ours)
