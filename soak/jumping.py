"""`python -m soak.jumping SCRIPT`: run a script while the clock of the day jumps about.

As it does when a machine wakes up or is set by NTP, only more often and further. What measures
time must use the monotonic clock, which is left alone.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path

EVERY_S = 5.0
JUMPS_S = (0.0, 86_400.0, -86_400.0, 3.2e8, -1.5e9)  # a day and ten years on, back to before 1980


def jump() -> None:
    """Replace `time.time` and `time.time_ns` by ones that are off by something else each while."""
    true, true_ns = time.time, time.time_ns

    def off() -> float:
        return JUMPS_S[int(time.monotonic() / EVERY_S) % len(JUMPS_S)]

    time.time = lambda: true() + off()
    time.time_ns = lambda: true_ns() + int(off() * 1e9)


if __name__ == "__main__":
    script = Path(sys.argv.pop(1)).resolve()
    sys.path[0] = str(script.parent)
    jump()
    runpy.run_path(str(script), run_name="__main__")
