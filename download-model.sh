#!/usr/bin/env bash
# Fetch a model from the Hugging Face Hub into models/<org>/<name>/.
#   ./download-model.sh [ORG/NAME [REVISION]]      default: microsoft/resnet-18 main
# HF_TOKEN is used for private models. PYTHON names a Python that has huggingface_hub.
set -euo pipefail
cd "$(dirname "$0")"

exec "${PYTHON:-python3}" - "${1:-microsoft/resnet-18}" "${2:-main}" <<'PYTHON'
import sys
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

name, revision = sys.argv[1:]
folder = Path("models") / name
try:
    snapshot_download(
        name,
        revision=revision,
        local_dir=folder,
        allow_patterns=["*.json", "*.safetensors", "*.txt", "README.md", "LICENSE*"],
    )
except LocalEntryNotFoundError:
    sys.exit(f"Cannot reach the Hugging Face Hub. Try again online, or copy {name} into {folder}/.")
except HfHubHTTPError as error:
    sys.exit(f"Cannot fetch {name}@{revision}: {error.server_message or error}")
print(f"{name} is in {folder}/. Serve it with: MODEL_NAME={name} make serve")
PYTHON
