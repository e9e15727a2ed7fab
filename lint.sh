#!/bin/sh
# The lint, for those without make: run it with the development requirements on the PATH.
set -eu
cd "$(dirname "$0")"
code="src tests benchmarks docs deploy notebooks"
ruff format --check --quiet $code || { echo "Some files are not formatted: make format" >&2; exit 1; }
ruff check --quiet $code
flake8 $code
mypy src
lint-imports --no-logo 2>/dev/null || lint-imports
