from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.generate_test_datasets import main
from testsets.schema import read_samples

SCRIPT = Path(__file__).parents[2] / "scripts" / "generate_test_datasets.py"
ONE = [
    "--dataset",
    "edge_case_19",
    "--samples",
    "2",
]  # files that are no pictures: nothing is drawn


def test_one_data_set_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "folder"
    assert main(["--out", str(folder), *ONE]) == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "datasets_summary.json",
        "edge_case_19.parquet",
        "edge_case_19_metadata.json",
    ]
    assert len(list(read_samples(folder / "edge_case_19.parquet"))) == 2
    summary = json.loads((folder / "datasets_summary.json").read_text("utf-8"))
    assert summary["samples"] == 2
    assert "1 data sets" in capsys.readouterr().out


def test_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--quiet", *ONE]) == 0
    assert capsys.readouterr() == ("", "")


def test_it_runs_from_anywhere(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, SCRIPT, "--out", "sets", "--quiet", *ONE], cwd=tmp_path, check=True
    )
    assert (tmp_path / "sets" / "edge_case_19.parquet").exists()


def test_a_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--out", str(tmp_path / "file" / "sets"), *ONE]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_an_unknown_data_set_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path), "--dataset", "edge_case_99"]) == 2
    assert "edge_case_99" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["--samples", "0"], ["--seed", "-1"], ["--category", "other"], ["--samples", "x"]]
)
def test_wrong_options_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_help_names_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "exit status" in capsys.readouterr().out


def test_the_dyff_form_can_be_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("dyff.schema")
    chosen = ["--dataset", "edge_case_15", "--samples", "3", "--quiet"]
    assert main(["--out", str(tmp_path), "--dyff", *chosen]) == 0
    assert (tmp_path / "edge_case_15.dyff" / "inputs" / "part-0.parquet").exists()


def test_without_dyff_it_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["--out", str(tmp_path), "--dyff", *ONE]) == 1
    assert "requirements-submit.txt" in capsys.readouterr().err
