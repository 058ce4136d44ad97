"""A case of 2026 as filings know it: events, two demands, three files, a frozen list; facts a person wrote."""

from __future__ import annotations

from typing import Any

from seifas.incidents.filings.facts import Answer, Count, Facts, merged
from seifas.incidents.filings.known import Asked, File, Happened, Known, Sent
from seifas.incidents.filings.proposing import Contact, proposed

CASE = "c0" * 16
SNAPSHOT = "5a" * 16
FILE = File(id="f1" * 16, sha256="ab" * 32, size=48_120, kept="2026-03-24 02:45")
AWARE = Happened(
    entry="e1" * 16, word="aware", at="2026-03-24 14:05", what="Atitikmuo patvirtintas", source="Pareigūnė"
)
DEMAND = Asked(
    entry="d1" * 16, seen="2026-03-23 23:10", amount="300 BTC", deadline="2026-06-30",
    addresses=("1BoatSLRHtKNngkdXEeobR76b53LETtpyT",), channel="mail", wording="Pay or all is sold.",
    evidence=(FILE.id,),
)
PROFILE = {
    "name": "Pavyzdinė klinika", "street": "Laisvės al. 1", "postcode": "44001", "city": "Kaunas",
    "phone": "+370 37 000000", "mail": "info@klinika.example",
}
AT_MS = 1_774_400_000_000  # 2026-03-25 00:53 UTC: 13 hours after the clinic was aware


def count(n: int, *grades: str, snapshot: str = SNAPSHOT) -> Count:
    quoted = ",".join(f'"{one}"' for one in sorted(grades))
    return Count(snapshot=snapshot, query=f'{{"grade":[{quoted}]}}', n=n, at_ms=AT_MS)


COUNTS = {
    "subjects": count(24_000, "published", "taken", "reachable"), "subjects-published": count(35, "published"),
    "subjects-taken": count(965, "taken"), "subjects-reachable": count(23_000, "reachable"),
    "subjects-ciphertext": count(0, "ciphertext"),
}
TYPED = {
    "story": Answer(text="Rasta 35 kortelių kopija; nukopijuota visa duomenų bazė.", grounds=(f"file:{FILE.id}",)),
    "controller-code": Answer(text="300000000"), "began": Answer(text="2026-01-17"),
    "place": Answer(chosen=("database", "computer")), "data-kinds": Answer(chosen=("identity", "special")),
    "records": Answer(text="25000"), "measures-people": Answer(text="Žmonėms rašomi laiškai."),
    "measures-end": Answer(text="Prieiga uždaryta."), "measures-again": Answer(text="Raktai pakeisti."),
    "told-on": Answer(text="2026-03-26"), "told-ways": Answer(chosen=("post", "mail")),
    "cause": Answer(text="Įsilaužimas"),
    "duty-phone": Answer(text="+370 600 00000"), "cross-border": Answer(text="yes"),
    "countries": Answer(text="DE, DK, NO"),
    "significant": Answer(text="2026-03-24T15:00"), "entity-kind": Answer(text="important"),
    "severity": Answer(text="Didelis"),
    "services": Answer(text="Priėmimas nenutrūko"), "systems": Answer(text="Kortelių sistema"),
    "asked": Answer(text="Pradėti tyrimą."), "damage": Answer(text="Dar skaičiuojama"), "policy": Answer(text="LT-1"),
    "protection": Answer(text="Diskai užšifruoti"),
}


def known(typed: dict[str, Answer] | None = None, **changed: Any) -> Known:
    fields: dict[str, Any] = {
        "case": CASE, "clinic": "Pavyzdinė klinika", "made": "2026-03-25 02:53 (Europe/Vilnius)", "now_ms": AT_MS,
        "files": (FILE,), "events": (AWARE,), "demands": (DEMAND,), "facts_entry": "fa" * 16, **changed,
    }
    offered = proposed(
        PROFILE, Contact(name="Ona Pareigūnė", mail="dpo@klinika.example"), "extortion", fields["events"],
        fields["demands"], fields.get("sent", ()), COUNTS,
    )
    facts = Facts(zone="Europe/Vilnius", answers=merged(TYPED if typed is None else typed, offered), snapshot=SNAPSHOT)
    return Known(facts=facts, **fields)


SENT = Sent(
    entry="99" * 16, form="vdai", kind="first", at="2026-03-25 03:10", channel="E.pristatymas", reference="3R-1"
)
