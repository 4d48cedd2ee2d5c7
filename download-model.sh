#!/usr/bin/env bash
# Fetch a model from the Hugging Face Hub into models/<org>/<name>/, or without a name see that the
# embedded one is whole.
#   ./download-model.sh [ORG/NAME [REVISION]] [--to FOLDER] [--token-file FILE] [--pin]
# or by MODEL_REPO, MODEL_REVISION, MODEL_DIR, HF_TOKEN_FILE. The token is read from that file, from
# a build's secret HF_TOKEN or from the variable HF_TOKEN. PYTHON names a Python with
# huggingface_hub. What is fetched is checked against models/manifest.json; --pin enters it there.
set -euo pipefail
cd "$(dirname "$0")"

exec "${PYTHON:-python3}" -m scripts.fetch_model fetch "$@"
