"""Who is affected, by a real log and real results: planted sessions and rows are graded as they were planted."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import msgspec
import pytest
from keeper_rig import Asked, Clocks, Rig
from leak_rig import DAY, LeakClinic, Run, running
from photo_rig import supervised

from seifas.errors import Invalid, Missing, Tampered
from seifas.keeper import affected_book, affected_making, erasing
from seifas.keeper.affected_counting import difference
from seifas.keeper.affected_grading import Fall
from seifas.keeper.affected_model import Basis, Snapshot
from seifas.keeper.lines import Action

CASE = b"case" * 4


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks, 8)


def session_of(clinic: LeakClinic, token: str) -> bytes:
    keeper = clinic.asked.keeper
    return bytes(keeper.sessions.by_token(token, keeper.now().wall_ms).id)


async def opened(clinic: LeakClinic, by: str, *patients: bytes) -> bytes:
    """Charts that somebody opened; the session."""
    token = await clinic.session(by)
    for patient in patients:
        await clinic.asked.desk("record.read", session=token, type="Patient", id=patient, reason="visit")
    return session_of(clinic, token)


def body(*rows: tuple[str, bytes, float], files: tuple[bytes, ...] = ()) -> bytes:
    """A result: (source, candidate, how likely) of each row."""
    made = [[src, n, [0, 4], "text", [[who, sure, ["surname", "birth-date"]]], 1 - sure, n == 0]
            for n, (src, who, sure) in enumerate(rows)]  # fmt: skip
    return msgspec.msgpack.encode({"type": "match", "rows": made, "unread": [], "left_out": 0, "seconds": 0.1,
                                   "files": [one.hex() for one in files]})


async def leaked(clinic: LeakClinic, *rows: tuple[str, bytes, float], files: tuple[bytes, ...] = ()) -> bytes:
    """A leak case with one result."""
    case = await clinic.approved()
    search = bytes((await clinic.leaks("start", case=case, session=await clinic.session("vyr")))["search"])
    await clinic.leaks("found", search=search, kind="match", body=body(*rows, files=files))
    await clinic.leaks("end", search=search)
    return case


async def frozen(clinic: LeakClinic, leaks: tuple[bytes, ...] = (), **basis: Any) -> Snapshot:
    keeper = clinic.asked.keeper
    moment = keeper.now()
    basis = {"since_ms": moment.wall_ms - DAY, "until_ms": moment.wall_ms + 1, **basis}
    return await affected_making.freeze(
        keeper, moment, CASE, leaks, Basis(**basis), account=clinic.accounts["vyr"], session=b""
    )


def graded(clinic: LeakClinic, snapshot: Snapshot) -> dict[int, str]:
    """Grades by the patient's number in the clinic."""
    known = affected_book.grades(clinic.asked.keeper, snapshot.id)
    return {n: known[one].grade for n, one in enumerate(clinic.patients) if one in known}


