#!/usr/bin/env bash
# The whole way on real data: build, train two models, serve them, stream to them, watch, stop.
#
#   tools/demo.sh
#
# Needs a Debian 12 and root or sudo for packages (tools/setup.sh). Listens on 127.0.0.1 only, on free
# ports; models and logs stand in a temporary folder that is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

bold='' dim='' plain=''
[ ! -t 1 ] || bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
run() {
  printf '%s$%s%s\n' "$dim" "$(printf ' %q' "$@")" "$plain"
  "$@"
}

work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say "Packages and programs"
tools/setup.sh build
cmake --preset release >/dev/null
cmake --build --preset release --target sequent-server sequent-train sequent
export PATH="$PWD/build/release/bin:$PATH"

temperatures=examples/data/melbourne/melbourne-daily-min.csv
models=$work/models

say "A forecaster of tomorrow's minimum temperature in Melbourne (a second)"
run sequent-train fit examples/melbourne/config.yaml --progress none \
  --out "$work/melbourne.safetensors" --run-dir "$work/melbourne" --publish "$models/melbourne"

say "A character model of Shakespeare (about a minute)"
run sequent-train fit examples/shakespeare/config.yaml --set train.epochs=4 \
  --out "$work/shakespeare.safetensors" --run-dir "$work/shakespeare" --publish "$models/shakespeare"

say "The server"
sequent-server --repository "$models" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 2>"$work/server.log" &
server=$!
for _ in $(seq 300); do
  grep -q ' listening ' "$work/server.log" && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.1
done
cat "$work/server.log"
port_of() { sed -n "s/.* listening .*\b$1=\([0-9]*\).*/\1/p" "$work/server.log"; }
metrics="http://127.0.0.1:$(port_of metrics_port)/metrics"
export SEQUENT_ADDRESS="127.0.0.1:$(port_of grpc_port)"
run sequent health
run sequent models list

say "100 concurrent sessions, a character at a time"
run sequent bench --model shakespeare --sessions 100 --streams 4 --duration 10

say "The same from the server's side: how many sessions shared a tick, and what a step waited"
python3 tools/demo_report.py metrics "$metrics" shakespeare

say "The model goes on by itself"
run sequent rollout --model shakespeare --text $'ROMEO:\n' --steps 400 --temperature 0.7 --seed 1

say "A session: nine years of temperatures in, then a forecast of the days that follow"
# The last 365 days are the test part: the model was neither fitted nor chosen on them.
tail -n +2 "$temperatures" | cut -d, -f2 >"$work/values"
head -n -365 "$work/values" >"$work/history"
tail -n 365 "$work/values" >"$work/held_out"
sequent stream --model melbourne --session demo --keep --json <"$work/history" >"$work/answers"
run sequent sessions get demo
sequent rollout --session demo --steps 14 --json >"$work/rollout"
python3 tools/demo_report.py rollout "$temperatures" "$work/rollout"

say "The same session (a rollout leaves it as it was), one day ahead over the 365 held-out days"
sequent stream --session demo --attach --json <"$work/held_out" >>"$work/answers"
python3 tools/demo_report.py days "$temperatures" "$work/answers"

say "Stop: SIGTERM, the server drains and exits"
kill -TERM "$server"
code=0
wait "$server" || code=$?
server=
tail -n 2 "$work/server.log"
echo "exit code $code"
[ "$code" -eq 0 ]

say "By hand"
cat <<'EOF'
  export PATH="$PWD/build/release/bin:$PATH"
  sequent-train fit examples/shakespeare/config.yaml --publish run/models/shakespeare
  sequent-train fit examples/melbourne/config.yaml --publish run/models/melbourne
  sequent-server --repository run/models --listen 127.0.0.1:8001 --metrics-listen 127.0.0.1:8002

and in another terminal, with the same PATH:

  sequent models list
  sequent stream --model melbourne          # a temperature per line in, tomorrow's out
  sequent rollout --model shakespeare --text 'JULIET:' --steps 300
  sequent --help

README.md says what else there is; tools/test.sh runs the tests.
EOF
