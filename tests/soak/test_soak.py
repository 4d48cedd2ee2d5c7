"""A few seconds of the real thing."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import threading
from pathlib import Path

import pytest

from soak import clients, inputs
from soak.faulty import Fault
from soak.run import drain, soak, watch_health
from soak.server import Server

FAULTY = {"MODEL_NAME": "soak.faulty:FaultyDetector", "TIME_BUDGET_S": "60"}


def test_a_short_soak_finds_nothing(tmp_path: Path) -> None:
    found = soak(0.05, 8, tmp_path, seed=1)
    assert json.loads(json.dumps(found)) == found
    assert found["wrong"] == found["lost"] == found["5xx"] == found["unhandled_in_log"] == 0
    assert found["right"] > 0
    assert found["uploads_left"] == 0
    assert not any(name in found["sent"] for name in ("page: error", "page: cut off"))
    assert found["drain"]["answered"] == found["drain"]["under_way"]


@pytest.mark.parametrize("isolate", ["0", "1"])
def test_a_signal_under_load_loses_no_request(tmp_path: Path, isolate: str) -> None:
    with (tmp_path / "log").open("wb") as log:
        server = Server("api.py", log, {**FAULTY, "ISOLATE": isolate})
        server.wait_until_ready()
        workers = server.workers()
        found = drain(server)
    assert found["answered"] == found["under_way"]
    assert found["lost"] == 0
    assert len(workers) == int(isolate)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_a_full_disk_stops_the_log_alone() -> None:
    """No file can grow and the log has nowhere to go; every request is answered all the same."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    tally = clients.Tally()
    with Path("/dev/full").open("wb") as log:
        server = Server("api.py", log, FAULTY, preexec_fn=no_room)
        server.wait_until_ready()
        for _ in range(3):
            assert clients.post(server.address, inputs.faulty(Fault.PAUSE), tally) == "right"
            assert clients.post(server.address, inputs.faulty(Fault.RAISE), tally) == "prior"
        server.stop()
    assert tally.statuses == {200: 6}


READ_ONLY = """
mount --make-rprivate / 2>/dev/null || exit 77
awk '$2 !~ "^/(proc|sys|dev)" {print $2}' /proc/mounts | while read -r folder; do
    mount -o remount,ro,bind "$folder" 2>/dev/null
done
touch written /tmp/written 2>/dev/null && exit 77
exec "$@"
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts take root")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="no mount namespaces")
def test_the_api_needs_no_file_that_it_may_write(tmp_path: Path) -> None:
    tally, through = clients.Tally(), ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh")
    with (tmp_path / "log").open("wb") as log:
        server = Server("api.py", log, FAULTY, through)
        try:
            server.wait_until_ready()
        except RuntimeError:
            if server.process.wait() == 77:
                pytest.skip("no leave to mount")
            raise
        assert clients.post(server.address, inputs.faulty(Fault.PAUSE), tally) == "right"
        server.stop()
    assert server.process.returncode == -signal.SIGTERM


def test_health_is_watched_from_outside(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        server = Server("api.py", log, FAULTY)
        server.wait_until_ready()
        health = watch_health(server)
        threading.Event().wait(2)
        took = json.loads(health.communicate()[0])
        server.stop()
    assert took
    assert all(0 < seconds < 60 for seconds in took)
