"""How many CPU threads inference may use: affinity and container quota, not the host's cores.

Torch sizes its pool from the host's cores. Inside a container with a quota the surplus threads are
throttled by the scheduler and inference becomes several times slower.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from threadpoolctl import threadpool_limits


def available_cpus(root: Path = Path("/")) -> int:
    """CPUs this process may use: the lesser of its affinity and its cgroup quota, at least 1.

    A quota of 2.5 CPUs counts as 2: a thread more would be throttled.

    Args:
        root: where `/proc` and `/sys` are found.
    """
    cpus = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows, which have no cgroups either
        cpus = len(os.sched_getaffinity(0))
    return max(1, min([cpus, *map(int, _quotas(root))]))


def configure(num_threads: int = 0) -> int:
    """Size the thread pools of torch and other OpenMP users; return the number of threads.

    Call it before a model library is imported. Torch need not be installed.

    Args:
        num_threads: 0 takes `available_cpus()`.
    """
    count = num_threads or available_cpus()
    os.environ["OMP_NUM_THREADS"] = str(count)  # for runtimes that are imported from here on
    # A thread that waits for the others spins by default: beside any other work on those cores, our
    # own web server's too, it keeps them from what it waits for, and takes five times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # NumPy's BLAS has a pool of its own, which spins as well; what it multiplies here is small.
    threadpool_limits(1, "blas")
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(count)
    return count


def use(num_threads: int) -> None:
    """Have this thread's calls of torch use that many threads; those of others stay as they are."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(num_threads)


def _quotas(root: Path) -> Iterator[float]:
    """CPUs granted at every level of this process's cgroups that sets a limit, v2 and v1."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            for folder in _levels(root / "sys/fs/cgroup", path):
                yield from _ratio(*_read(folder / "cpu.max").split())
        elif "cpu" in controllers.split(","):
            for folder in _levels(root / "sys/fs/cgroup" / controllers, path):
                quota = _read(folder / "cpu.cfs_quota_us").strip()
                yield from _ratio(quota, _read(folder / "cpu.cfs_period_us").strip())


def _levels(mount: Path, path: str) -> Iterator[Path]:
    """The cgroup's folder and its ancestors; inside a container only the mount itself exists."""
    relative = PurePosixPath(path.lstrip("/"))
    for level in (relative, *relative.parents):
        yield mount / level


def _ratio(quota: str = "max", period: str = "") -> Iterator[float]:
    if quota.isdigit() and period.isdigit() and int(period) > 0:  # "max" and "-1" mean no limit
        yield int(quota) / int(period)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
