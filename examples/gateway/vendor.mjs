// A program for the PEC Massiva API, in Node. It sends with the vendor's host and token, and with the gateway's:
//   VENDOR_HOST=https://ws.pecmassiva.com TOKEN=... MAIL_SENDER=... MAIL_USERNAME=... MAIL_PASSWORD=... node vendor.mjs
import { setTimeout as sleep } from "node:timers/promises";

const { VENDOR_HOST, TOKEN, MAIL_SENDER, MAIL_USERNAME, MAIL_PASSWORD } = process.env;
const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };

const sent = await fetch(`${VENDOR_HOST}/send`, {
  method: "POST",
  headers,
  body: JSON.stringify({
    sender: MAIL_SENDER,
    username: MAIL_USERNAME,
    password: MAIL_PASSWORD,
    recipient: "consegna@pec.example",
    subject: "Sollecito n. 3",
    body: "<p>In allegato il sollecito.</p>",
    attachments: [{ name: "sollecito-3.txt", file: Buffer.from("Sollecito") }], // JSON writes a Buffer as its bytes
  }),
});
const answer = await sent.json();
if (!answer.success) throw new Error(answer.message);
console.log(`Sent: ${answer.message_id}`);

const mailbox = { ...headers, "x-username": MAIL_USERNAME, "x-password": MAIL_PASSWORD };
for (;;) {
  const { data = [] } = await (await fetch(`${VENDOR_HOST}/send/${answer.message_id}`, { headers: mailbox })).json();
  if (data.some((one) => (one.subject ?? one.object).startsWith("CONSEGNA: "))) break;
  await sleep(1000);
}
console.log(`CONSEGNA: ${answer.message_id}`);
