from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import threads


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def tree(root: Path, **files: str) -> Path:
    """Make a file for each keyword, `__` for `/` and `_DOT_` for `.`."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_affinity_counts_where_there_is_no_quota(tmp_path: Path) -> None:
    assert threads.available_cpus(tmp_path) == 8


def test_cores_count_where_there_is_no_affinity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.available_cpus(tmp_path) == 1


@pytest.mark.parametrize(
    ("limit", "cpus"),
    [
        ("max 100000", 8),
        ("400000 100000", 4),
        ("250000 100000", 2),
        ("50000 100000", 1),
        ("1600000 100000", 8),
        ("200000 0", 8),
        ("", 8),
        ("rubbish", 8),
    ],
)
def test_quota_of_cgroup_v2(tmp_path: Path, limit: str, cpus: int) -> None:
    root = tree(tmp_path, proc__self__cgroup="0::/\n", sys__fs__cgroup__cpu_DOT_max=f"{limit}\n")
    assert threads.available_cpus(root) == cpus


def test_the_tightest_ancestor_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        proc__self__cgroup="0::/pod/container\n",
        sys__fs__cgroup__pod__cpu_DOT_max="300000 100000\n",
        sys__fs__cgroup__pod__container__cpu_DOT_max="500000 100000\n",
    )
    assert threads.available_cpus(root) == 3


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu,cpuacct/docker/1"])
def test_quota_of_cgroup_v1(tmp_path: Path, folder: str) -> None:
    root = tree(tmp_path, proc__self__cgroup="4:memory:/\n3:cpu,cpuacct:/docker/1\n0::/\n")
    mount = root / "sys/fs/cgroup" / folder
    mount.mkdir(parents=True)
    (mount / "cpu.cfs_quota_us").write_text("200000\n")
    (mount / "cpu.cfs_period_us").write_text("100000\n")
    assert threads.available_cpus(root) == 2
    (mount / "cpu.cfs_quota_us").write_text("-1\n")
    assert threads.available_cpus(root) == 8


CONFIGURE = """
import sys
{imports}
import threads
print(threads.configure({argument}))
assert ("torch" in sys.modules) is {had_torch}
import torch, threading
worker = threading.Thread(target=lambda: print(torch.get_num_threads()))
worker.start(); worker.join()
print(torch.get_num_threads())
"""


@pytest.mark.parametrize("imports", ["", "import torch"])
def test_torch_takes_the_number_whenever_it_is_imported(imports: str) -> None:
    code = CONFIGURE.format(imports=imports, argument=1, had_torch=bool(imports))
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True
    )
    assert run.stdout.split() == ["1", "1", "1"]


def test_zero_means_all_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "available_cpus", lambda: 5)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads.configure() == 5
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_a_thread_can_use_fewer_than_others() -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threads.use, before + 1).result()
        assert pool.submit(torch.get_num_threads).result() == before + 1
    assert torch.get_num_threads() == before
    threads.use(before)  # new threads take what was said last


def test_numpys_own_threads_are_kept_out_of_the_way() -> None:
    assert python("threads.configure(4); print([i['num_threads'] for i in blas()])") == "[1]\n"


def python(code: str) -> str:
    begin = (
        "import numpy, threads; from threadpoolctl import threadpool_info\n"
        "blas = lambda: [i for i in threadpool_info() if i['user_api'] == 'blas']\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", begin + code],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return run.stdout
