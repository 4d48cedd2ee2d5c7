"""The answer of `POST /predict` in types that Dyff can turn into an Arrow schema.

`detector.contract` says the same and more, but Dyff knows no literals and no constraints.
"""

from __future__ import annotations

from typing import Optional

from pydantic import BaseModel, Field


class Mask(BaseModel):
    mediaType: str = Field(description="image/png")
    data: str = Field(description="Base64 of a PNG of the picture's width x height.")


class Answer(BaseModel):
    logprobs: list[float] = Field(description="Four natural-log probabilities.")
    localizationMask: Optional[Mask] = Field(  # noqa: UP045 - Dyff takes typing's unions alone
        default=None, description="Where the picture was manipulated."
    )
