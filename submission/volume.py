"""A folder of weights on its way to the platform's storage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from submission.refusal import Refusal

if TYPE_CHECKING:
    from dyff.schema.platform import Model, StorageSignedURL

CHUNK = 2**18  # bytes of a file sent at a time


def check_unchanged(model: Model, folder: Path) -> None:
    """See that the files are those that the model was created from.

    Raises:
        Refusal: one is missing or another.
    """
    from dyff.schema.dataset import binary

    volume = model.artifact.volume
    for file in volume.files if volume is not None else []:
        path = folder / file.path
        fresh = path.is_file() and binary.encode(binary.file_digest("md5", str(path)))
        if fresh != file.digest.md5:
            raise Refusal(
                f"{path} is not what it was when the model {model.id} was created. "
                "Put it back, or begin anew with --restart."
            )


def send(path: Path, name: str, link: StorageSignedURL, *, verify: bool, timeout_s: float) -> None:
    """PUT a file where the platform's storage wants it, with a bar of its progress.

    Args:
        name: of the file in its volume.
        verify: whether the storage has to prove who it is.

    Raises:
        Refusal: the storage does not take it.
        httpx.HTTPError: the line broke.
    """
    import httpx
    from tqdm import tqdm

    size = path.stat().st_size
    bar = tqdm(total=size, desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=None)
    with path.open("rb") as stream, bar:

        def chunks() -> Iterator[bytes]:
            while chunk := stream.read(CHUNK):
                yield chunk
                bar.update(len(chunk))

        response = httpx.put(
            link.url,
            content=chunks(),
            headers={"Content-Length": str(size), **link.headers},
            verify=verify,
            timeout=timeout_s,
        )
    if response.is_error:  # not raise_for_status: the address is a credential
        storage = urlsplit(link.url).hostname
        raise Refusal(
            f"Uploading {name}: the storage {storage} answered {response.status_code}. "
            "Go on with --resume."
        )
