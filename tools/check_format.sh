#!/usr/bin/env bash
# Fails on C++ files that clang-format-19 would change; check_format.sh --fix changes them.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
git ls-files '*.cc' '*.h' | grep -v third_party | xargs clang-format-19 "${mode[@]}"
