"""What is said, side by side: claims by subject, each with who says it, so that none silently becomes a fact."""

from __future__ import annotations

from typing import Any, Final, cast

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.incidents.standing import Held, standing
from seifas.incidents.timeline import Claim, SourceKind
from seifas.web.desk.cases.frame import of_case, show
from seifas.web.desk.cases.reading import entries_of, files_of
from seifas.web.desk.cases.writing import Kept, Sent, evidence, kept, one_line, typed_of
from seifas.web.desk.officer.frame import asked
from seifas.web.desk.room import Room

SOURCE_WORDS: Final = {
    "vault": "case-source-vault", "clinic": "case-source-clinic", "press": "case-source-press",
    "police": "case-source-police", "authority": "case-source-authority", "expert": "case-source-expert",
    "patient": "case-source-patient", "extorter": "case-source-extorter", "thief": "case-source-thief",
    "other": "case-source-other",
}  # fmt: skip


async def claims(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/claims: all claims by subject; a POST adds one, corrects it or takes it back."""
    visit, key, told = await of_case(room, exchange, case)
    files = await files_of(room, visit, told)
    done = Kept(gone=False)
    if exchange.method == "POST":
        known = {ident for ident, _ in files}

        def made(sent: Sent) -> Claim:
            shown = evidence(sent)
            if not known.issuperset(shown):
                raise Invalid("this is no file of the case", where="evidence")
            return Claim(
                subject=one_line(sent, "subject"), says=one_line(sent, "says"), source=one_line(sent, "source"),
                kind=cast(SourceKind, sent.get("kind", "")), dated=one_line(sent, "dated"), evidence=shown,
            )  # fmt: skip

        done = await kept(room, exchange, visit, told, "claim", made, then=exchange.path)
        if done.gone:
            return
    held = standing(await entries_of(room, visit, key, ("claim",)), "claim", Claim)
    subjects = by_subject(held)
    await show(
        room, exchange, "claims", visit, told, section="", said=done.said, status=done.status, subjects=subjects,
        sources=SOURCE_WORDS, files=files, names=dict(files),
        typed=typed_of(done.typed or _as_typed(held, asked(exchange).get("correct", ""))),
    )  # fmt: skip


def by_subject(held: list[Held[Claim]]) -> list[dict[str, Any]]:
    """Claims grouped by subject (letters' case and spaces apart), oldest claim first; `differ` where two do not say the
    same."""
    found: dict[str, list[Held[Claim]]] = {}
    for one in held:
        found.setdefault(_folded(one.document.subject), []).append(one)
    return [
        {
            "subject": rows[0].document.subject,
            "rows": sorted(rows, key=lambda each: (each.document.dated or "9999", each.entry.seq)),
            "differ": len({_folded(each.document.says) for each in rows}) > 1,
        }
        for rows in found.values()
    ]  # fmt: skip


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _as_typed(held: list[Held[Claim]], first: str) -> Sent:
    for one in held:
        if one.first == first:
            claim = one.document
            return {
                "about": first, "subject": claim.subject, "says": claim.says, "source": claim.source,
                "kind": claim.kind, "dated": claim.dated, **{f"file-{each}": "1" for each in claim.evidence},
            }  # fmt: skip
    return {}
