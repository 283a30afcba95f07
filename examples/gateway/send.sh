#!/bin/sh
# Send a PEC with an attachment over HTTP, with curl; follow it to its CONSEGNA, and download its proof:
#   GATEWAY=http://localhost:8080 TOKEN=pec_... sh examples/gateway/send.sh proof.zip
set -eu
key=example-curl-1 # your own key, one for each PEC: the same request with the same key sends nothing again

# A request without an answer, or with 429 or 503, is repeated after the seconds of Retry-After.
call() {
  curl --silent --show-error --fail-with-body --retry 20 --retry-connrefused --header "Authorization: Bearer $TOKEN" "$@"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%%PDF-1.4 ...' >"$folder/fattura-5.pdf"
sum=$(sha256sum "$folder/fattura-5.pdf" | cut -d ' ' -f 1)
call --upload-file "$folder/fattura-5.pdf" "$GATEWAY/v1/uploads/$sum" >"$folder/answer"

send() {
  call --header "Idempotency-Key: $key" --header "Content-Type: application/json" --data @- "$GATEWAY/v1/messages" <<END
{"account": "acme", "recipient": "consegna@pec.example", "subject": "Fattura n. 5/2026",
 "body": "<p>In allegato la fattura.</p>", "attachments": [{"name": "fattura-5.pdf", "sha256": "$sum"}]}
END
}
answer=$(send)
[ "$(send)" = "$answer" ] && echo "Sent twice with one key: it is one PEC."

url=$(printf %s "$answer" | sed 's/.*"status_url":"\([^"]*\)".*/\1/')
while message=$(call "$GATEWAY$url"); do
  case $message in
    *'"proof":"'*) break ;; # all its receipts are there
    *'"state":"failed"'* | *'"state":"cancelled"'* | *'"state":"rejected"'*) echo "$message" >&2; exit 1 ;;
  esac
  sleep 1
done
case $message in *'"state":"delivered"'*) echo "Delivered: there is a CONSEGNA." ;; *) echo "$message" ;; esac

id=$(printf %s "$answer" | sed 's/.*"id":"\([^"]*\)".*/\1/')
call --output "$1" "$GATEWAY/v1/messages/$id/proof"
echo "Its proof is in $1."
