"""Make the manifests for calibration and for the report, from pictures training never saw.

    python -m training.validation --store data/store --pack data/pack --edited data/edited \
        --out data/validation

Writes `calibration.csv` and `report.csv` (columns path, label, mask_path, set, kind, source; paths
relative to `--out`), and into the pack `published.csv`, what is left to training. No picture, and
no third-party edited set but NIST's, is in two of them. Of either local label some are composed
from held-out sources for calibration; the report holds third-party pictures only.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from detector.contract import Labels
from training.compose import Composer
from training.pack import Pack
from training.pool import CALIBRATING, HELD_OUT
from training.published import FILE_NAME

COLUMNS = ("path", "label", "mask_path", "set", "kind", "source")
PATHS = ("path", "mask_path", "original_path")
PER_SOURCE = 12  # pictures of one held-out source in each manifest: no source may dominate
SPARE = 20  # more of it for calibration alone: false alarms are few, and counted one by one
EACH = 16  # pictures of a source that is for calibration alone
EDITED_LATER = {"grip_originals"}  # copy-moves made from them are reported on: not to calibrate on
MAX_PIXELS = 5_000_000  # of a picture: keeps a report on two cores within minutes
UNREADABLE = (".tif", ".tiff")  # formats that `/predict` does not take
COMPOSED = 40  # pictures of each local label made for calibration
COMPOSED_SIDE = 384  # pixels
TRAINED = {  # collected edited sets that training may have
    "lalonde_composites", "voc_splice", "casia2", "migan_examples", "deepfillv2_official",
    "hdpainter_results", "shayshoon_inpainting", "objectstitch_bcmi", "ace_plus",
    "brushnet_examples", "kolors_inpainting", "truong_removal",
    "agarnung_inpaint", "aliemre_copymove", "bargainnet_example", "caomw_demo", "caomw_reveal",
    "colortransfer_bcmi", "cor3bit_removal", "cvip_copymove", "gabfrancon_removal", "gpgan_test",
    "johnston_tamper", "libcom_composite", "lonelyotter_removal", "mihawkhu_inpaint",
    "poorya_removal", "raise_square_splice2", "saragog_edit", "smarteraser_paste",
    "sonali_copymove", "tales_copymove", "tianchi_text", "voc_splice_test", "wuhuikai_faceswap",
    "ace_plus2", "csafe_photoshop", "erasenet_example", "jkotoun_removal", "osinsert_bcmi",
    "pscc_samples", "samsung_eraser",
    "crfill", "deepfillv1_daa233", "exe_gan", "lama_ironjr", "lbam", "magic_inpainter", "misf",
    "remove_anything_lai", "sketchedit",
}  # fmt: skip
CALIBRATED = {  # and calibration; the rest is for the report
    "comofod", "iopaint_assets", "csqiangwen_deepfillv2", "matt576_editing", "yorkin_splice",
    "sutardja_copymove", "poisson_student", "vix_inpaint", "step1x_edit",
}  # fmt: skip
LARGEST_REGION = 0.5  # of a picture trained on: above it the rest is the exception
TRAINED_SIDE = 256  # pixels: smaller pictures would be known by their mirrored borders
NIST_EACH = 40  # of the 183 NIST pictures in each manifest; training may have the others
Row = dict[str, str]


def held_out(store: Path, rng: np.random.Generator) -> tuple[list[Row], list[Row]]:
    """Whole pictures of held-out sources, for calibration and for the report, source by source.

    Sources for calibration alone have a generator of their own: adding one leaves the report alone.
    """
    by_source: dict[str, list[Row]] = defaultdict(list)
    with (store / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["source"] in HELD_OUT and int(row["width"]) * int(row["height"]) < MAX_PIXELS:
                by_source[row["source"]].append(row)
    calibration: list[Row] = []
    report: list[Row] = []
    for source in sorted(by_source.keys() - CALIBRATING):
        rows = by_source[source]
        order = rng.permutation(len(rows))
        half = min(PER_SOURCE, len(rows) // 2)
        report += [_whole(store, rows[i]) for i in order[half : 2 * half]]
        if source not in EDITED_LATER:
            rest = [*order[:half], *order[2 * half : 2 * half + SPARE]]
            calibration += [_whole(store, rows[i]) for i in rest]
    own = np.random.default_rng(0)
    for source in sorted(by_source.keys() & CALIBRATING):
        rows = by_source[source]
        calibration += [_whole(store, rows[i]) for i in own.permutation(len(rows))[:EACH]]
    return calibration, report


def third_party(edited: Path, rng: np.random.Generator) -> tuple[list[Row], list[Row], list[Row]]:
    """Published edits with masks, for calibration, report and training.

    Of NIST's there are some for each purpose; all others are for the report.
    """
    nist: list[Row] = []
    report: list[Row] = []
    with (edited / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            mask = edited / row["mask_path"] if row["mask_path"] else None
            target = nist if row["set"].startswith("nist") else report
            about = (row["set"], row.get("kind", ""), row["set"])
            target.append(_row(edited / row["path"], row["label"], mask, about))
    order = rng.permutation(len(nist))
    calibration = [nist[i] for i in order[:NIST_EACH]]
    report += [nist[i] for i in order[NIST_EACH : 2 * NIST_EACH]]
    return calibration, report, [nist[i] for i in order[2 * NIST_EACH :]]


def collected(store: Path) -> tuple[list[Row], list[Row], list[Row]]:
    """The edited pictures that `training.collect_edited` gathered, split as `third_party` does."""
    calibration: list[Row] = []
    report: list[Row] = []
    training: list[Row] = []
    with (store / "edited.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            width, height = int(row["width"]), int(row["height"])
            about = (row["source"], row["kind"], row["source"])
            chosen = _row(store / row["path"], row["label"], store / row["mask_path"], about)
            unreadable = row["path"].endswith(UNREADABLE) and row["source"] not in TRAINED
            if width * height > MAX_PIXELS or unreadable:
                continue
            if row["source"] not in TRAINED:
                (calibration if row["source"] in CALIBRATED else report).append(chosen)
            elif float(row["edited_share"]) < LARGEST_REGION and min(width, height) >= TRAINED_SIDE:
                original = row["original_path"]
                path = str((store / original).resolve()) if original else ""
                training.append({**chosen, "original_path": path})
    return calibration, report, training


def composed(pack: Path, out: Path) -> list[Row]:
    """Local edits of held-out pictures with held-out donors, written as PNG."""
    composer = Composer(Pack(pack), COMPOSED_SIDE, seed=1, held_out=True)
    wanted = {Labels.LocallyEdited: COMPOSED, Labels.LocallySynthesized: COMPOSED}
    rows: list[Row] = []
    number = 0
    (out / "composed").mkdir(parents=True, exist_ok=True)
    while any(wanted.values()):
        sample = composer.sample(number)
        label = Labels(sample.label)
        if wanted.get(label, 0):
            wanted[label] -= 1
            picture, mask = (out / "composed" / f"{number}{end}.png" for end in ("", "_mask"))
            Image.fromarray(sample.image).save(picture)
            Image.fromarray((sample.mask > 0).astype(np.uint8) * 255).save(mask)
            about = (f"composed_{sample.kind}", sample.kind, "composed")
            rows.append(_row(picture, label.name, mask, about))
        number += 1
    return rows


def _whole(store: Path, row: Row) -> Row:
    about = (f"held_{row['label']}", row["generator_or_camera"], row["source"])
    return _row(store / row["path"], row["label"], None, about)


def _row(path: Path, label: str, mask: Path | None, about: tuple[str, str, str]) -> Row:
    """`about` has set, kind and source."""
    resolved = str(mask.resolve()) if mask else ""
    values = (str(path.resolve()), label, resolved, *about)
    return dict(zip(COLUMNS, values, strict=True))


def _write(rows: list[Row], path: Path, columns: tuple[str, ...] = COLUMNS) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in rows:
            relative = {
                name: os.path.relpath(row[name], path.parent.resolve())
                for name in PATHS
                if row.get(name)
            }
            writer.writerow(row | relative)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("data/store"))
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--edited", type=Path, default=Path("data/edited"))
    parser.add_argument("--out", type=Path, default=Path("data/validation"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    whole = held_out(arguments.store, rng)
    edits = third_party(arguments.edited, rng)
    others = collected(arguments.store)
    calibration = [
        *whole[0], *edits[0], *others[0], *composed(arguments.pack, arguments.out)
    ]  # fmt: skip
    report = [*whole[1], *edits[1], *others[1]]
    _write(calibration, arguments.out / "calibration.csv")
    _write(report, arguments.out / "report.csv")
    left = [*edits[2], *others[2]]
    _write(left, arguments.pack / FILE_NAME, (*COLUMNS, "original_path"))
    print(
        f"{len(calibration)} pictures to calibrate on, {len(report)} to report on, "
        f"{len(left)} to train on"
    )


if __name__ == "__main__":
    main()
