"""What is measured. Each function does one round of one comparison and adds to what it is given."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import threads as cpu_threads
from benchmarks import load, networks, pictures
from benchmarks.instructions import LEVELS
from benchmarks.services import environment, models_dir, running
from detector.deadline import Deadline
from detector.imaging import decode
from detector.registry import create_service
from detector.service import Detector
from detector.verdict import decide
from soak.server import ROOT, Server

Samples = dict[str, list[float]]  # a defaultdict
SETTLE_S = 0.3  # idle OpenMP threads spin for a fifth of a second and would slow the other side


def overhead(server: Server, service: Detector, body: bytes, data: bytes, found: Samples) -> None:
    """The bare detector call, the call with codecs, and /predict, one after the other."""
    connection = http.client.HTTPConnection(*server.address, timeout=load.PATIENCE_S)
    image = decode(data)

    def bare() -> None:
        service.detect(image, Deadline.never())

    def codecs() -> None:
        pixels = decode(data)
        decide(service.detect(pixels, Deadline.never()), pixels.shape[:2]).to_response()

    def request() -> None:
        if not load.post(connection, body):
            raise RuntimeError("/predict failed")

    for name, work in (("bare", bare), ("codecs", codecs), ("predict", request)):
        time.sleep(SETTLE_S)
        found[name].append(seconds(work))
    connection.close()


def throughput(
    servers: dict[str, Server], bodies: list[bytes], clients: int, requests: int, found: Samples
) -> None:
    """The same load on each service, one after the other."""
    for name, server in servers.items():
        time.sleep(SETTLE_S)
        peak, stop = [0], threading.Event()

        def watch(
            server: Server = server, peak: list[int] = peak, stop: threading.Event = stop
        ) -> None:
            while not stop.wait(0.2):
                peak[0] = max(peak[0], server.resident() + server.workers_resident())

        watcher = threading.Thread(target=watch)
        watcher.start()
        run = load.run(server.address, bodies, requests, clients)
        stop.set()
        watcher.join()
        key = f"{name}/{clients}"
        found[f"{key}/throughput"].append(run.throughput)
        found[f"{key}/failures"].append(run.failures)
        found[f"{key}/resident_mb"].append(peak[0] / 2**20)
        for share in (50, 95, 99):
            found[f"{key}/p{share}"].append(run.quantile(share / 100))


def scaling(model: str, count: int, megapixels: float, rounds: int) -> dict[str, float]:
    """One size in a fresh process; see `benchmarks.scaling`."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(pictures.jpeg(megapixels))
        file.flush()
        command = [sys.executable, "-m", "benchmarks.scaling", model, str(count), file.name]
        done = subprocess.run([*command, str(rounds)], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def instructions(model: str, count: int, megapixels: float, rounds: int) -> list[dict[str, Any]]:
    """Both precisions at each level of instructions, each in a process of its own."""
    found = []
    for level in LEVELS:
        limits = {} if level == "default" else {"ONEDNN_MAX_CPU_ISA": level}
        command = [sys.executable, "-m", "benchmarks.instructions", model, str(count)]
        done = subprocess.run(
            [*command, str(megapixels), str(rounds)],
            cwd=ROOT,
            env={**os.environ, **limits},
            stdout=subprocess.PIPE,
            check=True,
        )
        found.append({"level": level} | json.loads(done.stdout))
    return found


def others(service: Detector, network: Any, megapixels: float, found: Samples) -> None:
    """Our detector, DQ and a network of TruFor's size on the same pixels."""
    image = pictures.pixels(megapixels)
    for name, work in (
        ("editscope", lambda: service.detect(image, Deadline.never())),
        ("dq", lambda: networks.double_quantisation(image)),
        ("trufor_sized", lambda: networks.judge(network, image)),
    ):
        found[f"{name}/{megapixels}"].append(seconds(work))


def cold_start(script: str, model: str, count: int, found: Samples) -> None:
    """From the process's start to `/readyz`, from a warm disk."""
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        server = Server(script, log, environment("editscope", model, count))
        try:
            server.wait_until_ready()
            found[script].append(time.perf_counter() - started)
        finally:
            server.stop()


def sharing(model: str, count: int, bodies: list[bytes], requests: int, found: Samples) -> None:
    """The API alone, then beside people at the page, on one engine."""
    from gradio_client import Client, handle_file

    with (
        tempfile.TemporaryFile() as log,
        running("app.py", log, environment("editscope", model, count)) as server,
        tempfile.NamedTemporaryFile(suffix=".jpg") as file,
    ):
        file.write(pictures.jpeg(0.2))
        file.flush()
        alone = load.run(server.address, bodies, requests, 4)
        stop, done = threading.Event(), list[float]()

        def visit() -> None:
            client = Client(server.url, verbose=False)
            while not stop.is_set():
                done.append(
                    seconds(lambda: client.predict(handle_file(file.name), api_name="/analyse"))
                )

        visitors = [threading.Thread(target=visit, daemon=True) for _ in range(2)]
        for visitor in visitors:
            visitor.start()
        due = time.monotonic() + load.PATIENCE_S
        while not done and time.monotonic() < due and any(v.is_alive() for v in visitors):
            time.sleep(0.05)
        done.clear()
        shared = load.run(server.address, bodies, requests, 4)
        stop.set()
        for visitor in visitors:
            visitor.join(load.PATIENCE_S)
    found["api_alone_p50_s"].append(alone.quantile(0.5))
    found["api_shared_p50_s"].append(shared.quantile(0.5))
    found["page_p50_s"].append(float(np.median(done)) if done else float("nan"))
    found["page_answers"].append(len(done))
    found["failures"].append(alone.failures + shared.failures)


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bare_detector(model: str, count: int) -> Detector:
    """The detector in this process, loaded and warm."""
    cpu_threads.configure(count)
    service = create_service(model, models_dir())
    if not isinstance(service, Detector):
        raise SystemExit(f"{model} does not take pixels")
    service.load_model()
    cpu_threads.configure(count)
    service.detect(pictures.pixels(0.2), Deadline.never())
    return service
