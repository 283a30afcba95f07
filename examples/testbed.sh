#!/bin/sh
# Run a command, such as your app's tests, beside a sandbox and a worker, and exit as it does:
#   sh examples/testbed.sh npm test
# The command finds PEC_REDIS_URL, an empty Redis, and PEC_SANDBOX_URL. Programs that send over HTTP find a gateway at
# GATEWAY, and TOKEN, which may do everything there. The mailbox is acme. Needs `make install`.
# With PEC_REDIS_URL set, that Redis is used; it must hold nothing else. Nothing is sent to anyone.
set -eu
[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT]..." >&2; exit 64; }

bin=$(cd "$(dirname "$0")/../.venv/bin" && pwd)
folder=$(mktemp -d)
running=
stop() {
  for one in $running; do # the worker before its Redis
    kill "$one" 2>/dev/null || true
    wait "$one" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

# Waits, half a minute at most, until a command succeeds.
until_ready() {
  what=$1; shift
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -le 150 ] || { echo "$what did not start:" >&2; cat "$folder"/*.log >&2; exit 70; }
    sleep 0.2
  done
}

"$bin/pec" sandbox --port 0 --ready-file "$folder/url" --rate 50 --acceptance-delay 0 --delivery-delay 0.1 --hour 1 \
  >"$folder/sandbox.log" 2>&1 &
running=$!
until_ready "the sandbox" test -s "$folder/url"

if [ -z "${PEC_REDIS_URL:-}" ]; then
  port=$("$bin/python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "$("$bin/python" -c 'from sandbox.redis_server import server_program; print(server_program())')" \
    --port "$port" --dir "$folder" --save '' >"$folder/redis.log" 2>&1 &
  running="$! $running"
  PEC_REDIS_URL=redis://127.0.0.1:$port/0
fi

export PEC_REDIS_URL
PEC_SANDBOX_URL=$(cat "$folder/url")
export PEC_SANDBOX_URL

# What a worker needs, and short waits: a test should end in seconds. The environment may say otherwise.
export PEC_API__URL="$PEC_SANDBOX_URL" PEC_API__TOKEN=sandbox-token
export PEC_ACCOUNTS__ACME__SENDER=acme@pec.example PEC_ACCOUNTS__ACME__USERNAME=acme PEC_ACCOUNTS__ACME__PASSWORD=any
export PEC_API__RATE="${PEC_API__RATE:-50}" PEC_API__TIMEOUT_SECONDS="${PEC_API__TIMEOUT_SECONDS:-3}"
export PEC_RECEIPTS__BACKOFF_SECONDS="${PEC_RECEIPTS__BACKOFF_SECONDS:-[0.5, 1]}" PEC_RECEIPTS__DEADLINE_SECONDS="${PEC_RECEIPTS__DEADLINE_SECONDS:-60}"
export PEC_UNCERTAIN__LOOKUP_SECONDS="${PEC_UNCERTAIN__LOOKUP_SECONDS:-[1, 2, 4]}"
export PEC_WEBHOOKS__ALLOW_PRIVATE="${PEC_WEBHOOKS__ALLOW_PRIVATE:-true}"

"$bin/pec" worker --processes 1 >"$folder/worker.log" 2>&1 &
running="$! $running"
"$bin/pec" gateway --port 0 --workers 1 >"$folder/gateway" 2>"$folder/gateway.log" &
running="$! $running"
TOKEN=$("$bin/pec" token create --name testbed --account acme --rate 1000 \
  --scope POST:send --scope GET:send --scope DELETE:send --scope GET:inbox --scope DELETE:inbox --scope GET:quota \
  --scope v1:send --scope v1:read --scope v1:manage 2>/dev/null)
until_ready "the gateway" test -s "$folder/gateway"
GATEWAY=$(cat "$folder/gateway")
export GATEWAY TOKEN
until_ready "the worker" "$bin/pec" health

"$@"
