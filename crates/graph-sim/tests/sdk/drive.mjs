// Drives the simulator with Microsoft's JavaScript client (@microsoft/microsoft-graph-client).
// Reads the server's ready line from standard input; NODE_PATH's folder holds the client.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.ALMANAC_SDK_MODULES + "/");
const {
  Client, PageIterator, BatchRequestContent, BatchResponseContent, GraphError, ResponseType,
} = require("@microsoft/microsoft-graph-client");

const ready = JSON.parse(readFileSync(0, "utf8").split("\n")[0]);
const tenant = ready.tenants[0];
const MARK = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark";
let held = 0;
const check = (what, fact) => { assert.ok(fact, what); held += 1; };

async function token() {
  const answer = await fetch(`${ready.login_url}/${tenant.domain}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      client_id: tenant.client_id, client_secret: tenant.client_secret,
      grant_type: "client_credentials", scope: "https://graph.microsoft.com/.default",
    }),
  });
  return (await answer.json()).access_token;
}

const client = Client.init({
  baseUrl: ready.graph_url + "/",
  defaultVersion: "v1.0",
  customHosts: new Set(["127.0.0.1"]),
  authProvider: (done) => token().then((t) => done(null, t), (e) => done(e, null)),
});
const user = `/users/${tenant.mailboxes[1]}`;

async function refused(call) {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof GraphError);
    return error;
  }
  throw new Error("the call was not refused");
}

async function everything(page) {
  const all = [];
  await new PageIterator(client, page, (item) => { all.push(item); return true; }).iterate();
  return all;
}

async function people() {
  const first = await client.api("/users").select("id,displayName").top(7).get();
  check("the page has the size asked for", first.value.length === 7);
  const all = await everything(first);
  check("every person once", all.length >= 25 && new Set(all.map((p) => p.id)).size === all.length);
  const counted = await client.api("/users").header("ConsistencyLevel", "eventual").count(true)
    .filter("endsWith(mail,'contoso.example')").orderby("displayName").get();
  check("an advanced query counts", counted["@odata.count"] > 10);
  const led = await client.api("/users").expand("manager($select=id,displayName)").select("id").get();
  check("managers are expanded", led.value.some((p) => p.manager?.displayName));
  const groups = await client.api("/groups").filter("displayName eq 'All staff'").get();
  const members = await client.api(`/groups/${groups.value[0].id}/transitiveMembers`).get();
  check("members through nested groups", members.value.some((m) => m["@odata.type"] === "#microsoft.graph.user"));
}

function card(name) {
  return {
    givenName: name, surname: "Curie", displayName: `${name} Curie`,
    emailAddresses: [{ address: `${name.toLowerCase()}@example.com`, name }],
    singleValueExtendedProperties: [{ id: MARK, value: name }],
  };
}

async function contacts() {
  const folder = await client.api(`${user}/contactFolders`).post({ displayName: "From JavaScript" });
  const there = `${user}/contactFolders/${folder.id}/contacts`;
  const made = await client.api(there).post(card("Marie"));
  check("a contact is made", made.id && made["@odata.etag"]);
  const seen = await client.api(`${there}/${made.id}`)
    .expand(`singleValueExtendedProperties($filter=id eq '${MARK}')`).get();
  check("its mark is read back", seen.singleValueExtendedProperties[0].value === "Marie");
  const changed = await client.api(`${there}/${made.id}`).patch({ jobTitle: "Chemist", displayName: "Marie Curie" });
  check("a patch changes only what it says", changed.jobTitle === "Chemist" && changed.surname === "Curie");
  const stale = await refused(client.api(`${there}/${made.id}`).header("If-Match", made["@odata.etag"]).patch({ jobTitle: "x" }));
  check("a stale etag is refused", stale.statusCode === 412);
  return { there, made };
}

async function delta({ there, made }) {
  let page = await client.api(`${there}/delta`).header("Prefer", "odata.maxpagesize=1").get();
  const seen = [...page.value];
  while (page["@odata.nextLink"]) {
    page = await client.api(page["@odata.nextLink"]).get();
    seen.push(...page.value);
  }
  check("the delta ends", page["@odata.deltaLink"] && seen.length === 1);
  await client.api(`${there}/${made.id}`).delete();
  page = await client.api(page["@odata.deltaLink"]).get();
  check("a deletion is a tombstone", page.value[0]["@removed"].reason === "deleted");
}

async function batch({ there }) {
  // The client cuts off the host and nothing more; Node's Request takes whole URLs only: so no version here.
  const post = (name) => new Request(`${ready.graph_url}${there}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(card(name)),
  });
  const content = new BatchRequestContent([
    { id: "1", request: post("Irene") },
    { id: "2", request: post("Eve"), dependsOn: ["1"] },
  ]);
  content.addRequest({ id: "3", request: new Request(`${ready.graph_url}/users/nobody/contacts`), dependsOn: ["2"] });
  content.addRequest({ id: "4", request: post("Never"), dependsOn: ["3"] });
  const answer = new BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  const status = (id) => answer.getResponseById(id).status;
  const statuses = [1, 2, 3, 4].map((n) => status(String(n))).join();
  check(`each step has its own status: ${statuses}`, statuses === "201,201,404,424");
  check("a step's body is a contact", (await answer.getResponseById("2").json()).givenName === "Eve");
}

async function photo({ there }) {
  const all = await client.api(there).get();
  const one = `${there}/${all.value[0].id}/photo/$value`;
  let jpeg;
  for (const name of tenant.mailboxes) {
    try {
      jpeg = await client.api(`/users/${name}/photo/$value`).responseType(ResponseType.ARRAYBUFFER).get();
      break;
    } catch (error) {
      check("no photo is a 404", error.statusCode === 404);
    }
  }
  await client.api(one).header("Content-Type", "image/jpeg").put(Buffer.from(jpeg));
  const again = await client.api(one).responseType(ResponseType.ARRAYBUFFER).get();
  check("a photo comes back as it was put", Buffer.compare(Buffer.from(again), Buffer.from(jpeg)) === 0);
}

async function errors() {
  const unknown = await refused(client.api("/users/nobody@contoso.example").get());
  check("an unknown user", unknown.statusCode === 404 && unknown.code === "Request_ResourceNotFound");
  check("errors carry a request id", unknown.requestId);
  const phones = await refused(client.api(`${user}/contacts`).post({ businessPhones: ["1", "2", "3"] }));
  check("too many phones", phones.statusCode === 400 && phones.message.includes("BusinessPhones"));
}

await people();
const made = await contacts();
await delta(made);
await batch(made);
await photo(made);
await errors();
console.log(`microsoft-graph-client for JavaScript: ${held} checks held`);
