"""Views of a picture that show traces of its making: for people to look at, never for the model.

A `View` says how it is read and how it misleads; looking gives an `Exhibit`. Nothing heavy is
imported before a view is looked at.
"""

from __future__ import annotations

from detector.evidence.exhibit import Exhibit
from detector.evidence.registry import VIEWS, Slider, View, run_all

__all__ = ["VIEWS", "Exhibit", "Slider", "View", "run_all"]
