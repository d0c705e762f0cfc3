#!/usr/bin/env bash
# Measures what a training step takes, beside PyTorch if build/peers-venv has it (tools/bench.sh installs it), and writes
# the table of docs/training.md and build/bench/training.json: bench_training.sh [--quick]. Five minutes on an idle
# machine; --quick: one round, shown only.
set -euo pipefail
cd "$(dirname "$0")/.."

options=(--document docs/training.md --json build/bench/training.json)
case "${1:-}" in
  '') ;;
  --quick) options=(--rounds 1) ;;
  *) sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

build=build/release
tools/setup.sh build bench
cmake --preset release >/dev/null
cmake --build --preset release --target sequent-train kernel_bench
mkdir -p build/bench
python=build/peers-venv/bin/python
[ -x "$python" ] || python=python3
"$python" tools/bench_training.py --program $build/bin/sequent-train --probe $build/bench/kernel_bench \
  --text examples/data/tinyshakespeare/input.txt "${options[@]}"
