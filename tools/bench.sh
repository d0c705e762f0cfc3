#!/usr/bin/env bash
# Measures, and writes the tables of docs/performance.md and build/bench/performance.json: bench.sh [--quick].
#
# kernel_bench; tools/bench_peers.py in a virtual environment of its own, with whatever of
# tools/bench_peers_requirements.txt can be installed; echo_bench and session_bench where they are built. A quarter of
# an hour on an idle machine. --quick: some points, few rounds, two minutes, written to build/bench/performance.md.
#
# BENCH_PREFIX: a command to run every measurement under, in pieces of less than a minute (one that keeps others off the
# machine meanwhile, say).
set -euo pipefail
cd "$(dirname "$0")/.."

quick=
case "${1:-}" in
  '') ;;
  --quick) quick=1 ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

build=build/release
venv=build/peers-venv
out=build/bench
unset "${!OPENBLAS_@}"
export OMP_NUM_THREADS=1
read -ra prefix <<<"${BENCH_PREFIX:-}"
rm -rf "$out"
mkdir -p "$out"

programs=(kernel_bench echo_bench session_bench)
prepare() {
  tools/setup.sh build bench
  cmake --preset release >/dev/null
  local known program targets=()
  known=$(cmake --build "$build" --target help)
  for program in "${programs[@]}"; do
    grep -q "^$program:" <<<"$known" && targets+=("$program")
  done
  [[ " ${targets[*]} " == *' kernel_bench '* ]] || { echo 'bench.sh: Google Benchmark was not found' >&2; exit 1; }
  cmake --build --preset release --target "${targets[@]}"
}

libraries() {
  if [ ! -x "$venv/bin/python" ] && ! python3 -m venv "$venv"; then
    echo 'bench.sh: without a virtual environment no other libraries but oneDNN and Eigen'
    return
  fi
  grep -v '^#' tools/bench_peers_requirements.txt | while read -r requirement; do
    "$venv/bin/pip" install -q --disable-pip-version-check "$requirement" || echo "bench.sh: without $requirement"
  done
}

# piece NAME COMMAND...: one measurement, its figures in NAME.json.
piece() {
  local name=$1
  shift
  echo "== $name"
  "${prefix[@]}" "$@" --json "$out/$name.json"
}

kernels() {
  local cell steps part
  local parts=(64,128,256 512 1024) rows=() rounds=()
  [ -z "$quick" ] || { parts=(128,512); rows=(--rows 1,8,64); rounds=(--quick); }
  for cell in lstm gru; do
    for steps in 1 16; do
      for part in "${parts[@]}"; do
        local points=(--cells $cell --steps $steps --units "$part" "${rows[@]}" "${rounds[@]}")
        piece "kernel-$cell-$steps-$part" "$build/bench/kernel_bench" --kinds step "${points[@]}"
        [ -z "$peers" ] || piece "peers-$cell-$steps-$part" "$venv/bin/python" tools/bench_peers.py \
          --server "$build/bench/kernel_bench" "${points[@]}"
      done
    done
  done
  for cell in lstm gru; do
    for part in chunk,threads precision; do
      piece "kernel-$cell-$part" "$build/bench/kernel_bench" --kinds $part --cells $cell "${rounds[@]}"
    done
  done
}

edge() {
  local program
  for program in echo_bench session_bench; do
    [ ! -x "$build/bench/$program" ] || [ -n "$quick" ] || piece "$program" "$build/bench/$program"
  done
}

report() {
  local document=docs/performance.md compiler
  compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
  [ -z "$quick" ] || { cp $document "$out/performance.md"; document=$out/performance.md; }
  python3 tools/bench_report.py --document "$document" --json "$out/performance.json" \
    --compiler "$("$compiler" --version | head -1)" \
    "$out"/{kernel,peers,echo,session}[_-]*.json
  echo "bench.sh: wrote $document and $out/performance.json"
}

prepare
libraries
peers=
! "$venv/bin/python" -c 'import numpy, onnx' 2>/dev/null || peers=1
kernels
edge
shopt -s nullglob
report
