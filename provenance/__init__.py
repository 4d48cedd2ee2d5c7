"""What a picture file says of itself: metadata, encoder, signatures, hidden marks.

Shown to people, never fed to the model: `detector` does not import this package. `read` is the one
way in; it answers for any bytes whatsoever, in bounded time and memory, and asks no network.
"""

from provenance.reader import read
from provenance.record import Provenance

__all__ = ["Provenance", "read"]
