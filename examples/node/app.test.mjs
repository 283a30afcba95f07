// A test of an app that sends PEC, to begin your own with:
//   npm ci && sh ../testbed.sh node --test app.test.mjs
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";

const client = createClient({ url: process.env.PEC_REDIS_URL });
await client.connect();
after(() => client.destroy());

/** What your app does; import it from there. An id of its own for each run, so that tests do not meet. */
async function send(recipient, subject) {
  const id = `test-${randomUUID()}`;
  const job = { type: "send", id, account: "acme", recipient, subject, body: "<p>Buongiorno</p>" };
  await client.xAdd("pec:jobs", "*", { job: JSON.stringify(job) });
  return id;
}

/** The record of a message once it is in this state. */
async function become(id, state) {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(100)) {
    const message = await client.hGetAll(`pec:message:${id}`);
    if (message.state === state) return message;
  }
  assert.fail(`${id} is ${await client.hGet(`pec:message:${id}`, "state")}, not ${state}`);
}

/** The PEC that left with this code, as the other side got them. */
async function sent(code) {
  const answer = await fetch(`${process.env.PEC_SANDBOX_URL}/_sandbox/sent`);
  return (await answer.json()).filter((pec) => pec.code === code);
}

test("a reminder is sent once, with its subject and text, and delivered", async () => {
  const id = await send("consegna+1@pec.example", "Sollecito n. 1");
  const { code } = await become(id, "delivered");
  const [pec, ...more] = await sent(code);
  assert.deepEqual(more, []);
  assert.deepEqual(pec.recipients, ["consegna+1@pec.example"]);
  assert.match(pec.subject, /^Sollecito n\. 1 \[rif\. \w+\]$/);
  assert.equal(pec.body_sha256, createHash("sha256").update("<p>Buongiorno</p>").digest("hex"));
});

test("a mailbox that does not exist is reported with its reason", async () => {
  const id = await send("mancata-consegna+1@pec.example", "Sollecito n. 2");
  const { reason } = await become(id, "undelivered");
  assert.equal(JSON.parse(reason).details.error, "5.1.1");
});

test("a PEC whose answer was lost is found, and not sent again", async () => {
  const id = await send("connessione-chiusa+1@pec.example", "Sollecito n. 3");
  const { code } = await become(id, "delivered");
  assert.equal((await sent(code)).length, 1);
});
