#!/usr/bin/env bash
# Builds the fuzzers and runs each for a while: fuzz.sh [SECONDS] (default: 120).
#
# Seeds are made anew at every build; what a run adds to them stays in build/fuzz/corpus for the next
# one. A finding ends the script and leaves its input in build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-120}
build=build/fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target model_file_fuzzer state_row_fuzzer text_codec_fuzzer
mkdir -p "$build/findings"
for name in model_file state_row text_codec; do
  echo "== $name, $seconds s"
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  options=(-max_total_time="$seconds" -max_len=16384 -timeout=10 -print_final_stats=1
           -artifact_prefix="$build/findings/${name}_")
  [ "$name" != model_file ] || options+=(-dict=tests/fuzz/model_file.dict)
  "$build/fuzz/${name}_fuzzer" "${options[@]}" "$corpus" "$build/tests/fuzz/corpus/$name"
done