def test_what_was_planted_is_what_is_graded(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        hostile = await opened(clinic, "gydytoja", *clinic.patients[:4])
        await opened(clinic, "slaugytoja", clinic.patients[6])
        leak = await leaked(clinic, ("s.csv", clinic.patients[3], 0.97), ("s.csv", clinic.patients[5], 0.9),
                            ("s.csv", clinic.patients[7], 0.4))  # fmt: skip
        made = await frozen(clinic, (leak,), sessions=(hostile,))
        assert graded(clinic, made) == {
            0: "taken", 1: "taken", 2: "taken", 3: "published", 4: "ciphertext", 5: "published", 6: "ciphertext",
            7: "ciphertext",
        }  # fmt: skip
        assert (made.counts, made.exempt, made.undecided) == ((2, 3, 0, 3), 3, 0)
        known = affected_book.grades(clinic.asked.keeper, made.id)
        three = known[clinic.patients[3]]
        assert three.sure == 0.97
        assert [kind for kind, _ in three.proofs] == ["match", "line"]
        assert set(three.categories) == {"identity", "contact", "code", "health"}
        assert not known[clinic.patients[4]].proofs
        by_account = await frozen(clinic, accounts=(clinic.accounts["slaugytoja"],))
        assert by_account.counts == (0, 1, 0, 7)
        nothing = await frozen(clinic, sessions=(os.urandom(16),))
        assert nothing.counts == (0, 0, 0, 8)

    run(deed)


def test_the_lines_that_prove_it_are_the_lines(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        hostile = await opened(clinic, "gydytoja", clinic.patients[1])
        made = await frozen(clinic, sessions=(hostile,))
        ((kind, ref),) = affected_book.grades(clinic.asked.keeper, made.id)[clinic.patients[1]].proofs
        assert kind == "line"
        officer = await clinic.session("vyr")
        (line,) = await clinic.asked.desk("audit.list", session=officer, before=int(ref) + 1, count=1)
        assert line["session"] == hostile
        assert line["patient"] == clinic.asked.keeper.require_unlocked().keyring.pseudonym(clinic.patients[1])

    run(deed)


def test_what_was_refused_was_not_taken(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        token = await clinic.session("registratore")
        with pytest.raises(Missing):  # a hat that opens no charts
            await clinic.asked.desk("record.list", session=token, patient=os.urandom(16), types=())
        made = await frozen(clinic, sessions=(session_of(clinic, token),))
        assert made.counts == (0, 0, 0, 8)

    run(deed)


def test_what_was_listed_counts_as_masked(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        token = await clinic.session("gydytoja")
        hits = await clinic.asked.desk("patient.search", session=token, family="Šalnaitė3")
        assert hits
        made = await frozen(clinic, sessions=(session_of(clinic, token),))
        known = affected_book.grades(clinic.asked.keeper, made.id)
        assert (known[clinic.patients[3]].grade, known[clinic.patients[3]].categories) == ("taken", ("masked",))

    run(deed)


def test_a_fallen_key_reopens_every_exemption(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        hostile = await opened(clinic, "gydytoja", clinic.patients[0])
        first = await frozen(clinic, sessions=(hostile,))
        second = await frozen(clinic, sessions=(hostile,), fall=Fall("host", "ab" * 16))
        assert (first.counts, first.exempt) == ((0, 1, 0, 7), 7)
        assert (second.counts, second.exempt, second.reopened) == ((0, 1, 7, 0), 0, 7)
        keeper = clinic.asked.keeper
        rows = [affected_book.frozen_of(keeper, one.id).rows for one in (first, second)]
        changed = difference(*rows)
        assert changed.reopened == 7
        assert changed.moved == (("ciphertext", "reachable", 7),)
        assert all(("key", "host:" + "ab" * 16) in one.proofs for one in changed.changes)
        late = await frozen(clinic, fall=Fall("epoch", "cd" * 16, until_ms=1))
        assert late.counts == (0, 0, 0, 8)  # nobody had come yet when that epoch ended

    run(deed)


def test_retracted_evidence_counts_no_more(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        leak = await leaked(clinic, ("a.csv", clinic.patients[0], 0.9), ("b.csv", clinic.patients[1], 0.9))
        (result,) = clinic.asked.keeper.leaks.results_of(leak)
        assert (await frozen(clinic, (leak,))).counts == (2, 0, 0, 6)
        after = await frozen(clinic, (leak,), retracted=(result.id,))
        assert after.counts == (0, 0, 0, 8)
        assert after.reopened == 0

    run(deed)


def test_somebody_erased_mid_case_is_one_of_a_number(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic, keeper = await LeakClinic(asked, clocks).open(8), asked.keeper
        hostile = await opened(clinic, "gydytoja", *clinic.patients[:3])
        before = await frozen(clinic, sessions=(hostile,))
        body_before = affected_book.body_of(keeper, before.id)
        gone = clinic.patients[1]
        pseudonym = keeper.require_unlocked().keyring.pseudonym(gone)
        with supervised(asked, rig.root):
            await erasing.erase(keeper, gone, "request", asked_by="x", people=("a", "b"), request=None)
        after = await frozen(clinic, sessions=(hostile,))
        assert (after.counts, after.gone) == ((0, 2, 0, 5), (0, 1, 0, 0))
        rows = affected_book.frozen_of(keeper, after.id).rows
        assert pseudonym not in {row.who for row in rows}
        # The old one is as it was frozen, and leads to nobody.
        assert affected_book.body_of(keeper, before.id) == body_before
        assert gone not in affected_book.grades(keeper, before.id)
        for snapshot in (before, after):
            frozen_bytes = affected_book.body_of(keeper, snapshot.id)
            assert all(one not in frozen_bytes for one in clinic.patients)

    rig.run(deed)


def test_a_snapshot_is_frozen_through_locks_and_its_hash_stands_in_the_log(rig: Rig, clocks: Clocks) -> None:
    kept: list[Any] = []

    async def before(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open(4)
        hostile = await opened(clinic, "gydytoja", clinic.patients[0])
        made = await frozen(clinic, sessions=(hostile,))
        body = affected_book.body_of(asked.keeper, made.id)
        assert hashlib.sha256(body).digest() == made.sha256
        officer = await clinic.session("vyr")
        (line,) = await asked.desk("audit.list", session=officer, actions=("snapshot",))
        assert line["note"] == "made:0:1:0:3"
        kept.extend((made, body))

    async def after(asked: Asked) -> None:
        made, body = kept
        assert asked.keeper.affected.get(made.id) == made
        assert affected_book.body_of(asked.keeper, made.id) == body
        assert made.object in asked.keeper.affected.objects()
        store = asked.keeper.require_unlocked().objects
        sealed = bytearray(b"".join(store.get(made.object)))
        sealed[len(sealed) // 2] ^= 1
        store.delete(made.object)
        store.put(made.object, [bytes(sealed)])
        with pytest.raises(Tampered):
            affected_book.body_of(asked.keeper, made.id)

    rig.run(before)
    rig.run(after)


def test_a_time_that_is_none_is_refused(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        for wrong in ({"since_ms": 5, "until_ms": 5}, {"since_ms": -1}, {"sessions": (b"",)},
                      {"accounts": tuple(os.urandom(16) for _ in range(301))}, {"fall": Fall("luck", "")}):  # fmt: skip
            with pytest.raises(Invalid):
                await frozen(clinic, **wrong)
        assert clinic.asked.keeper.affected.of_case(CASE) == []
        assert Action.SNAPSHOT == 102

    run(deed)
