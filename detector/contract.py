"""The wire format of the SAFE challenge: what `POST /predict` takes and what it returns.

Field names are the challenge's (camel case on the wire), see the template at
https://huggingface.co/safe-challenge-2025/example-submission.
"""

from __future__ import annotations

import base64
import binascii
import enum
import io
import math
from typing import Annotated, Literal

import numpy as np
import pybase64
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from pydantic import AfterValidator, BaseModel, Field

PNG_COMPRESS_LEVEL = 1  # a mask is long runs: level 9 saves little and costs five times the time
PROBABILITY_TOLERANCE = 1e-3  # room for the float32 rounding of other people's detectors


class Labels(enum.IntEnum):
    """The four classes, in the order of `PredictionResponse.logprobs`."""

    Natural = 0
    FullySynthesized = 1
    LocallyEdited = 2
    LocallySynthesized = 3


class InvalidBase64(ValueError):
    """The `data` field is not base64."""


def _decoded(text: str) -> bytes:
    """Strict but for white space; only then is a copy of the text made."""
    try:
        return pybase64.b64decode(text, validate=True)
    except binascii.Error:
        dense = "".join(text.split())
        if len(dense) == len(text):
            raise
        return pybase64.b64decode(dense, validate=True)


class ImageData(BaseModel):
    """An encoded picture: base64 of the file's bytes beside the media type its sender declares."""

    mediaType: str = Field(
        description="`image/jpeg` or `image/png`. Advisory: the bytes themselves decide.",
        examples=["image/jpeg", "image/png"],
    )
    data: str = Field(description="Base64 of the image file (RFC 4648, padded).")

    def take_bytes(self) -> bytes:
        """As `to_bytes`, and let go of `data`: a third larger than the file, and a second copy."""
        decoded = self.to_bytes()
        self.data = ""
        return decoded

    def to_bytes(self) -> bytes:
        """Return the file's bytes.

        Raises:
            InvalidBase64: `data` is empty, or holds anything but padded base64 (line breaks are
                tolerated, since MIME encoders add them).
        """
        if self.data.lstrip()[:5].lower() == "data:":
            raise InvalidBase64(
                "image.data is a data: URL; send only what follows its comma as base64"
            )
        try:
            decoded = _decoded(self.data)
        except (binascii.Error, ValueError) as error:
            raise InvalidBase64(f"image.data is not valid base64: {error}") from error
        if not decoded:
            raise InvalidBase64("image.data is empty")
        return decoded


class ImageRequest(BaseModel):
    """The body of `POST /predict`."""

    image: ImageData

    @classmethod
    def from_bytes(cls, data: bytes, media_type: str = "image/png") -> ImageRequest:
        """Wrap the bytes of an image file."""
        encoded = base64.b64encode(data).decode("ascii")
        return cls(image=ImageData(mediaType=media_type, data=encoded))


class BinaryMask(BaseModel):
    """A 1-bit greyscale PNG; a set pixel means "manipulated"."""

    mediaType: Literal["image/png"] = "image/png"
    data: str = Field(description="Base64 of a PNG of exactly the picture's stored width x height.")

    @classmethod
    def from_numpy(cls, mask: NDArray[np.generic]) -> BinaryMask:
        """Encode an array of shape (H, W), any dtype; non-zero means manipulated.

        Raises:
            ValueError: the array is not two-dimensional or has a side of length zero.
        """
        if mask.ndim != 2 or 0 in mask.shape:
            raise ValueError(f"a mask has shape (H, W) with H, W >= 1, got {mask.shape}")
        height, width = mask.shape
        bits = np.packbits(mask.astype(bool, copy=False), axis=1)
        buffer = io.BytesIO()
        image = Image.frombytes("1", (width, height), bits.tobytes())
        image.save(buffer, "PNG", compress_level=PNG_COMPRESS_LEVEL)
        return cls(data=base64.b64encode(buffer.getvalue()).decode("ascii"))

    def to_numpy(self) -> NDArray[np.bool_]:
        """Decode to a bool array of shape (H, W).

        Raises:
            ValueError: `data` is not base64 of a PNG.
        """
        try:  # the class itself: Image.open has opinions on large pictures
            with PngImageFile(io.BytesIO(base64.b64decode(self.data))) as image:
                mask: NDArray[np.bool_] = np.asarray(image.convert("L"), np.uint8) != 0
                return mask
        except (SyntaxError, OSError) as error:
            raise ValueError(f"the mask is not a PNG: {error}") from error


def _check_logprobs(logprobs: list[float]) -> list[float]:
    if not all(math.isfinite(value) for value in logprobs):
        raise ValueError("log-probabilities must be finite")
    if max(logprobs) > PROBABILITY_TOLERANCE:
        raise ValueError("log-probabilities must not be positive")
    total = sum(math.exp(value) for value in logprobs)
    if abs(total - 1.0) > PROBABILITY_TOLERANCE:
        raise ValueError(f"probabilities must sum to 1, got {total:.6f}")
    return logprobs


LogProbs = Annotated[
    list[float],
    Field(min_length=len(Labels), max_length=len(Labels)),
    AfterValidator(_check_logprobs),
]


class PredictionResponse(BaseModel):
    """The answer of `POST /predict`."""

    logprobs: LogProbs = Field(
        description="Natural-log probabilities in the order of `Labels`; exponentials sum to 1."
    )
    localizationMask: BinaryMask | None = Field(
        default=None, description="Where the picture was manipulated; optional."
    )
