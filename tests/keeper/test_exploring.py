"""The log as officers and auditors look at it: found by account, patient, session, deed, day; proven; checked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Rig
from quickness import within

from seifas.audit.proof import verify_proof
from seifas.errors import Invalid, Missing, Refused
from seifas.keeper.lines import Action, Line, decode_detail, decode_line
from seifas.keeper.log_index import LogIndex, Wanted


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(Path(tmp_path_factory.mktemp("explored")) / "vault")


def test_who_opened_this_patient_and_what_did_this_account_do(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await asked.person("ona", "doctor")
        jonas = await asked.person("jonas", "doctor")
        officer = await asked.person("guard", "officer")
        auditor = await asked.person("check", "auditor")
        mine = await asked.create(ona, "Patient", name=[{"family": "Pirmoji"}])
        other = await asked.create(ona, "Patient", name=[{"family": "Antroji"}])
        await asked.desk("record.read", session=jonas, type="Patient", id=mine, reason="visit")
        await asked.desk("record.read", session=jonas, type="Patient", id=other, reason="visit")
        seen = await asked.desk("audit.list", session=officer, patient=mine)
        assert {one["account"] for one in seen} == {"ona", "jonas"}  # not yet the officer who looks
        assert all(mine != one["patient"] for one in seen)
        mark = seen[0]["patient"]
        again = await asked.desk("audit.list", session=officer, pseudonym=mark)
        assert again[0]["account"] == "guard"  # the look before is a line by now
        assert [one["index"] for one in again[1:]] == [one["index"] for one in seen]
        did = await asked.desk("audit.list", session=officer, account="jonas", actions=["open-card", "open-chart"])
        assert len(did) == 2
        assert {one["account"] for one in did} == {"jonas"}
        of_session = await asked.desk("audit.list", session=officer, of_session=did[0]["session"])
        assert {one["session"] for one in of_session} == {did[0]["session"]}
        today = int(time.time() * 1000)
        assert await asked.desk("audit.list", session=officer, account="jonas", until_ms=today - 86_400_000) == []
        everything = await asked.desk("audit.list", session=officer, count=500)
        paged: list[Any] = []
        before = 0
        while True:
            page = await asked.desk("audit.list", session=officer, count=7, before=before, until_ms=today)
            paged += page
            before = page[-1]["index"] if page else 0
            if not before:
                break
        assert [one["index"] for one in paged] == [one["index"] for one in everything if one["wall_ms"] < today]
        # Every look was a line of its own.
        assert sum(one["action"] == "audit-view" for one in await asked.desk("audit.list", session=officer)) > 5
        with pytest.raises(Refused):  # an auditor names no patient, and reads no reason
            await asked.desk("audit.list", session=auditor, patient=mine)
        lines = await asked.desk("audit.list", session=auditor, pseudonym=mark)
        assert lines
        assert all(one["reason"] == "" for one in lines)
        with pytest.raises(Invalid):
            await asked.desk("audit.list", session=officer, actions=["dance"])
        with pytest.raises(Missing):
            await asked.desk("audit.list", session=officer, account="nobody")

    rig.run(deed)


def test_reasons_and_proofs(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await asked.person("vardas", "doctor")
        key = await asked.enrol("vardas")
        vardas = await asked.by_passkey(key)
        patient = await asked.create(ona, "Patient", name=[{"family": "Trečioji"}])
        asked.keeper.ledger._books.clinic.registered.__init__(1)
        jonas = await asked.sign_in("jonas")
        await asked.desk("record.read", session=jonas, type="Patient", id=patient, reason="Skambino motina")
        officer = await asked.sign_in("guard")
        auditor = await asked.sign_in("check")
        line = next(
            one for one in await asked.desk("audit.list", session=officer, patient=patient) if one["account"] == "jonas"
        )
        assert line["reason"] == "Skambino motina"
        audit = asked.keeper.require_unlocked().audit
        made = await asked.desk("audit.proof", session=officer, index=line["index"], with_reason=True)
        proven = verify_proof(made["proof"], audit.key)
        assert proven.index == line["index"]
        assert decode_line(proven.outer).action == Action.OPEN_CARD
        assert decode_detail(proven.inner).reason == "Skambino motina"
        outer = await asked.desk("audit.proof", session=auditor, index=line["index"])
        assert verify_proof(outer["proof"], audit.key).inner is None
        with pytest.raises(Refused):
            await asked.desk("audit.proof", session=auditor, index=line["index"], with_reason=True)
        with pytest.raises(Missing):
            await asked.desk("audit.proof", session=officer, index=10**6)
        for hat in ("doctor", "nurse", "reception", "administrator", "outside"):
            other = await asked.person(f"p.{hat}", hat)
            for op, more in (
                ("audit.proof", {"index": 0}), ("audit.list", {}), ("audit.verify", {}), ("audit.accounts", {}),
                ("audit.find_patient", {"name": "Treč"}),
            ):
                with pytest.raises(Refused):
                    await asked.desk(op, session=other, **more)
        with pytest.raises(Refused):
            await asked.desk("audit.find_patient", session=auditor, name="Treč")
        assert vardas

    rig.run(deed)


def test_the_whole_log_is_checked_and_a_spoilt_one_shows(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        auditor = await asked.sign_in("check")
        assert (await asked.desk("audit.verify", session=auditor))["checked"] is None
        told = await asked.desk("audit.verify", session=auditor, now=True)
        assert told["checked"]["ok"]
        assert told["checked"]["by"] == "check"
        entries = sorted((rig.data / "audit" / "tile" / "entries").rglob("*"))
        tile = next(path for path in entries if path.is_file())
        whole = tile.read_bytes()
        tile.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        try:
            told = await asked.desk("audit.verify", session=auditor, now=True)
        finally:
            tile.write_bytes(whole)
        assert not told["checked"]["ok"]
        assert told["checked"]["problems"]

    rig.run(deed)


LINES = st.builds(
    Line, st.integers(0, 9), st.just(0), st.sampled_from([10, 11, 12]), st.just(0),
    st.sampled_from([b"", b"a" * 16, b"b" * 16]), st.sampled_from([b"", b"s" * 16, b"t" * 16]),
    st.sampled_from([b"", b"p" * 16, b"q" * 16]),
)
WANTED = st.builds(
    Wanted, st.sampled_from([b"", b"a" * 16, b"z" * 16]), st.sampled_from([b"", b"p" * 16, b"q" * 16]),
    st.sampled_from([b"", b"s" * 16]), st.sampled_from([(), (10,), (11, 12)]), st.integers(0, 5), st.integers(0, 9),
)


@given(st.lists(LINES, max_size=80), WANTED, st.integers(0, 90), st.integers(1, 20), st.integers(1, 40))
@settings(max_examples=of_whole(150))
def test_the_index_finds_what_reading_would(
    lines: list[Line], wanted: Wanted, before: int, count: int, most: int
) -> None:
    index = LogIndex(most)
    index.start(0)
    for start in range(0, len(lines), 9):
        index.add(lines[start : start + 9])
    end = min(before, len(lines)) if before else len(lines)
    expected = [at for at in range(end - 1, index.first - 1, -1) if wanted.fits(lines[at])][:count]
    assert index.find(wanted, before, count) == expected


def test_a_hundred_thousand_lines_are_found_fast_in_bounded_memory() -> None:
    index = LogIndex(100_000)
    accounts = [bytes([at]) * 16 for at in range(1, 30)]
    lines = [
        Line(at, 0, 10 + at % 3, 0, accounts[at % 29], accounts[at % 7], at.to_bytes(16, "big") if at % 5 else b"")
        for at in range(180_000)
    ]
    index.add(lines)
    assert index.size == 180_000
    assert index.size - index.first <= 150_000

    def find() -> None:
        assert index.find(Wanted(patient=(179_999).to_bytes(16, "big")), 0, 50) == [179_999]
        assert len(index.find(Wanted(account=accounts[3], actions=(11,)), 0, 50)) == 50

    assert within(0.2, find)
