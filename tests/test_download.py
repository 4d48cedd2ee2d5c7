"""`download-model.sh` as it is, in a process of its own, against a stand-in of the Hub."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts import manifest
from tests.hub import COMMIT, TOKEN, Hub, serve

ROOT = Path(__file__).parents[1]
CONFIG = b'{"model_type": "editscope"}\n'
WEIGHTS = bytes(range(256)) * 1200  # some chunks of a socket
CHUNK = 10 * 2**20  # what the Hub client writes at a time; less is lost when a line breaks
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def hub() -> Iterator[Hub]:
    files = {"config.json": CONFIG, "model.safetensors": WEIGHTS, "pytorch_model.bin": b"pickle"}
    with serve(Hub(files)) as hub:
        yield hub


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the repository, as far as the script goes, with an embedded model."""
    shutil.copy(ROOT / "download-model.sh", tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    embedded = tmp_path / "models/editscope/base"
    embedded.mkdir(parents=True)
    (embedded / "config.json").write_bytes(CONFIG)
    (embedded / "model.safetensors").write_bytes(WEIGHTS)
    listed = {"editscope/base": manifest.describe(embedded)}
    manifest.write(tmp_path / "models/manifest.json", listed)
    return tmp_path


@pytest.fixture
def run(clone: Path, hub: Hub) -> Run:
    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        mine = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(clone / "home")}
        done = subprocess.run(
            ["./download-model.sh", *arguments],
            cwd=clone,
            env={**mine, "HF_ENDPOINT": hub.url, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done

    return run


def fetched(clone: Path, model: str = "acme/detector") -> dict[str, bytes]:
    folder = clone / "models" / model
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def leftovers(clone: Path) -> list[str]:
    return [path.name for path in clone.rglob("*.part")]


def pinned(clone: Path) -> dict[str, manifest.Entry]:
    return manifest.read(clone / "models/manifest.json")


def test_the_repositorys_own_model_is_as_listed() -> None:
    entry = manifest.read(ROOT / "models/manifest.json")["editscope/base"]
    assert list(manifest.faults(ROOT / "models/editscope/base", entry)) == []
    assert sorted(entry.files) == manifest.names(ROOT / "models/editscope/base")


def test_with_nothing_to_fetch_the_embedded_model_stays(run: Run, hub: Hub, clone: Path) -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "models/editscope/base/ is whole (2 files, 0.3 MB)" in done.stdout
    assert hub.requests == []
    assert fetched(clone, "editscope/base")["model.safetensors"] == WEIGHTS


@pytest.mark.parametrize(
    ("content", "words"),
    [(POINTER, "is a Git LFS pointer"), (b"{}", "is damaged"), (None, "is missing")],
)
def test_an_embedded_model_that_is_not_whole(
    run: Run, clone: Path, content: bytes | None, words: str
) -> None:
    path = clone / "models/editscope/base/model.safetensors"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    done = run()
    assert done.returncode == 1
    assert f"models/editscope/base/model.safetensors {words}" in done.stderr


def test_a_model_is_fetched_without_what_runs_code(run: Run, clone: Path) -> None:
    done = run("acme/detector", COMMIT)
    assert done.returncode == 0, done.stderr
    assert fetched(clone) == {"config.json": CONFIG, "model.safetensors": WEIGHTS}
    assert leftovers(clone) == []
    assert f"acme/detector at {COMMIT} is in models/acme/detector/." in done.stdout


def test_the_environment_says_it_as_well(run: Run, clone: Path) -> None:
    done = run(MODEL_REPO="acme/detector", MODEL_REVISION="main", MODEL_DIR="models/my/own")
    assert done.returncode == 0, done.stderr
    assert sorted(fetched(clone, "my/own")) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("way", ["--token-file", "HF_TOKEN_FILE", "HF_TOKEN"])
def test_a_private_model_with_its_token(run: Run, hub: Hub, clone: Path, way: str) -> None:
    hub.private = True
    file = clone / "token"
    file.write_text(f"{TOKEN}\n")
    if way == "--token-file":
        done = run("acme/detector", way, str(file))
    else:
        done = run("acme/detector", **{way: TOKEN if way == "HF_TOKEN" else str(file)})
    assert done.returncode == 0, done.stderr
    assert hub.gets("model.safetensors")[0]["authorization"] == f"Bearer {TOKEN}"
    file.unlink()
    holders = [path for path in clone.rglob("*") if path.is_file() and token_in(path)]
    assert holders == []


def token_in(path: Path) -> bool:
    return TOKEN.encode() in path.read_bytes()


def test_another_host_does_not_see_the_token(run: Run, hub: Hub) -> None:
    hub.private = True
    with serve(Hub(hub.files)) as cdn:
        hub.elsewhere = cdn.url.replace("127.0.0.1", "localhost")
        done = run("acme/detector", HF_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert cdn.gets("model.safetensors")
        assert all("authorization" not in headers for _, _, headers in cdn.requests)


@pytest.mark.parametrize(
    ("refusal", "token", "words"),
    [
        ((401, "RepoNotFound"), "", "does not exist or is private"),
        ((401, "RepoNotFound"), TOKEN, "the token is not valid"),
        ((401, "GatedRepo"), "", "is gated; ask for access on its page, then pass a token"),
        ((403, "GatedRepo"), TOKEN, "is gated; ask for access on its page"),
        ((403, ""), TOKEN, "give it read access to the models of acme"),
        ((404, "RepoNotFound"), "", "--secret id=HF_TOKEN,src=FILE"),
        ((404, "RepoNotFound"), TOKEN, "is a member of acme"),
        ((404, "RevisionNotFound"), TOKEN, f"has no revision {COMMIT}"),
        ((503, ""), TOKEN, "Try again later"),
    ],
)
def test_a_refusal_in_words(
    run: Run, hub: Hub, refusal: tuple[int, str], token: str, words: str
) -> None:
    hub.refusal = refusal
    done = run("acme/detector", COMMIT, HF_TOKEN=token)
    assert done.returncode == 1
    assert f"The Hub answered {refusal[0]} for acme/detector: " in done.stderr
    assert words in done.stderr


def test_a_token_file_that_holds_something_else(run: Run, hub: Hub, clone: Path) -> None:
    (clone / "token").write_text(f"TOKEN = {TOKEN}\n")
    done = run("acme/detector", "--token-file", "token")
    assert "token does not hold a token" in done.stderr
    done = run("acme/detector", "--token-file", "nowhere")
    assert "Cannot read the token in nowhere: FileNotFoundError" in done.stderr
    assert hub.requests == []


def test_offline(run: Run, clone: Path) -> None:
    done = run("acme/detector", HF_ENDPOINT="http://127.0.0.1:9")
    assert "See that this machine is online" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("acme/detector", HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert not (clone / "models/acme/detector").exists()


def test_a_killed_download_goes_on_where_it_stopped(run: Run, hub: Hub, clone: Path) -> None:
    part = clone / f"models/acme/.detector-{COMMIT[:12]}.part"
    part.mkdir(parents=True)
    (part / "model.safetensors").write_bytes(WEIGHTS[:1000])
    done = run("acme/detector", COMMIT)
    assert done.returncode == 0, done.stderr
    assert ranges(hub) == ["bytes=1000-"]
    assert fetched(clone)["model.safetensors"] == WEIGHTS


def test_a_broken_line_is_taken_up_again(run: Run, hub: Hub, clone: Path) -> None:
    hub.files["model.safetensors"] = large = WEIGHTS * 60
    hub.break_after = CHUNK + 1
    done = run("acme/detector", COMMIT)
    assert done.returncode == 0, done.stderr
    assert ranges(hub) == [None, f"bytes={CHUNK}-"]
    assert fetched(clone)["model.safetensors"] == large


def test_the_next_run_goes_on_where_the_hub_went_down(run: Run, hub: Hub, clone: Path) -> None:
    hub.files["model.safetensors"] = large = WEIGHTS * 60
    hub.break_after, hub.then_refuse = CHUNK + 1, True
    assert "Try again later" in run("acme/detector", COMMIT).stderr
    assert not (clone / "models/acme/detector").exists()
    hub.refusal, hub.break_after = None, None
    done = run("acme/detector", COMMIT)
    assert done.returncode == 0, done.stderr
    assert ranges(hub)[-1] == f"bytes={CHUNK}-"
    assert fetched(clone)["model.safetensors"] == large


def ranges(hub: Hub) -> list[str | None]:
    return [headers.get("range") for headers in hub.gets("model.safetensors")]


def test_a_damaged_file_never_gets_in(run: Run, hub: Hub, clone: Path) -> None:
    hub.corrupt = "model.safetensors"
    done = run("acme/detector", COMMIT)
    assert done.returncode == 1
    assert "model.safetensors is damaged: its sha256 sum is" in done.stderr
    assert not (clone / "models/acme/detector").exists()
    hub.corrupt = ""
    assert run("acme/detector", COMMIT).returncode == 0
    assert len(hub.gets("config.json")) == 1  # it was there already


def test_a_small_file_is_checked_too(run: Run, hub: Hub) -> None:
    hub.corrupt = "config.json"
    done = run("acme/detector", COMMIT)
    assert "config.json is damaged: its git sum is" in done.stderr


def test_a_pointer_in_the_place_of_weights(run: Run, hub: Hub, clone: Path) -> None:
    hub.files["model.safetensors"] = POINTER
    done = run("acme/detector", COMMIT)
    assert "model.safetensors is a Git LFS pointer" in done.stderr
    assert not (clone / "models/acme/detector").exists()


def test_what_is_pinned_is_checked_and_not_fetched_twice(run: Run, hub: Hub, clone: Path) -> None:
    assert run("acme/detector", "--pin").returncode == 0
    assert pinned(clone)["acme/detector"].revision == COMMIT
    assert set(pinned(clone)) == {"acme/detector", "editscope/base"}
    hub.requests.clear()
    assert "Nothing to fetch" in run("acme/detector").stdout
    assert hub.requests == []


def test_other_weights_under_a_pinned_name_are_refused(run: Run, hub: Hub, clone: Path) -> None:
    assert run("acme/detector", "--pin").returncode == 0
    before = fetched(clone)
    (clone / "models/acme/detector/config.json").unlink()
    hub.files["model.safetensors"] = WEIGHTS[::-1]  # the Hub's own checksum agrees with it
    done = run("acme/detector")
    assert "model.safetensors is damaged" in done.stderr
    assert fetched(clone)["model.safetensors"] == before["model.safetensors"]
    del hub.files["config.json"]
    assert "acme/detector has no config.json" in run("acme/detector").stderr


def test_another_revision_takes_the_place_of_the_first(run: Run, hub: Hub, clone: Path) -> None:
    assert run("acme/detector").returncode == 0
    hub.commit, hub.files["model.safetensors"] = "f" * 40, b"newer"
    assert run("acme/detector", "main").returncode == 0
    assert fetched(clone) == {"config.json": CONFIG, "model.safetensors": b"newer"}
    assert leftovers(clone) == []


def test_nothing_of_somebody_elses_is_removed(run: Run, clone: Path) -> None:
    (clone / "models/notes.txt").write_text("mine")
    done = run("acme/detector", "--to", "models")
    assert "notes.txt" in done.stderr
    assert (clone / "models/notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["../outside.json", "/outside.json"])
def test_a_file_name_does_not_lead_out_of_the_folder(
    run: Run, hub: Hub, clone: Path, name: str
) -> None:
    hub.files = {name: b"{}"}
    assert f"has a file outside of its folder: {name}" in run("acme/detector").stderr
    assert not list(clone.rglob("outside.json"))


@pytest.mark.parametrize("name", ["detector name", "a/b/c"])
def test_a_name_that_cannot_be_one(run: Run, hub: Hub, name: str) -> None:
    assert "download-model: Repo id must" in run(name).stderr
    assert hub.requests == []


def test_a_folder_is_entered_into_the_manifest(clone: Path) -> None:
    (clone / "models/editscope/base/model.safetensors").write_bytes(b"new weights")
    command = [sys.executable, "-m", "scripts.fetch_model", "manifest"]
    subprocess.run(command, cwd=clone, check=True, capture_output=True)
    listed = json.loads((clone / "models/manifest.json").read_text())["editscope/base"]
    assert listed["files"]["model.safetensors"] == {
        "sha256": "75f585ae1855ec1d1ba5e4fc9861e07fbdba3919a965042b2ba78b6fc3e9a18f",
        "size": 11,
    }
