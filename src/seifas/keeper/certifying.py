"""The certificate of an erasure: what is dead now, what dies when, and what stays. No name; the patient's number only.

It promises what was kept: on one server copies of the key store made before hold the old keys until they run out, and
the certificate names the day (docs/running/erasure.md). Where the former epoch key needed key objects in tokens, and
these were destroyed in all of them, it says so: form 2 (docs/running/hsm.md).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

GROUNDS = {
    "patient-asked": "the patient asked for it (GDPR, article 17(1))",
    "retention-ended": "the years for which records are kept are over",
    "mistake": "the record was made by mistake",
    "ordered": "a court or an authority ordered it",
    "demo": "a demonstration",
}
"""Why somebody is erased: a word, never a sentence, since a sentence would name somebody and outlive the keys."""

_DEAD_1 = (
    "the patient's four keys (records, photos, card, audit details): destroyed in the vault, and not in the key store "
    "that took its place, whose epoch key is new",
    "every version of every record, every photo and the card: what is left of them anywhere, also in copies of the "
    "data of any age, opens with no key that the vault still has",
    "the notes of appointments, the reasons given in the audit log and those of holds: sealed under the same keys",
    "the name in the directory, the entries of day pages, the places on worklists",
)
_UNTIL_1 = (
    "copies of the key store made before the erasure still hold the old keys; the clinic keeps none longer than until "
    "the day named here, and a restore refuses to bring this patient back before it, too"
)
_STAYS_1 = (
    "that a patient with this number was erased, when and on whose word, here and (as a number that names nobody) in "
    "the tombstone list",
    "the lines of the audit log without their details: when, which account, under a pseudonym; the log's proofs stay "
    "whole",
    "in copies of the keeper's state made before: day pages that say that somebody with this number had an "
    "appointment, at what time and with whom",
    "what was shown, printed or exported before; what other systems were sent",
)


_DEAD_2 = (
    "the patient's four keys (records, photos, card, audit details): destroyed in the vault, and not in the key store "
    "that took its place, whose epoch key is new",
    "the former epoch key, without which no older copy of the key store opens: half of it lay behind key objects in "
    "the tokens named above (PKCS#11), which never left them and were destroyed in each; so copies of the key store "
    "and of the data, of whatever age, open nothing of this patient, whoever has them and every passphrase and "
    "custodian's secret",
    *_DEAD_1[2:],
)


class Sentences(NamedTuple):
    """What a form of the certificate says. A form that was handed out is never changed: another number is added. Where
    nothing waits for copies to run out, `dies_with_key_copies` is empty."""

    dead: tuple[str, ...]
    dies_with_key_copies: str
    stays: tuple[str, ...]


FORMS = {1: Sentences(_DEAD_1, _UNTIL_1, _STAYS_1), 2: Sentences(_DEAD_2, "", _STAYS_1)}


class Certificate(msgspec.Struct, frozen=True):
    """As stored with the tombstone. Times in ISO 8601, UTC; `audit_leaf` is the RFC 6962 hash of the log's line, by
    which it is found and proven; `form` says which sentences belong to it; `tokens` names those in which the former
    epoch's objects were destroyed (form 2)."""

    number: int
    patient: str
    clinic: str
    erased: str
    ground: str
    asked_by: str
    approved_by: tuple[str, ...]
    records: int
    rows: int
    generation: int
    audit_leaf: str
    key_copies_until: str
    form: int = 1
    tokens: tuple[str, ...] = ()


def at_once(certificate: Certificate, tokens: tuple[str, ...]) -> Certificate:
    """The same erasure, when the former epoch's objects are gone from all tokens: nothing is left to run out."""
    return msgspec.structs.replace(certificate, form=2, tokens=tokens, key_copies_until=certificate.erased[:10])


def key_copies_until(erased_ms: int, days: int) -> str:
    return (datetime.fromtimestamp(erased_ms / 1000, UTC) + timedelta(days=days)).date().isoformat()


def moment_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def encode(certificate: Certificate) -> bytes:
    return msgspec.json.encode(certificate)


def decode(raw: bytes) -> Certificate:
    return msgspec.json.decode(raw, type=Certificate)


def as_json(certificate: Certificate) -> dict[str, Any]:
    """The certificate as it is handed out, with its sentences."""
    told: dict[str, Any] = msgspec.to_builtins(certificate)
    return {**told, **FORMS[certificate.form]._asdict()}


def as_text(certificate: Certificate) -> str:
    """The certificate as a page to read and sign."""
    ground = GROUNDS.get(certificate.ground, certificate.ground)
    says = FORMS[certificate.form]
    head = [
        f"Certificate of erasure, number {certificate.number}",
        "",
        f"Clinic                {certificate.clinic}",
        f"Patient               {certificate.patient}",
        f"Erased                {certificate.erased}",
        f"Because               {ground}",
        f"Asked for by          {certificate.asked_by}",
        f"Approved by           {', '.join(certificate.approved_by)}",
        f"Records, stored rows  {certificate.records}, {certificate.rows}",
        f"Key store             generation {certificate.generation} took the place of the former one",
        f"Line in the log       {certificate.audit_leaf}",
        *([f"Destroyed in          {', '.join(certificate.tokens)}"] if certificate.tokens else []),
        "",
        "Dead now" if says.dies_with_key_copies else "Dead at once, in every copy of whatever age",
        *(f"  - {line}" for line in says.dead),
        "",
        *(_until(certificate) if says.dies_with_key_copies else ()),
        "What stays",
        *(f"  - {line}" for line in says.stays),
        "",
    ]
    return "\n".join(head)


def _until(certificate: Certificate) -> tuple[str, ...]:
    return (
        f"Dead by {certificate.key_copies_until}, when the last copy of the former key store runs out",
        f"  - {FORMS[certificate.form].dies_with_key_copies}",
        "",
    )
