"""Test a service with the test data sets, or with a folder of your own labelled pictures.

Exit status: 0 all right, 1 a sample failed, 2 no service or nothing to ask, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import anyio
from pyarrow import ArrowException
from tqdm import tqdm

from scoring.client import TIMEOUT_S, BadAddress, Client, Unreachable
from scoring.datasets import QUICK, DataSet, NothingToAsk, stored
from scoring.results import Result, ResultsError, read, write
from scoring.run import Run, ask_all
from testsets.schema import CATEGORIES, SchemaError

URL = "http://localhost:8000"
DATASETS = Path(__file__).parents[1] / "scripts" / "test_datasets"
AT_ONCE = 4  # requests: as many as the template's own example figures come to
RIGHT, FAILED, NO_SERVICE, INTERRUPTED = 0, 1, 2, 130


@dataclass
class Ended:
    """How a run came to its end."""

    status: int = RIGHT
    message: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        datasets = chosen(options)
        if options.diff is not None:
            earlier = (str(options.diff), read(options.diff)[1])
        runs, ended = ask(options, datasets)
    except (NothingToAsk, BadAddress, ResultsError, SchemaError, ArrowException, OSError) as error:
        return refuse(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    if not runs[0].results:
        return refuse(ended.message, ended.status) if ended.message else ended.status
    if ended.message:
        refuse(ended.message)
    pairs = [(earlier, (runs[0].service, runs[0].results))] if options.diff is not None else []
    pairs += [((runs[0].service, runs[0].results), (run.service, run.results)) for run in runs[1:]]
    try:
        tell(options, datasets, runs, pairs, complete=ended.status == RIGHT)
    except OSError as error:
        return refuse(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    failed = any(not item.succeeded for run in runs for item in run.results)
    return ended.status or (FAILED if failed else RIGHT)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="test_datasets.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", default=URL, help="the service, /predict is added (%(default)s)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} samples of each data set")
    parser.add_argument("--category", nargs="+", choices=CATEGORIES, default=[])
    parser.add_argument("--dataset", nargs="+", default=[], help="these alone, by name")
    parser.add_argument("--datasets", type=Path, default=DATASETS, metavar="DIR",
                        help="where they are (scripts/test_datasets)")  # fmt: skip
    parser.add_argument("--concurrency", type=positive, default=AT_ONCE, metavar="N",
                        help="requests at a time (%(default)s)")  # fmt: skip
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="S",
                        help="seconds an answer may take (%(default)g)")  # fmt: skip
    parser.add_argument("--exact", action="store_true",
                        help="want EditScope's own statuses and error codes")  # fmt: skip
    parser.add_argument("--folder", type=Path, help="your pictures, in sub-folders named by label")
    parser.add_argument("--manifest", type=Path, help="CSV: path, label, mask_path")
    parser.add_argument("--compare", metavar="URL2", help="another service, sample by sample")
    parser.add_argument("--diff", type=Path, metavar="FILE", help="earlier --results to compare to")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep every answer as Parquet")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write one HTML file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the summary")
    return parser


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def chosen(options: argparse.Namespace) -> list[DataSet]:
    """The data sets that the options name.

    Raises:
        NothingToAsk: there are none.
    """
    limit = QUICK if options.quick else None
    if options.folder is None and options.manifest is None:
        return stored(options.datasets, options.category, options.dataset, limit)
    from scoring import folder

    if options.manifest is None:
        return list(folder.labelled(options.folder, limit))
    where = options.folder or options.manifest.parent
    return list(folder.listed(where, options.manifest, limit))


def ask(options: argparse.Namespace, datasets: Sequence[DataSet]) -> tuple[list[Run], Ended]:
    """A run for each service; an interruption or a lost service ends the last of them early.

    Raises:
        BadAddress: an address is not one.
        NothingToAsk, SchemaError, ArrowException, OSError: a data set cannot be read.
    """
    runs: list[Run] = []
    total = sum(len(dataset) for dataset in datasets)
    if options.compare:  # else a typing error there would show after the whole first run
        try:
            anyio.run(knock_at, options.compare)
        except Unreachable as error:
            return [Run(options.url)], Ended(NO_SERVICE, str(error))
    for url in [options.url, *([options.compare] if options.compare else [])]:
        client = Client(url, options.concurrency, options.timeout)
        runs.append(run := Run(client.address))
        with tqdm(total=total, unit="sample", desc=run.service, disable=None) as bar:
            failed = 0

            def progress(result: Result, bar: tqdm[NoReturn] = bar) -> None:
                nonlocal failed
                failed += not result.succeeded
                bar.set_postfix_str(f"{failed} failed", refresh=False)
                bar.update()

            async def all_of_it(client: Client = client, run: Run = run) -> None:
                async with client:
                    await ask_all(
                        run,
                        client,
                        datasets,
                        options.concurrency,
                        exact=options.exact,
                        progress=progress,
                    )

            try:
                anyio.run(all_of_it)
            except Unreachable as error:
                return runs, Ended(NO_SERVICE, str(error))
            except KeyboardInterrupt:
                reached = f"{len(run.results)} of {total}"
                return runs, Ended(INTERRUPTED, f"Interrupted after {reached} samples.")
    return runs, Ended()


async def knock_at(url: str) -> None:
    """Raises Unreachable, or BadAddress."""
    async with Client(url) as client:
        await client.knock()


Named = tuple[str, Sequence[Result]]


def tell(
    options: argparse.Namespace,
    datasets: Sequence[DataSet],
    runs: Sequence[Run],
    pairs: Sequence[tuple[Named, Named]],
    *,
    complete: bool,
) -> None:
    """Print, and write what the options ask for.

    Raises:
        OSError: a file cannot be written.
    """
    from scoring import diff, document, html, printed
    from scoring.findings import Findings

    if options.results is not None:  # first: whatever happens below, the answers are kept
        paths = [options.results, options.results.with_stem(f"{options.results.stem}-compare")]
        for path, run in zip(paths, runs, strict=False):
            write(path, run.service, run.results)
    compared = [
        diff.differ((first[0], other[0]), first[1], other[1]) for first, other in pairs if other[1]
    ]
    found = [
        Findings.of(run, () if place else compared, at_once=options.concurrency, complete=complete)
        for place, run in enumerate(run for run in runs if run.results)
    ]
    if options.report is not None:
        html.write(options.report, found[0], datasets)
    if options.json:
        main, *other = (document.document(item) for item in found)
        whole = {**main, "other": other[0]} if other else main
        print(json.dumps(whole, indent=1, allow_nan=False))
        return
    for item in found:
        print(f"{printed.summary(item)}\n")
    for difference in compared:
        print(f"{printed.difference(difference)}\n")
    for path in (options.report, options.results):
        if path is not None:
            print(f"Written: {path}")


def refuse(message: str, status: int = NO_SERVICE) -> int:
    print(message, file=sys.stderr)
    return status
