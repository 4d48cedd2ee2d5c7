"""An OCI image made on the spot, of a few files and without a container engine."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_image(
    folder: Path, files: Mapping[str, bytes], *, architecture: str = "amd64", port: str = "8000/tcp"
) -> str:
    """Write an OCI layout with one layer; return its name for skopeo.

    Args:
        files: content by path inside the image.
    """
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(content: bytes, kind: str) -> dict[str, Any]:
        name = hashlib.sha256(content).hexdigest()
        (blobs / name).write_bytes(content)
        media_type = f"application/vnd.oci.image.{kind}"
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(content)}

    def as_json(document: dict[str, Any]) -> bytes:
        return json.dumps(document).encode()

    layer = tar(files)
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"ExposedPorts": {port: {}}, "Cmd": ["python", "app.py"], "User": "user"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(as_json(config), "config.v1+json"),
        "layers": [blob(gzip.compress(layer, mtime=0), "layer.v1.tar+gzip")],
    }
    listed = blob(as_json(manifest), "manifest.v1+json")
    listed["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    (folder / "index.json").write_bytes(as_json({"schemaVersion": 2, "manifests": [listed]}))
    (folder / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))
    return f"oci:{folder}:latest"


def tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
