// Receive events and verify that they are ours, with Node alone:
//   WEBHOOK_SECRET=whsec_… node receive.mjs 8080
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE_SECONDS = 5 * 60;
const key = Buffer.from(process.env.WEBHOOK_SECRET.replace("whsec_", ""), "base64");

/** Return whether the request is ours, unchanged and recent. `body` is its raw bytes. */
function verified(body, headers) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  if (!id || !signatures || !(Math.abs(Date.now() / 1000 - timestamp) <= TOLERANCE_SECONDS)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((one) => {
    const [version, signature] = one.split(",");
    const given = Buffer.from(signature ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!verified(body, request.headers)) return response.writeHead(401).end();
  const event = JSON.parse(body);
  // An event may come twice, with the same webhook-id: keep the ids that you have handled in your database.
  console.log(request.headers["webhook-id"], event.type, event.data.id ?? "");
  return response.writeHead(204).end();
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
  console.log("Next: name it in PEC_WEBHOOKS__ENDPOINTS, set PEC_WEBHOOKS__ALLOW_PRIVATE=true, restart the workers");
});
