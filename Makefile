# make serve   the page and the API at http://localhost:8000 (HOST=... PORT=... to change it)
# make help    everything else

PYTHON ?= python3
VENV ?= venv
MODEL ?= microsoft/resnet-18
BIN := $(VENV)/bin
# On Linux PyPI's torch is the CUDA build: gigabytes that a CPU has no use for. This index has the
# CPU build. TORCH_INDEX= (empty) takes PyPI's, .../whl/cu130 a CUDA build of choice.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
MODEL ?= microsoft/resnet-18
DOCKER ?= docker
DOCKERFILE ?= Dockerfile
IMAGE ?= editscope
TORCH := $(shell sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements.txt)
# What the CUDA build brings: left out of the lock, since the CPU build has no need of it.
CUDA := cuda-bindings cuda-pathfinder cuda-toolkit triton $(addprefix nvidia-,cublas cuda-cupti \
	cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 \
	nccl-cu13 nvjitlink nvshmem-cu13 nvtx)

.DEFAULT_GOAL := help
.PHONY: help setup serve api download docker-build docker-run test lint lock evaluate audit datasets check-datasets bench soak fuzz audit-deps sbom clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(VENV)/.runtime ## Create venv/ and install what the service needs

serve: setup ## Serve the page and the API
	$(BIN)/python app.py

api: setup ## Serve the API alone
	$(BIN)/python api.py

download: setup ## Fetch a model into models/ (MODEL=ORG/NAME REVISION=commit; default microsoft/resnet-18)
	PYTHON=$(BIN)/python ./download-model.sh $(MODEL) $(REVISION)

docker-build: ## Build the image (DOCKER=podman DOCKERFILE=Dockerfile.gpu TOKEN_FILE=file BUILD="--build-arg ...")
	$(DOCKER) build -f $(DOCKERFILE) -t $(IMAGE) $(TOKEN_FILE:%=--secret id=HF_TOKEN,src=%) $(BUILD) .

docker-run: ## Run the image as strictly as an evaluation may (PORT=8000 RUN="--gpus all")
	$(DOCKER) run --rm --read-only --tmpfs /tmp -p $(or $(PORT),8000):8000 $(RUN) $(IMAGE)

test: $(VENV)/.development ## Run the tests (ARGS="tests/test_api.py -k name" for some)
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.development ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

lock: $(BIN)/python ## Pin requirements*.in in requirements*.txt; UPGRADE=--upgrade for newer ones
	$(BIN)/python -m pip install --quiet uv==0.13.9
	for name in requirements requirements-dev requirements-submit; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-python-downloads \
			--custom-compile-command "make lock" $(CUDA:%=--no-emit-package %) $(UPGRADE) \
			$$name.in --output-file $$name.txt || exit 1; \
	done

evaluate: $(VENV)/.development ## Score the model: MANIFEST=m.csv OUT=folder ARGS=--postprocess
	$(BIN)/python -m training.evaluate --manifest $(or $(MANIFEST),data/validation/report.csv) \
		--out $(or $(OUT),data/report) $(ARGS)

audit: $(VENV)/.development ## Check that formats give no label of the training stream away: PACK=folder
	$(BIN)/python -m training.audit --pack $(or $(PACK),data/pack) $(ARGS)

datasets: $(VENV)/.development ## Make the 100 test data sets in scripts/test_datasets/ (ARGS="--category edge_case")
	$(BIN)/python scripts/generate_test_datasets.py $(ARGS)

check-datasets: $(VENV)/.development ## Send them to a service and score its answers (ARGS="--url http://localhost:8000 --quick")
	$(BIN)/python scripts/test_datasets.py $(ARGS)

bench: $(VENV)/.development $(VENV)/peers ## Measure speed and memory against peers (MINUTES=30 ARGS=--quick)
	$(BIN)/python -m benchmarks --minutes $(or $(MINUTES),30) $(ARGS)

soak: $(VENV)/.development ## Soak a server in good, hostile and faulty input (MINUTES=10)
	$(BIN)/python -m soak --minutes $(or $(MINUTES),10) $(ARGS)

fuzz: $(VENV)/.development ## Fuzz decoding and the API by its OpenAPI document (MINUTES=5)
	$(BIN)/python -m soak.fuzz --minutes $(or $(MINUTES),5) $(ARGS)

audit-deps: $(BIN)/python ## Look the pinned packages up among known vulnerabilities
	$(BIN)/python -m pip install --quiet --target $(VENV)/audit pip-audit==2.10.1
	PYTHONPATH=$(VENV)/audit $(BIN)/python -m pip_audit --strict --disable-pip --no-deps \
		-r requirements.txt $(ARGS)

sbom: $(VENV)/.runtime ## List what the service is made of, CycloneDX, in sbom.json
	$(BIN)/python -m pip install --quiet --target $(VENV)/sbom cyclonedx-bom==7.5.0
	PYTHONPATH=$(VENV)/sbom $(BIN)/python -m cyclonedx_py requirements requirements.txt \
		--output-reproducible --output-file $(or $(OUT),sbom.json)

clean: ## Remove venv/ and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or newer is needed; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python's venv module is needed: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@index=; if [ -n "$(TORCH_INDEX)" ]; then \
		if $(BIN)/python -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=10)' \
			$(TORCH_INDEX)/torch/ 2>/dev/null; then index="--extra-index-url $(TORCH_INDEX)"; \
		else echo "$(TORCH_INDEX) is out of reach: taking torch from pip's other sources"; fi; fi; \
	set -x; $(BIN)/python -m pip install $$index $(TORCH)
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

$(VENV)/peers: benchmarks/requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $@ -r $<
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements-submit.txt $(VENV)/.runtime
	$(BIN)/python -m pip install -r requirements-dev.txt -r requirements-submit.txt
	@touch $@
