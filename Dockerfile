# One image for the challenge, a Space and `docker run`: the page and the API on port 8000, the API
# alone with HEADLESS=1. It needs no network and writes to /tmp only; the README has a chapter on it.
FROM python:3.11-slim-bookworm

# PyPI's torch is the CUDA build, gigabytes larger. Where this index is out of reach, pip's other
# sources are asked; PIP_FIND_LINKS may name one, a folder or page with a wheel.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH=torch==2.13.0
ARG PIP_FIND_LINKS=

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

RUN useradd --create-home --uid 1000 user

# Torch by itself, since it is the largest layer and the one that changes least. Left out of it:
# C++ headers and test programs. torch_shm_manager stays, `import torch` looks for it.
RUN if python -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=10)' \
        "$TORCH_INDEX/torch/" 2>/dev/null; \
    then set -- --index-url "$TORCH_INDEX"; \
    else echo "$TORCH_INDEX is out of reach: taking torch from pip's other sources"; fi; \
    python -m venv --without-pip /opt/venv && \
    pip --python /opt/venv/bin/python install --no-cache-dir --no-deps "$@" "$TORCH" && \
    cd /opt/venv/lib/python3*/site-packages/torch && rm -rf include test && \
    find bin -type f ! -name torch_shm_manager -delete

# All else that requirements.txt pins. Left out: the packages' own tests, what Gradio needs to render
# pages in Node.js, which is not here, and what Rust programs link c2pa with.
COPY requirements.txt /tmp/requirements.txt
RUN pip --python /opt/venv/bin/python install --no-cache-dir -r /tmp/requirements.txt && \
    rm /tmp/requirements.txt && cd /opt/venv/lib/python3*/site-packages && \
    find . -regextype posix-extended -type d \
        -regex './(matplotlib|networkx|numpy|pandas|scipy|sympy)/(.*/)?tests' \
        -prune -exec rm -rf {} + && \
    rm -rf gradio/templates/node c2pa/libs/*.rlib && \
    python -c 'import torch, transformers, scipy.ndimage, cv2, gradio, c2pa, reportlab.platypus'

WORKDIR /app
RUN chown user /app
USER user

# The weights: checked, or fetched if MODEL_REPO names some. The token is there for this step alone.
ARG MODEL_REPO=
ARG MODEL_REVISION=
ARG HF_ENDPOINT=https://huggingface.co
COPY --chown=user --chmod=755 download-model.sh ./
COPY --chown=user --chmod=755 scripts/fetch_model.py scripts/manifest.py scripts/refusal.py scripts/
COPY --chown=user --chmod=755 models/ models/
RUN --mount=type=secret,id=HF_TOKEN,mode=0444,required=false ./download-model.sh

# The code last, since it changes most. A detector in a package of its own needs a line here.
COPY --chown=user --chmod=755 detector/ detector/
COPY --chown=user --chmod=755 engine/ engine/
COPY --chown=user --chmod=755 isolation/ isolation/
COPY --chown=user --chmod=755 web/ web/
COPY --chown=user --chmod=755 provenance/ provenance/
COPY --chown=user --chmod=755 demo/ demo/
COPY --chown=user --chmod=755 *.py DYFF_TEAM LICENSE ./
RUN python -m compileall -q .

# Any user id may run it on a read-only root, so what libraries keep goes where all may write.
ENV HOME=/tmp \
    GRADIO_TEMP_DIR=/tmp/gradio \
    MPLCONFIGDIR=/tmp/matplotlib \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_OFFLINE=1 \
    MODEL_NAME=${MODEL_REPO:-editscope/base}

EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/readyz', timeout=4)"]
CMD ["python", "app.py"]
