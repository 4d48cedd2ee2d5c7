"""`python -m benchmarks --minutes 20`: measure in rounds until time is up, write the report.

Rounds are interleaved: each does all comparisons once, so that a machine that grows slower slows
both sides of every ratio. The first round is done whatever it takes; what a time limit cuts off is
listed in the report as not measured. `--quick` does little of everything, to see that it runs;
`--add` adds to today's report, for measuring in several sittings (`--only`, `--clients`).
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import threads
from benchmarks import machine, measure, networks, pictures, report
from benchmarks.services import SCRIPTS, environment, running
from soak.inputs import request

PARTS = ("overhead", "throughput", "scaling", "others", "start", "sharing", "instructions")
CLIENTS: tuple[int, ...] = (1, 4, 16, 64)
SIZES: tuple[float, ...] = (0.05, 0.25, 1, 4, 12, 25, 50, 100)  # megapixels
TYPICAL = 0.786  # megapixels: 1024 x 768, for the overhead
SMALL = 0.307  # megapixels: 640 x 480, for the load; what serving costs weighs more
PICTURES = 4  # different ones, sent in turn
FEWEST = 24  # requests for a rate: eight are over before two of them have met in the queue
LARGE = 10  # megapixels from which one repetition is enough


class Clock:
    """How much of the time is left."""

    def __init__(self, minutes: float) -> None:
        self._due = time.monotonic() + 60 * minutes

    def left(self) -> bool:
        return time.monotonic() < self._due


def main() -> int:  # noqa: PLR0912, PLR0915 - one measurement after the other
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="no new measurement after this")
    parser.add_argument("--rounds", type=int, default=5, help="at most")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--model", default="editscope/base")
    parser.add_argument("--threads", type=int, default=0, help="0 = all")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--add", action="store_true", help="to today's report")
    parser.add_argument("--quick", action="store_true", help="little of everything")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the services end with us
    clock = Clock(options.minutes)
    count = options.threads or threads.available_cpus()
    clients, sizes, typical, small = options.clients, SIZES, TYPICAL, SMALL
    if options.quick:
        clients, sizes, options.rounds = (1, 4), SIZES[:2], 1
        typical = small = SIZES[0]
    about = machine.describe() | {"threads": count, "model": options.model}
    about |= {"megapixels": {"overhead": typical, "throughput": small}}
    before = report.earlier(options.out) if options.add else {}
    samples: dict[str, dict[str, list[float]]] = {
        part: defaultdict(list, before.get("samples", {}).get(part, {})) for part in PARTS
    }
    scaling: list[dict[str, float]] = before.get("scaling", [])
    levels: list[dict[str, Any]] = before.get("instructions", [])
    skipped: list[str] = []

    def say(what: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)

    def save() -> Path:
        """Write what there is: a part that fails takes no other with it."""
        figures = report.summarise(samples, scaling) | {
            "date": time.strftime("%Y-%m-%d"),
            "machine": about,
            "instructions": levels,
            "skipped": skipped,
        }
        return report.write(figures, options.out)

    if "start" in options.only:
        for number in range(min(3, options.rounds)):
            for script in ("api.py", "app.py"):
                if clock.left() or number == 0:
                    say(f"start {script}")
                    measure.cold_start(script, options.model, count, samples["start"])

        save()
    service = measure.bare_detector(options.model, count)
    if {"overhead", "throughput"} & set(options.only):
        data = [pictures.jpeg(typical, seed) for seed in range(PICTURES)]
        bodies = [request(encoded) for encoded in data]
        load = [pictures.body(small, seed) for seed in range(PICTURES)]
        names = list(SCRIPTS) if "throughput" in options.only else ["editscope"]
        with ExitStack() as stack:
            servers = {}
            for name in names:
                say(f"starting {name}")
                log = stack.enter_context(tempfile.TemporaryFile())
                settings = environment(name, options.model, count)
                try:
                    servers[name] = stack.enter_context(running(SCRIPTS[name], log, settings))
                except RuntimeError as error:
                    log.seek(0)
                    say(f"{name}: {error}\n{log.read().decode(errors='replace')[-2000:]}")
                    skipped.append(f"{name}: it did not start")
            for number in range(options.rounds):
                for index in range(len(data) if "overhead" in options.only else 0):
                    if clock.left() or number == 0:
                        measure.overhead(
                            servers["editscope"],
                            service,
                            bodies[index],
                            data[index],
                            samples["overhead"],
                        )
                for waiting in clients if "throughput" in options.only else ():
                    if clock.left():
                        say(f"round {number + 1}: {waiting} clients")
                        requests = max(FEWEST, 2 * waiting)
                        measure.throughput(servers, load, waiting, requests, samples["throughput"])
                    elif number == 0:
                        skipped.append(f"throughput at {waiting} clients: time was up")
        save()
    if "scaling" in options.only:
        scaling = []
        for megapixels in sizes:
            if clock.left():
                say(f"{megapixels} megapixels")
                rounds = 1 if options.quick or megapixels >= LARGE else 3
                scaling.append(measure.scaling(options.model, count, megapixels, rounds))
            else:
                skipped.append(f"{megapixels} megapixels: time was up")
        save()
    if "others" in options.only:
        network = networks.trufor_sized()
        for number in range(min(3, options.rounds)):
            for megapixels in (sizes[0],) if options.quick else (0.25, 1):
                if clock.left() or number == 0:
                    say(f"other networks at {megapixels} megapixels")
                    measure.others(service, network, megapixels, samples["others"])
        save()
    if "instructions" in options.only:
        say("instructions and precision")
        if clock.left():
            levels = measure.instructions(options.model, count, sizes[1] if options.quick else 1, 3)
        else:
            skipped.append("instructions: time was up")
        save()
    if "sharing" in options.only:
        say("page and API on one engine")
        body = request(pictures.jpeg(sizes[1]))
        try:
            measure.sharing(
                options.model, count, [body], 8 if options.quick else 32, samples["sharing"]
            )
        except Exception as error:  # the page's client raises what it likes; the rest is measured
            skipped.append(f"sharing: {error!r}")

    path = save()
    print(path.with_suffix(".md").read_text())
    say(f"written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
