// fhir-kit-client (Vermonster) against a served vault: SEIFAS_BASE, SEIFAS_TOKEN. Ends with "done", or throws.
import assert from "node:assert/strict";
import { Client } from "fhir-kit-client";

const client = new Client({ baseUrl: process.env.SEIFAS_BASE, bearerToken: process.env.SEIFAS_TOKEN });

const statement = await client.capabilityStatement();
assert.equal(statement.fhirVersion, "4.0.1");
const smart = await client.smartAuthMetadata();
assert.equal(smart.tokenUrl.pathname, "/auth/token");

const patient = await client.create({
  resourceType: "Patient",
  body: { resourceType: "Patient", name: [{ family: "Kitaitė" }], birthDate: "1990-02-03" },
});
const id = patient.id;
const subject = { reference: `Patient/${id}` };
const visit = await client.create({
  resourceType: "Encounter",
  body: { resourceType: "Encounter", status: "finished", class: { code: "AMB" }, subject },
});
const made = [];
for (const day of ["2026-01-01", "2026-02-01", "2026-03-01"]) {
  made.push(
    await client.create({
      resourceType: "Observation",
      body: {
        resourceType: "Observation", status: "final", code: { text: "pulse" }, subject, effectiveDateTime: day,
        encounter: { reference: `Encounter/${visit.id}` },
      },
    }),
  );
}
assert.equal((await client.read({ resourceType: "Patient", id })).birthDate, "1990-02-03");

// Search within the patient, by GET, by POST, as a compartment; page by page; with what is included.
let page = await client.search({ resourceType: "Observation", searchParams: { patient: id, _count: 2, _sort: "-date" } });
assert.deepEqual(page.entry.map((one) => one.resource.effectiveDateTime), ["2026-03-01", "2026-02-01"]);
page = await client.nextPage({ bundle: page });
assert.deepEqual(page.entry.map((one) => one.resource.effectiveDateTime), ["2026-01-01"]);
const posted = await client.search({
  resourceType: "Observation", searchParams: { patient: id, date: "ge2026-02" }, options: { postSearch: true },
});
assert.equal(posted.total, 2);
const within = await client.search({
  resourceType: "Observation", compartment: { resourceType: "Patient", id }, searchParams: { _include: "Observation:encounter" },
});
assert.deepEqual(within.entry.filter((one) => one.search.mode === "include").map((one) => one.resource.id), [visit.id]);
assert.equal((await client.resolve({ reference: `Encounter/${visit.id}`, context: within })).id, visit.id);
const found = await client.search({
  resourceType: "Patient", searchParams: { family: "Kitaitė", birthdate: "1990-02-03" }, options: { postSearch: true },
});
assert.deepEqual(found.entry.map((one) => one.resource.id), [id]);
assert.equal(found.entry[0].resource.birthDate, "1990"); // masked

// Versions.
const changed = await client.update({ resourceType: "Patient", id, body: { ...patient, gender: "female" } });
assert.equal(changed.meta.versionId, "2");
assert.equal((await client.vread({ resourceType: "Patient", id, version: "1" })).gender, undefined);
assert.equal((await client.history({ resourceType: "Patient", id })).total, 2);
await assert.rejects(client.history({ resourceType: "Patient" }), (error) => error.response.status === 403);
await assert.rejects(
  client.update({
    resourceType: "Patient", id, body: { ...patient, gender: "male" }, options: { headers: { "If-Match": 'W/"1"' } },
  }),
  (error) => error.response.status === 412,
);

// Bundles and operations.
const asked = (method, url) => ({ request: { method, url } });
const batch = await client.batch({
  body: {
    resourceType: "Bundle", type: "batch",
    entry: [asked("GET", `Patient/${id}`), asked("GET", `Observation?patient=${id}`), asked("GET", "Observation")],
  },
});
assert.deepEqual(batch.entry.map((one) => one.response.status.slice(0, 3)), ["200", "200", "403"]);
const transaction = await client.transaction({
  body: { resourceType: "Bundle", type: "transaction", entry: [asked("DELETE", `Observation/${made[0].id}`)] },
});
assert.equal(transaction.type, "transaction-response");
const everything = await client.operation({ name: "everything", resourceType: "Patient", id, method: "GET" });
assert.equal(everything.total, 4);
await client.delete({ resourceType: "Observation", id: made[1].id });
await assert.rejects(
  client.read({ resourceType: "Observation", id: made[1].id }), (error) => error.response.status === 410,
);

// What is refused says why, where the client looks for it.
await assert.rejects(
  client.search({ resourceType: "Observation", searchParams: { code: "x" } }),
  (error) => error.response.status === 403 && error.response.data.issue[0].code === "too-costly",
);
await assert.rejects(
  client.create({ resourceType: "Patient", body: { resourceType: "Patient", gender: "none such" } }),
  (error) => error.response.data.issue[0].expression[0] === "Patient.gender",
);
console.log("done");
