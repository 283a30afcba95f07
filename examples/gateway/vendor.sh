#!/bin/sh
# A program for the PEC Massiva API, with curl. It sends with the vendor's host and token, and with the gateway's:
#   VENDOR_HOST=https://ws.pecmassiva.com TOKEN=... MAIL_SENDER=... MAIL_USERNAME=... MAIL_PASSWORD=... sh vendor.sh
set -eu

call() {
  curl --silent --show-error --header "Authorization: Bearer $TOKEN" \
    --header "x-username: $MAIL_USERNAME" --header "x-password: $MAIL_PASSWORD" "$@"
}

answer=$(call --header "Content-Type: application/json" --data @- "$VENDOR_HOST/send" <<END
{"sender": "$MAIL_SENDER", "username": "$MAIL_USERNAME", "password": "$MAIL_PASSWORD",
 "recipient": ["consegna@pec.example"], "subject": "Sollecito n. 1", "body": "<p>In allegato il sollecito.</p>",
 "attachments": [{"name": "sollecito-1.txt", "file": "data:text/plain;base64,U29sbGVjaXRv"}]}
END
)
case $answer in *'"success":true'*) ;; *) echo "$answer" >&2; exit 1 ;; esac
code=$(printf %s "$answer" | sed 's/.*"message_id":"\([^"]*\)".*/\1/')
echo "Sent: $code"

until receipts=$(call "$VENDOR_HOST/send/$code") && case $receipts in *'"CONSEGNA: '*) true ;; *) false ;; esac; do
  sleep 1
done
echo "CONSEGNA: $code"
