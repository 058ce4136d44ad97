"""Who opened my chart: every line, whose, why and how; proofs; what is kept back and for how long; a million lines."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Clocks, Rig
from portal_people import doctor, patient
from quickness import within

from seifas.audit.checkpoint import parse_verifier_key
from seifas.audit.proof import verify_proof
from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.keeper import keeper as keeper_module
from seifas.keeper import portal_index, portal_openings
from seifas.keeper.lines import Action, Line, decode_detail, decode_line
from seifas.keeper.portal_index import ROW, OpeningIndex, key_of
from seifas.keeper.portal_model import OpeningRow
from seifas.settings import Portal

CHART = ("Patient", "Observation")


async def opened(asked: Asked, token: str, **more: Any) -> list[dict[str, Any]]:
    return list((await asked.op("portal", "portal.opened", session=token, **more))["lines"])


def test_who_when_why_and_how(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        cold = await patient(asked, staff, "Kita")
        token = await ona.entered()
        await asked.account("seselė", "nurse")
        passkey = await asked.enrol("seselė")
        nurse = await asked.by_passkey(passkey)
        # Not warm to the nurse: the entry is near but younger than a day, so there is a charge and a reason.
        await asked.desk("record.list", session=nurse, patient=ona.ident, types=CHART, reason="results")
        await asked.desk("record.list", session=nurse, patient=cold.ident, types=CHART, reason="visit")
        lines = await opened(asked, token)
        newest = lines[0]
        assert (newest["role"], newest["way"], newest["reason"], newest["action"]) == (
            "nurse", "passkey", "results", "open-chart")
        assert newest["name"] == "", "names are told only where the clinic says so"
        by_doctor = [one for one in lines if one["role"] == "doctor"]
        assert {one["action"] for one in by_doctor} >= {"create", "schedule", "portal-invite"}
        assert all(one["way"] == "link" for one in by_doctor)
        assert not any(one["own"] for one in lines)
        own = [one for one in await opened(asked, token, own=True) if one["own"]]
        assert {one["action"] for one in own} == {"portal-sign-in", "portal-view"}
        assert sum(one["action"] == "open-chart" for one in lines) == 1, "another patient's line is not here"

    rig.run(deed)


def test_the_hat_is_the_one_that_was_worn_then(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        token = await ona.entered()
        await asked.account("abi", "doctor", "nurse", "officer")
        both = await asked.sign_in("abi")
        await asked.desk("session.hat", session=both, hat="nurse")
        await asked.desk("record.list", session=both, patient=ona.ident, types=CHART, reason="visit")
        await asked.desk("session.hat", session=both, hat="doctor")
        await asked.desk("record.list", session=both, patient=ona.ident, types=CHART, reason="visit")
        await asked.desk("session.hat", session=both, hat="officer")
        await asked.desk("audit.list", session=both, patient=ona.ident)
        await asked.desk("session.end", session=both)
        lines = await opened(asked, token)
        assert [one["role"] for one in lines[:3]] == ["officer", "doctor", "nurse"]

    rig.run(deed)


def test_names_where_the_clinic_says_so_and_pages_of_many(make_rig: Any) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        token = await ona.entered()
        for _ in range(25):
            await asked.desk("record.read", session=staff, type="Patient", id=ona.ident)
        first = await asked.op("portal", "portal.opened", session=token, count=10)
        assert {one["name"] for one in first["lines"]} == {"Gydytoja"}
        seen = [one["index"] for one in first["lines"]]
        before = first["before"]
        while before:
            page = await asked.op("portal", "portal.opened", session=token, before=before, count=10)
            seen += [one["index"] for one in page["lines"]]
            before = page["before"] if page["lines"] else 0
        assert len(seen) == len(set(seen)) >= 28
        assert seen == sorted(seen, reverse=True)

    make_rig(portal=Portal(names=True)).run(deed)


def test_a_proof_opens_one_line_with_its_reason(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        other = await patient(asked, staff, "Kita")
        token, others = await ona.entered(), await other.entered()
        await asked.person("kitas", "doctor")
        other_doctor = await asked.sign_in("kitas")
        await asked.desk("record.list", session=other_doctor, patient=ona.ident, types=CHART, reason="results")
        line = (await opened(asked, token))[0]
        made = await asked.op("portal", "portal.proof", session=token, index=line["index"])
        key = (await asked.op("portal", "portal.log_key", session=token))["key"]
        proven = verify_proof(made["proof"], parse_verifier_key(key.strip()))
        assert proven.index == line["index"]
        assert proven.outer is not None
        assert proven.inner is not None
        assert Action(decode_line(proven.outer).action) is Action.OPEN_CHART
        assert decode_detail(proven.inner).reason == "results"
        with pytest.raises(Missing) as anothers:
            await asked.op("portal", "portal.proof", session=others, index=line["index"])
        with pytest.raises(Missing) as nobodys:
            await asked.op("portal", "portal.proof", session=token, index=0)
        with pytest.raises(Missing) as beyond:
            await asked.op("portal", "portal.proof", session=token, index=10**9)
        with pytest.raises(Missing) as negative:
            await asked.op("portal", "portal.proof", session=token, index=-1)
        assert len({caught.value.message for caught in (anothers, nobodys, beyond, negative)}) == 1

    rig.run(deed)


def test_lines_are_kept_back_for_a_while_and_shown_afterwards(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks()
    monkeypatch.setattr(keeper_module, "time", clocks)
    day = 86_400_000

    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        other = await patient(asked, staff, "Kita")
        token = await ona.entered()
        suspect = await asked.person("kitas", "doctor")
        await asked.desk("record.list", session=suspect, patient=ona.ident, types=CHART, reason="other")
        line = (await opened(asked, token))[0]
        await asked.account("pareigūnė", "officer")
        passkey = await asked.enrol("pareigūnė")
        officer = await asked.by_passkey(passkey)
        ask = {"session": officer, "patient": ona.ident, "lines": [line["index"]], "days": 20, "why": "byla tiriama"}
        for wrong, error in (({"days": 31}, Invalid), ({"days": 0}, Invalid), ({"why": ""}, Invalid),
                             ({"lines": []}, Invalid), ({"lines": [0]}, Missing), ({"patient": other.ident}, Missing),
                             ({"session": staff}, Refused)):
            with pytest.raises(error):
                await asked.desk("case.withhold", **{**ask, **wrong})
        with pytest.raises(StepUp) as asks:
            await asked.desk("case.withhold", **ask)
        await asked.gesture(officer, passkey, bytes.fromhex(asks.value.where))
        with pytest.raises(StepUp):
            await asked.desk("case.withhold", **{**ask, "days": 30})
        await asked.desk("case.withhold", **ask)
        shown = await opened(asked, token)
        assert line["index"] not in [one["index"] for one in shown]
        assert "withheld" not in [one["action"] for one in shown], "nor that something is kept back"
        with pytest.raises(Missing):
            await asked.op("portal", "portal.proof", session=token, index=line["index"])
        decisions = await asked.desk("case.withheld", session=officer)
        assert [(one["lines"], one["live"]) for one in decisions] == [(1, True)]
        clocks.run(21 * day)
        again = {**ask, "session": await asked.by_passkey(passkey), "days": 10}
        with pytest.raises(Refused):
            await asked.desk("case.withhold", **again)
        ona.staff = await asked.sign_in("gydytoja")
        await asked.desk("schedule.book", session=ona.staff, doctor=bytes(15) + b"\x07", patient=ona.ident,
                         start_ms=clocks.wall // 60_000_000_000 * 60_000, minutes=20, walk_in=True)
        shown = await opened(asked, await ona.entered())
        late = next(one for one in shown if one["index"] == line["index"])
        assert late["withheld"]["why"] == "byla tiriama"
        assert "withheld" in [one["action"] for one in shown]

    rig.run(deed)


def test_the_index_outlives_a_restart(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_index, "ROW", 16)

    async def first(asked: Asked) -> tuple[list[int], str]:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        for number in range(60):
            await asked.desk("record.read", session=staff, type="Patient", id=ona.ident)
            if number % 20 == 0:
                await asyncio.sleep(0.01)
        token = await ona.entered()
        lines = await opened(asked, token, count=100)
        return [one["index"] for one in lines], token

    async def then(asked: Asked) -> None:
        assert asked.keeper.openings.size == 0, "nothing of the log was read yet"
        asked.keeper.openings.take(asked.keeper.require_unlocked().audit.origin)
        assert asked.keeper.openings.size >= 48
        lines = await opened(asked, token, count=100)
        assert [one["index"] for one in lines if one["index"] in indices] == indices

    indices, token = rig.run(first)
    assert len(indices) > 60
    rig.run(then)


def test_another_logs_rows_are_not_taken() -> None:
    index = OpeningIndex()
    index.load([OpeningRow("other.example/log", 0, b"\x01" * 8 * ROW), OpeningRow("this.example/log", 0, b"short")])
    index.take("this.example/log")
    assert index.size == 0


def test_keys_across_borders_are_not_matches() -> None:
    index = OpeningIndex()
    index._keys = bytearray(b"\x00" * 4 + b"abcdefgh" + b"\x00" * 4 + b"abcdefgh" + b"12345678")
    assert index.back(b"abcdefgh", 9) == 2
    assert index.back(b"abcdefgh", 2) == -1
    assert index.back(b"12345678", 9) == 3
    assert index.back(bytes(8), 9) == -1
    assert index.back(b"abcdefgh", 0) == -1


def test_what_a_line_is_found_by() -> None:
    assert key_of(Line(1, 1, Action.OPEN_CHART, pseudonym=b"p" * 16, session=b"s" * 16)) == b"p" * 8
    assert key_of(Line(1, 1, Action.SIGN_IN, session=b"s" * 16)) == b"s" * 8
    assert key_of(Line(1, 1, Action.SEARCH, session=b"s" * 16)) == bytes(8)


def test_a_million_lines_are_searched_in_milliseconds() -> None:
    index = OpeningIndex()
    index._keys = bytearray(os.urandom(8 * 1_000_000))
    wanted = os.urandom(8)
    places = sorted({7, 400_000, 999_999})
    for place in places:
        index._keys[place * 8 : place * 8 + 8] = wanted

    def search() -> None:
        found, at = [], index.size
        while (at := index.back(wanted, at)) >= 0:
            found.append(at)
        assert found == places[::-1]

    assert within(0.1, search)
    assert len(index._keys) == 8_000_000


def test_following_is_done_once_at_a_time_and_only_for_new_lines(rig: Rig, tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        await patient(asked, staff)
        keeper = asked.keeper
        current = keeper.require_unlocked()
        current.audit.publish(current.state)
        await asyncio.gather(*(portal_openings.follow(keeper) for _ in range(4)))
        assert keeper.openings.size == current.audit.published

    rig.run(deed)
