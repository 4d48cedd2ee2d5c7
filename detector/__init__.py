"""A detector of edited and synthesized pictures, as a plain library.

This front door holds the wire format and the two interfaces that a model plugs into. It imports
no deep-learning framework; models are made by `detector.registry`.
"""

from __future__ import annotations

from detector.contract import (
    BinaryMask,
    ImageData,
    ImageRequest,
    InvalidBase64,
    Labels,
    PredictionResponse,
)
from detector.deadline import Deadline, DeadlineExceeded
from detector.imaging import Header, ImageError, TooManyPixels, decode, read_header
from detector.service import Detector, InferenceService
from detector.verdict import Detection, Verdict, decide

__all__ = [
    "BinaryMask",
    "Deadline",
    "DeadlineExceeded",
    "Detection",
    "Detector",
    "Header",
    "ImageData",
    "ImageError",
    "ImageRequest",
    "InferenceService",
    "InvalidBase64",
    "Labels",
    "PredictionResponse",
    "TooManyPixels",
    "Verdict",
    "decide",
    "decode",
    "read_header",
]
