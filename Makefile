# make run    set up, prepare the demo workspace and open the app
# make run GPU=1  the same with TensorFlow for NVIDIA graphics cards: Linux only, some gigabytes more
# make test   set up and run all tests
# make check  ruff, mypy and the rules of who imports whom, as continuous integration runs them
#
# Works with GNU make 3.81 (macOS) and later. Nothing of the caller's Python settings gets in.
unexport PYTHONPATH PYTHONHOME PYTHONUSERBASE PYTHONSTARTUP VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
PY := $(VENV)/bin/python
PINS := requirements.txt constraints.txt

# A browser window is opened where there is a screen to open it on.
HEADLESS := $(shell if [ "$$(uname -s)" = Darwin ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then echo false; else echo true; fi)
# There are no accounts, so only this machine is served; ADDRESS=0.0.0.0 opens it to the network.
ADDRESS := localhost
STREAMLIT_OPTIONS := --server.headless $(HEADLESS) --server.showEmailPrompt false --server.address $(ADDRESS)

# GPU=1 takes TensorFlow with CUDA in place of the one without, which fills the same folder. An environment made
# so stays so until `make clean`.
GPU := $(if $(wildcard $(VENV)/.gpu),1)
ifeq ($(GPU),1)
  ifneq ($(shell uname -s),Linux)
    $(error GPU=1 is for Linux with an NVIDIA graphics card)
  endif
  ifeq ($(wildcard $(VENV)/.gpu),)
    $(shell rm -f $(VENV)/.installed $(VENV)/.installed-test)
  endif
  # The pins are made over into .venv, next to each other.
  PINNED := $(VENV)/
  WITH_CUDA := sed -e '/^tensorflow==/d' -e 's/^tensorflow-cpu==\([^;]*\);.*/tensorflow[and-cuda]==\1/' -e 's|^-c |-c ../|'
endif

# Processes that tests run in, side by side; 0 runs them in one.
WORKERS := 3

.PHONY: help run demo install install-test test check readme benchmark clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: demo
	$(PY) -m streamlit run app.py $(STREAMLIT_OPTIONS)

demo: install
	@$(PY) -m breakhis_core demo

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

test: install-test
	$(PY) -m pytest --numprocesses $(WORKERS) --dist worksteal $(PYTEST_OPTIONS)

check: install-test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

# Writes into README and docs what their commands print now; a test holds them to that.
readme: install-test
	$(PY) -m tests.test_readme

benchmark: install-test demo
	$(PY) -m benchmarks.review_load

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# The stamps make a second call instant; a changed pin installs again.
$(VENV)/.installed: $(PINS) $(VENV)/.created
	@echo "Installing the pinned packages; the first time this takes a few minutes and 2.3 GB."
ifeq ($(GPU),1)
	@for file in requirements requirements-test; do $(WITH_CUDA) $$file.txt > $(VENV)/$$file.txt; done
	@$(PY) -m pip uninstall --quiet --yes tensorflow-cpu
	@touch $(VENV)/.gpu
endif
	@$(PY) -m pip install --quiet --progress-bar off --requirement $(PINNED)requirements.txt
	@touch $@

$(VENV)/.installed-test: requirements-test.txt $(VENV)/.installed
	@echo "Installing what the tests need."
	@$(PY) -m pip install --quiet --progress-bar off --requirement $(PINNED)requirements-test.txt
	@touch $@

# An environment whose Python went away (an upgrade of the system, say) is made anew.
ifneq ($(wildcard $(VENV)/.created),)
  ifneq ($(shell $(PY) -c "print(1)" 2>/dev/null),1)
    $(shell rm -f $(VENV)/.created $(VENV)/.installed $(VENV)/.installed-test)
  endif
endif

# The first Python that runs, is new enough, and can make environments (Debian keeps that part in python3-venv).
# PYTHON=/path/to/python chooses one.
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
$(VENV)/.created:
	@if [ "$$(uname -sm)" = "Darwin x86_64" ]; then \
		echo "This is an Intel Mac (or a Python for one): TensorFlow is no longer built for it. Use an Apple-silicon Mac or Linux." >&2; exit 1; \
	fi
	@if $(PY) -c '$(SUITABLE)' 2>/dev/null; then touch $@; exit 0; fi; \
	for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
		if "$$python" -c '$(SUITABLE)' >/dev/null 2>&1; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 that can make a virtual environment was found." >&2; \
		echo "Install one (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python@3.12)" >&2; \
		echo "or name one: make PYTHON=/path/to/python3.12 run" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)."; \
	rm -rf $(VENV) && "$$found" -m venv $(VENV) && touch $@
