#!/bin/sh
# Enqueue a PEC with an attachment, with redis-cli (7 or newer) and sha256sum:
#   PEC_REDIS_URL=redis://localhost:6379/0 sh examples/enqueue.sh
set -eu

redis() { redis-cli -e -u "${PEC_REDIS_URL:-redis://localhost:6379/0}" "$@"; }

# Your own key: the same id again, with the same content, is never sent a second time.
id=example-sh-1

# An attachment's bytes go beside the job, under their SHA-256. They expire after 7 days; put them again to refresh.
file=$(mktemp)
trap 'rm -f "$file"' EXIT
printf '%%PDF-1.4 ...' >"$file"
sha256=$(sha256sum "$file" | cut -d ' ' -f 1)
redis -X bytes SET "pec:upload:$sha256" bytes EX 604800 <"$file" >/dev/null

# The job is one JSON object in the field `job`. What you put into it must be escaped for JSON: `jq -n --arg` does it.
entry=$(redis XADD pec:jobs '*' job '{
  "type": "send",
  "id": "'"$id"'",
  "account": "acme",
  "recipient": "consegna@pec.example",
  "subject": "Fattura n. 1/2026",
  "body": "<p>In allegato la fattura.</p>",
  "attachments": [{"name": "fattura-1.pdf", "sha256": "'"$sha256"'"}]
}')

echo "Enqueued $id as entry $entry."
echo "Next: \`pec watch $id\` follows it; HGETALL pec:message:$id shows it once a worker has taken it,"
echo "and if a worker refused it, pec:rejected has an entry whose field \`entry\` is $entry."
