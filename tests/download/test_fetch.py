"""`download-model.sh` as it is, in a process of its own, against a stand-in of the Hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.download.conftest import CONFIG, WEIGHTS, Run, fetched, leftovers
from tests.hub import COMMIT, TOKEN, Hub, serve

CHUNK = 10 * 2**20  # what the Hub client writes at a time; less is lost when a line breaks
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"


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
