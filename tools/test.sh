#!/usr/bin/env bash
# Builds everything and runs the tests: test.sh [PRESET] (default: release).
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
tools/setup.sh build test
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
ctest --preset "$preset" -LE 'accuracy|slow'
