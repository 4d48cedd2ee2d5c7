"""The photographs that scikit-image ships, by licence. Loaded at run time, none is copied here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CC0 = "CC0-1.0"
PUBLIC_DOMAIN = "public domain"


@dataclass(frozen=True)
class Credit:
    """Whose a photograph is; as `skimage.data` documents it."""

    author: str
    licence: str


# Only photographs of scenes: no microscope's, no medical and no drawn picture, and no stereo pair
# of a data set that is for research alone.
CREDITS = {
    "astronaut": Credit("NASA", PUBLIC_DOMAIN),
    "camera": Credit("Lav Varshney", CC0),
    "chelsea": Credit("Stefan van der Walt", CC0),
    "clock": Credit("Stefan van der Walt", PUBLIC_DOMAIN),
    "coffee": Credit("Rachel Michetti", CC0),
    "grass": Credit("linolafett", CC0),
    "gravel": Credit("CC0Textures", CC0),
    "rocket": Credit("SpaceX", PUBLIC_DOMAIN),
}


@lru_cache(maxsize=len(CREDITS))
def photo(name: str) -> NDArray[np.uint8]:
    """One of `CREDITS`, (H, W, 3) uint8 RGB at its own size; a grey one has three equal channels.

    Raises:
        KeyError: there is no such photograph.
    """
    from skimage import data

    if name not in CREDITS:
        raise KeyError(name)
    pixels = np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB"), np.uint8)
    pixels.flags.writeable = False
    return pixels
