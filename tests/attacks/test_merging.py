"""Merging as a way to others' charts, to hide somebody, or to spoil a record: its price, refusals, and the way back."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

from keeper_rig import Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError, SignIn, StepUp
from seifas.keeper import rotating
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.model import CLINIC, Kind

WHY = "tas pats asmens kodas"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


async def two(asked: Asked, session: str) -> tuple[bytes, bytes]:
    """Ona under her married and her maiden name, each with a note."""
    first = await asked.create(session, "Patient", name=[{"family": "Žukauskienė", "given": ["Ona"]}],
                               birthDate="1980-02-03", telecom=[{"system": "phone", "value": "+370 612 34567"}])
    other = await asked.create(session, "Patient", name=[{"family": "Kazlauskaitė", "given": ["Ona"]}],
                               birthDate="1980-02-03", telecom=[{"system": "phone", "value": "+370 699 99999"}],
                               multipleBirthInteger=2, extension=[{"url": "urn:x", "valueDecimal": 1.50}])
    for patient, text in ((first, "dabartinė pastaba"), (other, "senoji pastaba")):
        await asked.create(session, "Condition", patient, code={"text": text})
    return first, other


async def hits(asked: Asked, session: str, name: str) -> list[bytes]:
    return [one.patient for one in await asked.desk("patient.search", session=session, name=name)]


def body(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in json.loads(found["body"]).items() if key != "meta"}


async def refused(call: Awaitable[Any], *kinds: type[SeifasError]) -> SeifasError:
    with pytest.raises(kinds) as caught:
        await call
    return caught.value


def test_one_is_found_and_opening_it_opens_both_until_it_is_taken_back(rig: Rig) -> None:
    kept: dict[str, Any] = {}

    async def merge(asked: Asked) -> None:
        session = await asked.person("ruta", "doctor")
        first, other = kept["pair"] = await two(asked, session)
        kept["before"] = [
            body(await asked.desk("record.read", session=session, type="Patient", id=one)) for one in (first, other)
        ]
        await asked.desk("patient.merge", session=session, survivor=first, other=other, reason=WHY)
        for name in ("Žukauskienė", "Kazlauskaitė", "Ona"):
            assert await hits(asked, session, name) == [first], name

    async def after_a_restart(asked: Asked) -> None:
        session = await asked.person("jonas", "doctor")
        first, other = kept["pair"]
        for name in ("Žukauskienė", "Kazlauskaitė"):
            assert await hits(asked, session, name) == [first], "also when the directory is built anew"
        for surname, phone in (("Kazlauskaitė", "+370 612 34567"), ("Žukauskienė", "+370 699 99999")):
            proved = await asked.desk("patient.caller", session=session, surname=surname, phone=phone)
            assert proved["patient"] == first
        chart = await asked.desk("record.chart", session=session, patient=first, reason="visit")
        assert {row["patient"] for row in chart["records"]} == {first, other}
        assert "senoji pastaba" in "".join(row["body"].decode() for row in chart["records"])
        assert (await asked.desk("record.chart", session=session, patient=other, reason="visit"))["survivor"] == first
        links = [body(await asked.desk("record.read", session=session, type="Patient", id=one, reason="visit"))
                 for one in (first, other)]
        assert [one["link"][0]["type"] for one in links] == ["replaces", "replaced-by"]
        assert links[1]["active"] is False
        watching = await asked.person("pareigune", "officer")
        for patient in (first, other):
            lines = await asked.desk("audit.list", session=watching, patient=patient)
            assert {"merged", "open-chart"} <= {line["action"] for line in lines}, "a line for each of the two"
        # A later change of either card does not bring the hidden one back into the search.
        now = await asked.desk("record.read", session=session, type="Patient", id=other)
        again = json.loads(now["body"])
        again.pop("meta", None)
        again.pop("id")
        again.pop("resourceType")
        await asked.change(session, "update", "Patient", other, other, now["version"], **again)
        assert await hits(asked, session, "Kazlauskaitė") == [first]
        await asked.desk("patient.unmerge", session=session, survivor=first, other=other, reason="ne ta pati")
        assert await hits(asked, session, "Kazlauskaitė") == [other]
        assert await hits(asked, session, "Žukauskienė") == [first]
        back = [body(await asked.desk("record.read", session=session, type="Patient", id=one))
                for one in (first, other)]
        assert back[0] == kept["before"][0]
        assert back[1] == kept["before"][1] | {"active": True}
        assert b'"valueDecimal":1.5' in (await asked.desk("record.read", session=session, type="Patient",
                                                          id=other))["body"]
        rows = asked.keeper.require_unlocked().state
        assert asked.keeper.tag(Kind.MERGE, other) not in dict(rows.load())

    rig.run(merge)
    rig.run(after_a_restart)


def test_who_may_not_and_what_may_not(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        first, other = await two(asked, doctor)
        third, _ = await two(asked, doctor)

        def merge(session: str, survivor: bytes, into: bytes, reason: str = WHY, op: str = "merge") -> Awaitable[Any]:
            return asked.desk(f"patient.{op}", session=session, survivor=survivor, other=into, reason=reason)

        for hat in ("officer", "administrator", "auditor"):
            await refused(merge(await asked.person(f"a{hat}", hat), first, other), Refused)
        await refused(merge("no such session", first, other), SignIn)
        for reason in ("", "  ", "ab", "x" * 81):
            await refused(merge(doctor, first, other, reason), Invalid)
        for survivor, into in ((first, b""), (CLINIC, first), (first, CLINIC), (first, b"\x01" * 16)):
            await refused(merge(doctor, survivor, into), Missing)
        await refused(merge(doctor, first, first), Invalid)
        await refused(merge(doctor, first, other, op="unmerge"), Conflict)
        held = await asked.person("sauganti", "officer")
        await asked.desk("hold.set", session=held, patient=other, why="byla")
        assert (await refused(merge(doctor, first, other), Refused)).where == "hold"
        assert (await refused(merge(doctor, other, first), Refused)).where == "hold"
        assert await hits(asked, doctor, "Kazlauskaitė") != []
        await asked.desk("hold.clear", session=held, patient=other, why="baigta")
        await merge(await asked.person("priimamoji", "reception"), first, other)
        for survivor, into in ((first, other), (third, other), (third, first), (other, third)):
            await refused(merge(doctor, survivor, into), Conflict)
        await asked.desk("hold.set", session=held, patient=first, why="byla")
        assert (await refused(merge(doctor, first, other, op="unmerge"), Refused)).where == "hold"
        reception = await asked.sign_in("priimamoji")
        await refused(asked.desk("record.chart", session=reception, patient=first), Refused)

    rig.run(deed)


def test_merging_opens_nothing_for_free(rig: Rig) -> None:
    """A thief who merges cold charts into one pays for each, and is stopped where opening would stop him."""

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        pairs = [await two(asked, doctor) for _ in range(12)]
        asked.keeper.ledger = Ledger(rig.settings.budget)  # nobody is new any more
        thief = await asked.person("vagis", "doctor")
        left = asked.keeper.ledger.remaining
        who = await asked.desk("session.who", session=thief)

        def day() -> int:
            return left(who["account_id"], who["session_id"], asked.keeper.now().budget_ms).cold_session_day

        before = day()
        await asked.desk("patient.merge", session=thief, survivor=pairs[0][0], other=pairs[0][1], reason=WHY)
        assert before - day() == 2
        stopped = 0
        for first, other in pairs[1:]:
            try:
                await asked.desk("patient.merge", session=thief, survivor=first, other=other, reason=WHY)
            except (StepUp, OverBudget, Refused):
                stopped += 1
        assert stopped >= 7, "ten cold patients an hour on a session without a gesture"
        merged = sum(bool(asked.keeper.merges.of(other)) for _, other in pairs)
        assert merged <= 5

    rig.run(deed)


def test_no_one_record_gathers_many(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        people = [one for _ in range(3) for one in await two(asked, doctor)]
        done = 0
        for other in people[1:]:
            try:
                await asked.desk("patient.merge", session=doctor, survivor=people[0], other=other, reason=WHY)
                done += 1
            except Conflict:
                pass
        assert done == 4

    rig.run(deed)


def test_a_decoy_that_is_merged_rings(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        first, other = await two(asked, doctor)
        asked.keeper.ledger = Ledger(rig.settings.budget)
        asked.keeper.canaries.add(other)
        before = {alarm.id for alarm in asked.keeper.alarms.all()}
        with pytest.raises(SeifasError):
            await asked.desk("patient.merge", session=doctor, survivor=first, other=other, reason=WHY)
        assert {alarm.id for alarm in asked.keeper.alarms.all()} - before
        assert asked.keeper.merges.of(other) is None

    rig.run(deed)


def test_two_at_once_make_one_merge(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        first, other = await two(asked, doctor)
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: asked.desk("patient.merge", session=doctor, survivor=first, other=other, reason=WHY),
            lambda: asked.desk("patient.merge", session=doctor, survivor=other, other=first, reason=WHY),
        ]
        done = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["Conflict", "dict"]

    rig.run(deed)


def test_erasing_one_of_two_ends_the_merge_and_names_nobody_any_more(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def root_at_hand(keeper: object) -> bytes:
        return rig.root  # in place of the supervisor, which a rig has none of

    monkeypatch.setattr(rotating, "root_again", root_at_hand)

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        for erase_other in (False, True):
            first, other = await two(asked, doctor)
            await asked.desk("patient.merge", session=doctor, survivor=first, other=other, reason=WHY)
            gone, left = (other, first) if erase_other else (first, other)
            await asked.admin("erase_now", patient=gone)
            found = await hits(asked, doctor, "Ona")
            assert left in found
            assert gone not in found
            assert asked.keeper.merges.of(other) is None
            chart = await asked.desk("record.chart", session=doctor, patient=left)
            assert {row["patient"] for row in chart["records"]} == {left}
            await asked.admin("erase_now", patient=left)
            assert await hits(asked, doctor, "Kazlauskaitė") == []
        rows = dict(asked.keeper.require_unlocked().state.load())
        assert not {asked.keeper.tag(Kind.MERGE, one) for one in (first, other)} & rows.keys()

    rig.run(deed)


def test_a_vandals_merges_are_undone_with_the_rest(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("ruta", "doctor")
        first, other = await two(asked, doctor)
        before = [body(await asked.desk("record.read", session=doctor, type="Patient", id=one))
                  for one in (first, other)]
        since = asked.keeper.now().wall_ms
        vandal = await asked.person("vandalas", "reception")
        await asked.desk("patient.merge", session=vandal, survivor=first, other=other, reason=WHY)
        assert await hits(asked, doctor, "Kazlauskaitė") == [first]
        officer = await asked.person("pareigune", "officer")
        done = await asked.desk("change.undo", session=officer, account="vandalas", since_ms=since)
        assert done["restored"] == 2
        assert await hits(asked, doctor, "Kazlauskaitė") == [other]
        after = [body(await asked.desk("record.read", session=doctor, type="Patient", id=one))
                 for one in (first, other)]
        assert after == before

    rig.run(deed)
