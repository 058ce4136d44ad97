"""A case's filings and statements, so that the walk has one of each to look at."""

from __future__ import annotations

from typing import Any

import msgspec
from darkroom_stage import Desk

from seifas.incidents.filings.catalogue import FORMS
from seifas.incidents.filings.facts import Answer, Facts, written
from seifas.incidents.filings.known import Known
from seifas.incidents.filings.rendering import render
from seifas.incidents.filings.sealing import KIND, Gate, Mark, sealed
from seifas.incidents.filings.sealing import written as filing_written
from seifas.incidents.voice.making import Speaker, Statement, Words, files

DAY = "2026-03-24"


def furnished_filings(officer: Desk, case: bytes) -> dict[str, str]:
    """Puts in facts, a filing that was sent, and a statement; facts `filing`, `filed`, `spoken`."""
    facts = Facts(zone="Europe/Vilnius", answers={
        "story": Answer(text="Rasta pusės kortelių kopija.", grounds=("case",)), "records": Answer(text="35"),
        "data-kinds": Answer(chosen=("identity", "special")), "began": Answer(text="2026-03-20"),
    })  # fmt: skip
    entry = officer.ask("case.append", case=case, kind="facts", body=written(facts))["entry"]
    known = Known(case=case.hex(), clinic="Pavyzdinė klinika", made=f"{DAY} 03:00", now_ms=1_774_314_000_000,
                  facts=facts, facts_entry=entry.hex())  # fmt: skip
    documents = {one: render(FORMS["vdai"], known, one) for one in ("lt", "en")}
    gate = Gate(basis="GDPR, article 33", scanned=True, later=documents["lt"].missing)
    made = officer.ask("case.append", case=case, kind=KIND, body=filing_written(sealed(documents, facts, gate, DAY)))
    mark = Mark(state="sent", language="lt", at=f"{DAY}T04:10", zone="Europe/Vilnius", channel="E.pristatymas",
                reference="3R-1234")  # fmt: skip
    officer.ask("case.append", case=case, kind=KIND, body=filing_written(mark), about=made["entry"])
    words = {
        "lt": Words(title="Pranešimas", text="Pavogta duomenų.\n\n- Nemokėkite", answers="## Ar mokėsite?\n\nNe."),
        "en": Words(title="Statement", text="Data were stolen.\n\n- Do not pay"),
    }
    shown = {one: render(FORMS["press"], known, one) for one in ("lt", "en")}
    speaker = Speaker(name="Jonas Pavyzdys", phone="+370 600 00000")
    statement = Statement(clinic=known.clinic, made=known.made, day=DAY, words=words, speaker=speaker, facts=shown)
    body: dict[str, Any] = {
        "pages": {one: {"title": each.title, "text": each.text} for one, each in words.items()},
        "files": files(statement), "basis": "BDAR 34 straipsnis", "speaker": speaker,
        "answers": {one: each.answers for one, each in words.items()},
    }  # fmt: skip
    spoken = officer.ask("case.append", case=case, kind="statement", body=msgspec.json.encode(body))
    return {"filing": "vdai", "filed": made["entry"].hex(), "spoken": spoken["entry"].hex()}
