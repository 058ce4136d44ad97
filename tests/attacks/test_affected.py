"""Ways to patients through the list of the affected that are none: other hats, other cases, names in bulk, the scanner.

A snapshot says how many and why; who they are has to be opened one by one. A text that is looked through must not
become a search without a bound.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from case_rig import CaseClinic
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines

from seifas.errors import Invalid, Missing, OverBudget, Refused, SeifasError, SignIn, StepUp, TooLarge
from seifas.keeper import affected_book, case_scanning
from seifas.keeper.door import OPS
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.lines import Action

OURS = {
    "case.affected": {"since_ms": 1}, "case.snapshots": {}, "case.snapshot": {"snapshot": b""},
    "case.diff": {"a": b"", "b": b""}, "case.count": {"snapshot": b"", "where": {}}, "case.spread": {"snapshot": b""},
    "case.hints": {}, "case.open_affected": {"snapshot": b"", "patient": b"", "reason": "because"},
    "case.scan": {"text": "Rūta Šalnaitė0"},
}  # fmt: skip
Run = Callable[[Callable[[CaseClinic], Awaitable[None]], int], None]


@pytest.fixture
def run(tmp_path: Path, clocks: Clocks) -> Run:
    def running(deed: Callable[[CaseClinic], Awaitable[None]], patients: int) -> None:
        async def main(asked: Asked) -> None:
            clinic = CaseClinic(asked, clocks)
            await clinic.open(patients)
            await deed(clinic)

        Rig(tmp_path / "vault", demo=False).run(main)

    return running


async def stolen(clinic: CaseClinic, *patients: bytes, by: str = "gydytoja") -> bytes:
    """A session that read them."""
    token = await clinic.session(by)
    for patient in patients:
        await clinic.asked.desk("record.read", session=token, type="Patient", id=patient, reason="visit")
    keeper = clinic.asked.keeper
    return bytes(keeper.sessions.by_token(token, keeper.now().wall_ms).id)


async def computed(clinic: CaseClinic, case: bytes, **args: Any) -> dict[str, Any]:
    since = clinic.asked.keeper.now().wall_ms - 86_400_000
    return dict(await clinic.desk("vyr", "case.affected", case=case, **{"since_ms": since, **args}))


async def open_one(clinic: CaseClinic, case: bytes, snapshot: bytes, patient: bytes) -> Any:
    """A card, with the gesture that it takes."""
    session = await clinic.session("vyr")
    digest = request_digest("case.open_affected", {"case": case, "patient": patient})
    await clinic.asked.gesture(session, clinic.keys["vyr"], digest)
    return await clinic.asked.desk(
        "case.open_affected", session=session, case=case, snapshot=snapshot, patient=patient, reason="laiškas grįžo"
    )


def test_nobody_else_computes_looks_or_scans(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        for op, args in OURS.items():
            assert OPS.table[op].roles == {"desk"}, op
            for by in ("gydytoja", "adminas", "tikrintoja", "registratore", "slaugytoja"):
                with pytest.raises(Refused):
                    await clinic.desk(by, op, case=case, **args)
            with pytest.raises(SignIn):
                await clinic.asked.desk(op, session="", case=case, **args)
            with pytest.raises((Missing, Invalid)):
                await clinic.desk("vyr", op, case=os.urandom(16), **args)
        assert await clinic.desk("vyr", "case.snapshots", case=case) == []

    run(deed, 1)


def test_a_snapshot_is_of_its_case_alone_and_names_nobody(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case, other = await clinic.opened(), await clinic.opened(title="Kita byla")
        hostile = await stolen(clinic, *clinic.patients[:2])
        made = await computed(clinic, case, sessions=[hostile])
        snapshot = made["snapshot"]
        for op, args in (("case.snapshot", {"snapshot": snapshot}), ("case.count", {"snapshot": snapshot, "where": {}}),
                         ("case.spread", {"snapshot": snapshot}), ("case.diff", {"a": snapshot, "b": snapshot})):
            with pytest.raises(Missing):
                await clinic.desk("vyr", op, case=other, **args)
        page = await clinic.desk("vyr", "case.snapshot", case=case, snapshot=snapshot)
        told = [made, page, await clinic.desk("vyr", "case.snapshots", case=case),
                await clinic.desk("vyr", "case.hints", case=case),
                await clinic.desk("vyr", "case.diff", case=case, a=snapshot, b=snapshot),
                (await clinic.entries(case))[-1]]  # fmt: skip
        shown = repr(told)
        for patient in clinic.patients:
            assert repr(patient)[2:-1] not in shown
            assert patient.hex() not in shown
        assert "alnait" not in shown
        assert [row["grade"] for row in page["rows"]] == ["taken", "taken", "ciphertext"]
        assert len({row["label"] for row in page["rows"]}) == 3
        body = affected_book.body_of(clinic.asked.keeper, snapshot)
        assert not any(patient in body for patient in clinic.patients)

    run(deed, 3)


def test_every_look_is_a_line_first(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        made = await computed(clinic, case)
        for op, args, action in (
            ("case.snapshot", {"snapshot": made["snapshot"]}, Action.CASE_SHOWN),
            ("case.diff", {"a": made["snapshot"], "b": made["snapshot"]}, Action.CASE_SHOWN),
            ("case.scan", {"text": "niekas"}, Action.SEARCH),
        ):
            before = len(await lines(clinic.asked, action))
            await clinic.desk("vyr", op, case=case, **args)
            assert len(await lines(clinic.asked, action)) == before + 1, op
        (line,) = await lines(clinic.asked, Action.SNAPSHOT)
        assert line.objects == (case, made["snapshot"], made["sha256"])

    run(deed, 1)


def test_a_card_takes_a_gesture_over_that_person_and_the_budget(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        hostile = await stolen(clinic, *clinic.patients[:2])
        snapshot = (await computed(clinic, case, sessions=[hostile]))["snapshot"]
        rows = (await clinic.desk("vyr", "case.snapshot", case=case, snapshot=snapshot))["rows"]
        one, two, sealed = (row["patient"] for row in rows)
        asked = {"case": case, "snapshot": snapshot, "reason": "laiškas grįžo"}
        with pytest.raises(StepUp):
            await clinic.desk("vyr", "case.open_affected", patient=one, **asked)
        session = await clinic.session("vyr")
        digest = request_digest("case.open_affected", {"case": case, "patient": two})
        await clinic.asked.gesture(session, clinic.keys["vyr"], digest)
        with pytest.raises(StepUp):  # the gesture was over somebody else
            await clinic.desk("vyr", "case.open_affected", patient=one, **asked)
        for reason in ("", "x", "x" * 81):
            with pytest.raises(Invalid):
                await clinic.desk("vyr", "case.open_affected", patient=one, **{**asked, "reason": reason})
        before = clinic.asked.alarms("case-person")
        card = await open_one(clinic, case, snapshot, one)
        assert card["families"][0].startswith("Šalnaitė")
        assert "patient" not in card
        assert clinic.asked.alarms("case-person") == before + 1
        for nobody in (sealed, os.urandom(16), clinic.patients[0], b""):
            with pytest.raises(Missing):
                await open_one(clinic, case, snapshot, nobody)

    run(deed, 3)


def test_cards_in_bulk_end_at_the_bound(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        made = await computed(clinic, case, keys_touched=True)
        assert made["counts"]["reachable"] == 90
        rows = (await clinic.desk("vyr", "case.snapshot", case=case, snapshot=made["snapshot"]))["rows"]
        opened: list[Any] = []

        async def all_of_them() -> None:
            for row in rows:
                opened.append(await open_one(clinic, case, made["snapshot"], row["patient"]))

        with pytest.raises((OverBudget, StepUp, Refused)):
            await all_of_them()
        assert 0 < len(opened) <= 60

    run(deed, 90)


def test_the_scanner_is_no_search_without_a_bound(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        names = "\n".join(f"Rūta Šalnaitė{n}" for n in range(90))
        told = await clinic.desk("vyr", "case.scan", case=case, text=names)
        assert told["more"]
        assert 0 < len(told["found"]) <= 90
        assert {tuple(one) for one in map(sorted, told["found"])} == {("end", "start", "what")}
        hits = list(told["found"])

        async def all_of_them() -> None:
            for start in range(0, 90, 5):
                text = "\n".join(names.splitlines()[start : start + 5])
                hits.extend((await clinic.desk("vyr", "case.scan", case=case, text=text))["found"])

        with pytest.raises((OverBudget, StepUp, Refused)):
            await all_of_them()
        assert len(hits) <= 20 + 60  # twenty of them were hit twice: whom one has seen costs nothing again

    run(deed, 90)


def test_bad_input_is_refused_whole(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        wrong: list[tuple[str, dict[str, Any], type[SeifasError]]] = [
            ("case.affected", {"since_ms": 5, "until_ms": 5}, Invalid),
            ("case.affected", {"since_ms": -5}, Invalid),
            ("case.affected", {"since_ms": 1, "keys_touched": True, "key_word": "luck"}, Invalid),
            ("case.affected", {"since_ms": 1, "keys_touched": True, "key_ref": os.urandom(16)}, Missing),
            ("case.affected", {"since_ms": 1, "sessions": [os.urandom(16) for _ in range(301)]}, Invalid),
            ("case.scan", {"text": "x" * (case_scanning.MOST_TEXT + 1)}, TooLarge),
            ("case.scan", {"text": "x", "allow_patient": b"short"}, Invalid),
            ("case.scan", {"text": "x", "let": ["x"] * 201}, Invalid),
        ]
        for op, args, error in wrong:
            with pytest.raises(error):
                await clinic.desk("vyr", op, case=case, **args)
        snapshot = (await computed(clinic, case))["snapshot"]
        for args in ({"grade": "worst"}, {"count": 0}, {"count": 501}):
            with pytest.raises(Invalid):
                await clinic.desk("vyr", "case.snapshot", case=case, snapshot=snapshot, **args)
        with pytest.raises(Invalid):
            await clinic.desk("vyr", "case.count", case=case, snapshot=snapshot, where={"name": "x"})
        await clinic.desk("vyr", "case.close", case=case, word="baigta")
        with pytest.raises(Refused):
            await computed(clinic, case)
        assert len(await clinic.desk("vyr", "case.snapshots", case=case)) == 1

    run(deed, 1)


def test_a_key_that_falls_later_rings_and_is_an_entry(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        first = await computed(clinic, case)
        event = (await clinic.wrote(case, "event"))["entry"]
        second = await computed(clinic, case, keys_touched=True, key_word="root", key_ref=event)
        assert (first["exempt"], second["exempt"], second["reopened"]) == (2, 0, 2)
        assert clinic.asked.alarms("case-reopened") == 1
        kept = [json.loads(one["body"]) for one in await clinic.entries(case, kinds=("snapshot",))]
        assert [one["reopened"] for one in kept] == [0, 2]
        assert (kept[1]["keys"], kept[1]["keys_by"]) == ("root", event.hex())
        listed = await clinic.desk("vyr", "case.snapshots", case=case)
        assert [one["stands"] for one in listed] == [True, False]
        diff = await clinic.desk("vyr", "case.diff", case=case, a=first["snapshot"], b=second["snapshot"])
        assert diff["moved"] == [["ciphertext", "reachable", 2]]
        exempt = {"snapshot": first["snapshot"], "where": {"exempt": True}}
        assert (await clinic.desk("vyr", "case.count", case=case, **exempt))["n"] == 2

    run(deed, 2)
