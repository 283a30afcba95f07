// Enqueue a PEC with an attachment, with the npm package `redis`:
//   npm ci && PEC_REDIS_URL=redis://localhost:6379/0 node enqueue.mjs
import { createHash } from "node:crypto";
import { createClient } from "redis";

const UPLOAD_SECONDS = 7 * 86_400;
const client = createClient({
  url: process.env.PEC_REDIS_URL ?? "redis://localhost:6379/0",
  socket: { reconnectStrategy: false }, // an example gives up at once; a service would try again
});
client.on("error", () => {}); // reported below
await client.connect().catch((error) => {
  console.error(`Redis can't be used (${error.message}): start one, or set PEC_REDIS_URL with its user and password`);
  process.exit(4);
});

const invoice = Buffer.from("%PDF-1.4 ...");
const job = {
  type: "send",
  id: "example-node-1", // your own key: the same id again is never sent a second time
  account: "acme",
  recipient: "consegna@pec.example",
  subject: "Fattura n. 3/2026",
  body: "<p>In allegato la fattura.</p>",
  attachments: [{ name: "fattura-3.pdf", sha256: await upload(invoice) }],
  metadata: { customer: 42 },
};
const entry = await client.xAdd("pec:jobs", "*", { job: JSON.stringify(job) });
console.log(`Enqueued ${job.id} as entry ${entry}.`);
console.log(`Next: \`pec watch ${job.id}\` follows it; the hash pec:message:${job.id} shows it once a worker`);
console.log(`has taken it, and if a worker refused it, pec:rejected has an entry whose \`entry\` is ${entry}.`);
client.destroy();

/** Puts bytes beside the jobs, under their SHA-256, which a job names. The same bytes again refresh them. */
async function upload(content) {
  const sha256 = createHash("sha256").update(content).digest("hex");
  await client.set(`pec:upload:${sha256}`, content, { expiration: { type: "EX", value: UPLOAD_SECONDS } });
  return sha256;
}
