// Converts each OpenAPI file that is named, and prints one JSON line for it: what the converter says, and its requests.
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import Converter from "openapi-to-postmanv2";

const convert = promisify(Converter.convertV2.bind(Converter));

for (const file of process.argv.slice(2)) {
  const input = { type: "string", data: readFileSync(file, "utf8") };
  const { result, output, analytics, ...said } = await convert(input, {});
  const requests = output ? [...requestsOf(output[0].data.item)] : [];
  console.log(JSON.stringify({ valid: Converter.validate(input).result, result, said, requests }));
}

function* requestsOf(items) {
  for (const one of items) {
    if (one.item) yield* requestsOf(one.item);
    else yield `${one.request.method} /${one.request.url.path.join("/")}`;
  }
}
