from __future__ import annotations

import numpy as np
import pytest

from testsets.photos import CC0, CREDITS, PUBLIC_DOMAIN, photo


@pytest.mark.parametrize("name", CREDITS)
def test_every_photograph_is_there_and_free(name: str) -> None:
    pixels = photo(name)
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.dtype == np.uint8
    assert min(pixels.shape[:2]) >= 299
    assert CREDITS[name].licence in {CC0, PUBLIC_DOMAIN}


def test_others_are_refused() -> None:
    with pytest.raises(KeyError):
        photo("stereo_motorcycle")
