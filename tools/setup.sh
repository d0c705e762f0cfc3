#!/usr/bin/env bash
# Installs what tools/packages.txt lists: setup.sh [build|test|runtime|checks|bench]...
# (default: build test; runtime: only what the built programs need to run).
# Does nothing, quickly, when all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

sections=("$@")
[ ${#sections[@]} -gt 0 ] || sections=(build test)

packages() {
  awk -v wanted=" ${sections[*]} " '
    /^\[/ { gsub(/[][]/, ""); on = index(wanted, " " $1 " ") > 0; next }
    { sub(/#.*/, "") }
    on && NF { print $1 }' tools/packages.txt
}

missing=()
for package in $(packages); do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup.sh: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
echo "setup.sh: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -qq
"${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
