from __future__ import annotations

from pathlib import Path

import pytest

from submission import container
from submission.refusal import Refusal

PODMAN = """#!/bin/sh
case "$1 $2" in
    "info ") exit 0 ;;
    "image inspect")
        [ "$3" = --format ] && shift 2
        [ "$3" = mine ] && echo sha256:0a1b || exit 125 ;;
esac
"""


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose Docker does not answer and whose Podman has one image, `mine`."""
    for name, text in (("docker", "#!/bin/sh\nexit 1\n"), ("podman", PODMAN)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.usefixtures("podman")
def test_a_plain_name_is_podmans_where_docker_does_not_answer() -> None:
    engine = container.find_engine()
    assert engine == "podman"
    assert container.source("mine", engine) == "containers-storage:@0a1b"


@pytest.mark.usefixtures("podman")
def test_an_image_that_podman_does_not_have() -> None:
    with pytest.raises(Refusal, match=r"Podman has no image other.*docker-daemon:other"):
        container.source("other", "podman")


@pytest.mark.parametrize("engine", ["docker", "podman", None])
def test_a_name_with_a_transport_stays(engine: str | None) -> None:
    assert container.source("oci:folder:tag", engine) == "oci:folder:tag"


@pytest.mark.parametrize("engine", ["docker", None])
def test_a_plain_name_is_dockers_otherwise(engine: str | None) -> None:
    assert container.source("mine", engine) == "docker-daemon:mine:latest"


@pytest.mark.parametrize("engine", ["docker", "podman", None])
def test_an_empty_name(engine: str | None) -> None:
    with pytest.raises(Refusal, match="empty"):
        container.source("", engine)
