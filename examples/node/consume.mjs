// Follow pec:events and survive crashes, with the npm package `redis`:
//   npm ci && PEC_REDIS_URL=redis://localhost:6379/0 node consume.mjs
// Start as many as you like, each with a CONSUMER name of its own that stays the same when it starts again.
// What it knows stands in Redis under app:; a real app uses its own database, and one transaction in `handle`.
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";

/** @typedef {import("./pec.d.ts").PecEvent} PecEvent */
/** @typedef {{ id: string, message: { [field: string]: string } }} Entry */

const STREAM = "pec:events";
const GROUP = process.env.GROUP ?? "my-app";
const CONSUMER = process.env.CONSUMER ?? hostname();
const CLAIM_SECONDS = Number(process.env.CLAIM_SECONDS ?? 60); // longer than handling an event ever takes
const BLOCK_SECONDS = 1;
const COUNT = 100;
const HANDLED_SECONDS = 90 * 86_400; // as long as events are kept

// The note that an event was handled and what it changes, in one step: both or neither. An older event changes nothing.
const REMEMBER = `
if not redis.call("SET", KEYS[1], "1", "NX", "EX", ARGV[1]) then return 0 end
if tonumber(redis.call("HGET", KEYS[2], "sequence") or "-1") < tonumber(ARGV[3]) then
  redis.call("HSET", KEYS[2], "state", ARGV[2], "sequence", ARGV[3])
end
return 1`;

const url = process.env.PEC_REDIS_URL ?? "redis://localhost:6379/0";
const client = createClient({ url, socket: { reconnectStrategy: 1000 } });
client.on("error", (error) => console.error(`Redis: ${error.message}; once more in a second`));
process.on("SIGTERM", () => process.exit(0)); // a stop at any moment does no harm
await client.connect();
for (;;) {
  try {
    await follow();
  } catch (error) {
    console.error(`Redis: ${error}; once more in a second`); // away, or back without the group: begin again
    await sleep(1000);
  }
}

async function follow() {
  for await (const { id: entry, message: fields } of entries()) {
    if (fields?.event) { // without: the stream was trimmed before it was handled
      try {
        await handle(fields.id, JSON.parse(fields.event));
      } catch (error) {
        console.error(`${fields.id} could not be handled: ${error}`); // it is claimed again later
        continue;
      }
    }
    await client.xAck(STREAM, GROUP, entry);
  }
}

/**
 * What your app does with an event. `type` decides what `data` is.
 * @param {string} id the webhook-id, the same each time the event comes
 * @param {PecEvent} event
 */
async function handle(id, event) {
  switch (event.type) {
    case "batch.completed":
      console.log(id, `batch ${event.data.batch}: ${event.data.counts.delivered ?? 0} of ${event.data.size} delivered`);
      return;
    case "account.paused":
      console.log(id, `account ${event.data.account} is paused: ${event.data.reason?.description}`);
      return;
  }
  if (!("state" in event.data) || event.type !== `message.${event.data.state}`) return; // no new state
  const keys = [`app:handled:${id}`, `app:pec:${event.data.id}`];
  const values = [HANDLED_SECONDS, event.data.state, event.data.sequence].map(String);
  if (await client.eval(REMEMBER, { keys, arguments: values })) console.log(id, event.data.id, event.data.state);
}

/**
 * First what this consumer took before it died, then what is new and what others took and never finished.
 * @returns {AsyncGenerator<Entry>}
 */
async function* entries() {
  await client.xGroupCreate(STREAM, GROUP, "0", { MKSTREAM: true }).catch((error) => {
    if (!error.message.startsWith("BUSYGROUP")) throw error; // "0": all that is kept; "$": only what comes
  });
  let position = "0";
  for (;;) {
    const mine = await read(position);
    if (mine.length === 0) break;
    yield* mine;
    position = mine[mine.length - 1].id;
  }
  let claimAt = 0;
  for (;;) {
    if (Date.now() >= claimAt) {
      yield* abandoned();
      claimAt = Date.now() + CLAIM_SECONDS * 1000;
    }
    yield* await read(">");
  }
}

/** @param {string} position @returns {Promise<Entry[]>} */
async function read(position) {
  const options = { COUNT, BLOCK: BLOCK_SECONDS * 1000 };
  const found = await client.xReadGroup(GROUP, CONSUMER, { key: STREAM, id: position }, options);
  return /** @type {{ messages: Entry[] }[] | null} */ (found)?.[0]?.messages ?? [];
}

/** @returns {AsyncGenerator<Entry>} */
async function* abandoned() {
  let cursor = "0-0";
  do {
    const options = { COUNT };
    const found = await client.xAutoClaim(STREAM, GROUP, CONSUMER, CLAIM_SECONDS * 1000, cursor, options);
    for (const entry of found.messages) if (entry) yield entry;
    cursor = found.nextId;
  } while (cursor !== "0-0");
}
