"""Make the 100 test data sets that `scripts/test_datasets.py` sends to a service.

    python scripts/generate_test_datasets.py
    python scripts/generate_test_datasets.py --category edge_case --out /tmp/sets

Nothing is downloaded. The same seed gives the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # as a script, only its own folder would be on the path

from tqdm import tqdm  # noqa: E402

from testsets import writer  # noqa: E402
from testsets.catalog import data_sets  # noqa: E402
from testsets.schema import CATEGORIES  # noqa: E402

OUT = ROOT / "scripts" / "test_datasets"
MEBIBYTE = 2**20


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when all is written, 1 when it cannot be; argparse exits with 2."""
    options = parser().parse_args(arguments)
    try:
        return run(options)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; what is written is complete, the summary is missing", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Make test data sets with ground truth for services of the challenge's "
        "contract: 100 Parquet files, 25 a category, a description of each, and a summary.",
        epilog="exit status: 0 all written; 1 a file or folder cannot be written, or dyff-client "
        "is missing for --dyff; 2 wrong usage; 130 interrupted",
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder, made if need be [scripts/test_datasets]"
    )
    parser.add_argument("--seed", type=seed, default=0, help="another seed, other pictures [0]")
    parser.add_argument("--category", choices=CATEGORIES, help="of the four, this one alone")
    parser.add_argument("--dataset", metavar="NAME", help="this one alone, e.g. edge_case_17")
    parser.add_argument(
        "--samples",
        type=count,
        metavar="N",
        help="samples a data set: just so many where any number can be made (standard, "
        "model_comparison), else at most so many",
    )
    parser.add_argument(
        "--dyff",
        action="store_true",
        help="also write <name>.dyff/, the same pictures as the Dyff platform's tools take them; "
        "needs requirements-submit.txt",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    return parser


def seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a seed is 0 or more")
    return value


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def run(options: argparse.Namespace) -> int:
    chosen = data_sets(options.category)
    if options.dataset:
        chosen = [item for item in chosen if item.name == options.dataset]
        if not chosen:
            print(f"error: there is no data set {options.dataset}", file=sys.stderr)
            return 2
    if options.dyff and not dyff_installed():
        print("error: --dyff needs pip install -r requirements-submit.txt", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    entries: list[dict[str, Any]] = []
    hidden = options.quiet or None  # None: shown on a terminal alone
    with tqdm(chosen, unit="set", disable=hidden, dynamic_ncols=True) as bar:
        for item in bar:
            bar.set_postfix_str(item.name)
            entries.append(writer.write(item, options.out, options.seed, options.samples))
            if options.dyff:
                from testsets import dyff

                dyff.write(item.name, options.out)
    summary = writer.summarise(entries, options.seed)
    writer.write_json(options.out / writer.SUMMARY, summary)
    if not options.quiet:
        report(summary, options.out, time.monotonic() - started)
    return 0


def dyff_installed() -> bool:
    from importlib.util import find_spec

    try:
        return find_spec("dyff.schema") is not None
    except ModuleNotFoundError:  # of the package around it
        return False


def report(summary: dict[str, Any], folder: Path, seconds: float) -> None:
    for category, part in summary["categories"].items():
        print(
            f"{category:17} {part['data_sets']:4} data sets {part['samples']:6,} samples "
            f"{part['bytes'] / MEBIBYTE:8.1f} MiB"
        )
    print(
        f"{'all':17} {summary['data_sets']:4} data sets {summary['samples']:6,} samples "
        f"{summary['bytes'] / MEBIBYTE:8.1f} MiB in {seconds:.0f} s, in {folder}"
    )


if __name__ == "__main__":
    sys.exit(main())
