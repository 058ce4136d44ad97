// @medplum/core against a served vault: SEIFAS_BASE, SEIFAS_TOKEN. Ends with "done", or throws.
import assert from "node:assert/strict";
import { MedplumClient, OperationOutcomeError, getReferenceString } from "@medplum/core";

const base = new URL(process.env.SEIFAS_BASE);
const client = new MedplumClient({
  baseUrl: base.origin, fhirUrlPath: "fhir", accessToken: process.env.SEIFAS_TOKEN, cacheTime: 0, fetch,
});

const outcome = async (promise) => {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof OperationOutcomeError, String(error));
    return error.outcome.issue[0];
  }
  return assert.fail("it was not refused");
};

const patient = await client.createResource({
  resourceType: "Patient", name: [{ family: "Medaitė", given: ["Ieva"] }], birthDate: "1985-07-08",
});
const subject = { reference: getReferenceString(patient) };
const one = await client.createResource({
  resourceType: "Observation", status: "final", code: { text: "pulse" }, subject, effectiveDateTime: "2026-01-01",
  identifier: [{ system: "urn:lab", value: "1" }],
});

// Its conditional create goes by If-None-Exist; within a patient it makes one, however often it is sent.
const wanted = {
  resourceType: "Observation", status: "final", code: { text: "again" }, subject,
  identifier: [{ system: "urn:lab", value: "2" }],
};
const query = `patient=${patient.id}&identifier=urn:lab|2`;
const first = await client.createResourceIfNoneExist(wanted, query);
const second = await client.createResourceIfNoneExist(wanted, query);
assert.equal(first.id, second.id);

assert.equal((await client.readResource("Patient", patient.id)).birthDate, "1985-07-08");
assert.equal((await client.readReference(subject)).id, patient.id);
const found = await client.searchResources("Observation", { patient: patient.id, _sort: "-date" });
assert.deepEqual(new Set(found.map((each) => each.id)), new Set([one.id, first.id]));
assert.equal((await client.searchOne("Observation", { patient: patient.id, identifier: "urn:lab|1" })).id, one.id);
const pages = [];
for await (const page of client.searchResourcePages("Observation", { patient: patient.id, _count: 1 })) {
  pages.push(page.length);
}
assert.deepEqual(pages, [1, 1]);
const included = await client.search("Observation", `patient=${patient.id}&_include=Observation:subject`);
assert.equal(included.entry.filter((each) => each.resource.resourceType === "Patient").length, 1);

const changed = await client.updateResource({ ...patient, gender: "female" });
assert.equal(changed.meta.versionId, "2");
assert.equal((await client.readHistory("Patient", patient.id)).entry.length, 2);
assert.equal((await client.readVersion("Patient", patient.id, "1")).gender, undefined);
const everything = await client.readPatientEverything(patient.id);
assert.equal(everything.entry.length, 3);
const provenance = await client.searchResources("Provenance", { patient: patient.id });
assert.equal(provenance.length, 4);

const batch = await client.executeBatch({
  resourceType: "Bundle", type: "batch",
  entry: [
    { request: { method: "GET", url: getReferenceString(patient) } },
    { request: { method: "POST", url: "Observation" }, resource: { ...wanted, identifier: undefined } },
    { request: { method: "GET", url: "Observation?code=x" } },
  ],
});
assert.deepEqual(batch.entry.map((each) => each.response.status.slice(0, 3)), ["200", "201", "403"]);
assert.equal(batch.entry[2].response.outcome.issue[0].code, "too-costly");

await client.deleteResource("Observation", one.id);
assert.equal((await outcome(client.readResource("Observation", one.id))).code, "deleted");
assert.equal((await outcome(client.searchResources("Observation", { code: "x" }))).code, "too-costly");
assert.equal((await outcome(client.readResource("Patient", "ab".repeat(16)))).code, "not-found");
assert.deepEqual(
  (await outcome(client.createResource({ resourceType: "Patient", gender: "none such" }))).expression,
  ["Patient.gender"],
);
const patched = client.patchResource("Patient", patient.id, [{ op: "remove", path: "/gender" }]);
assert.equal((await outcome(patched)).code, "not-supported");
console.log("done");
