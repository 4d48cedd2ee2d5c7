"""Where the platform is."""

from __future__ import annotations

from dataclasses import dataclass

API = "https://api.dyff.io/v0"
REGISTRY = "https://registry.dyff.io"


@dataclass(frozen=True)
class Connection:
    """Where the platform is and how patient we are, in seconds."""

    token: str
    api: str = API
    registry: str = REGISTRY
    insecure: bool = False
    poll_s: float = 5.0
    patience_s: float = 900.0
    request_timeout_s: float = 30.0
