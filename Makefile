# `make demo` and `make test` are the whole set-up on a fresh machine with only Python 3.11 or newer.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BPY    := .venv-bpy
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint types check test-long test-blender benchmarks clean

# On machines without a desktop OpenCV's usual build misses libGL; its headless twin is the same without windows.
$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -c 'import cv2' 2>/dev/null || \
	  $(PIP) install --quiet --force-reinstall --no-deps --constraint constraints.txt opencv-python-headless
	touch $@

demo: $(VENV)/.ready
	$(BIN)/python -m samples.make demo
	$(BIN)/dubkit dub demo/sample.mp4 --subtitles demo/sample.es.srt --tts espeak --language es \
	  --output demo/sample.dubbed.es.mp4 --report demo/sample.dubbed.es.json
	@echo "The dubbed film is demo/sample.dubbed.es.mp4, its report demo/sample.dubbed.es.json."

# Two tests at a time, a thread each: more would wait for each other, and round as another machine does.
test test-long: export OMP_NUM_THREADS ?= 1
test: $(VENV)/.ready
	$(BIN)/python -m pytest -m 'not long' -n 2 --dist loadfile

test-long: $(VENV)/.ready
	$(BIN)/python -m pytest -m long

# Blender as a Python package, of 375 MB; in an environment of its own, as it needs Python 3.11 and numpy 1.
BLENDER_PYTHON ?= python3.11
$(BPY)/.ready:
	$(BLENDER_PYTHON) -m venv $(BPY)
	$(BPY)/bin/python -m pip --disable-pip-version-check install --quiet 'bpy==5.0.1' 'numpy<2'
	touch $@

test-blender: $(VENV)/.ready $(BPY)/.ready
	$(BIN)/python -m pytest tests/plugins/blender

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

check: lint types test

benchmarks: $(VENV)/.ready
	$(BIN)/python -m benchmarks.import_time
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.training_step

clean:
	rm -rf $(VENV) $(BPY) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
