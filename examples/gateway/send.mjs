// @ts-check
// Send a PEC with an attachment over HTTP, with a client whose types come from the gateway's own description; follow it
// to its CONSEGNA, and download its proof:
//   export GATEWAY=http://localhost:8080 TOKEN=pec_...
//   npm ci && npm run client && node send.mjs proof.zip
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";

/** @typedef {import("./gateway.d.ts").paths} Paths `npm run client` writes it */
/** @typedef {import("./gateway.d.ts").components["schemas"]["NewMessage"]} NewMessage */

const KEY = "example-fetch-1"; // your own key, one for each PEC: the same request with the same key sends nothing again
const [place = "proof.zip"] = process.argv.slice(2);
/** @type {import("openapi-fetch").Client<Paths>} */
const api = createClient({
  baseUrl: process.env.GATEWAY ?? "http://localhost:8080",
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
});

/** @type {NewMessage} */
const message = {
  account: "acme",
  recipient: "consegna@pec.example",
  subject: "Fattura n. 7/2026",
  body: "<p>In allegato la fattura.</p>",
  attachments: [{ name: "fattura-7.pdf", file: Buffer.from("%PDF-1.4 ...").toString("base64") }],
};
const accepted = await send();
const again = await send();
if (again.entry === accepted.entry) console.log("Sent twice with one key: it is one PEC.");

const id = accepted.id;
const query = { entry: accepted.entry };
let shown = await status();
while (!("proof" in shown)) {
  if (["failed", "cancelled", "rejected"].includes(shown.state)) throw new Error(JSON.stringify(shown));
  await sleep(1000);
  shown = await status();
}
console.log(`It is ${shown.state}.`);

const bundle = await answered(() =>
  api.GET("/v1/messages/{id}/proof", { params: { path: { id } }, parseAs: "arrayBuffer" }),
);
await writeFile(place, Buffer.from(bundle));
console.log(`Its proof is in ${place}.`);

function send() {
  return answered(() =>
    api.POST("/v1/messages", { params: { header: { "Idempotency-Key": KEY } }, body: message }),
  );
}

function status() {
  return answered(() => api.GET("/v1/messages/{id}", { params: { path: { id }, query } }));
}

/**
 * Repeats a request until it is answered, and throws what is wrong with it if it was refused.
 * @template T
 * @param {() => Promise<{ data?: T, error?: unknown, response: Response }>} request
 * @returns {Promise<T>}
 */
async function answered(request) {
  for (;;) {
    const answer = await request().catch((error) => console.error(`No answer: ${error.message}`));
    if (answer?.data !== undefined) return answer.data;
    const status = answer?.response.status ?? 503;
    if (status !== 429 && status < 500) throw new Error(JSON.stringify(answer?.error));
    await sleep(1000 * Number(answer?.response.headers.get("Retry-After") ?? 1));
  }
}
