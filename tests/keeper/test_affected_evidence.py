"""What the grades rest on: files taken back, decoys, exports, lines of before the index, a log that begins too late."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic
from test_affected_snapshots import body, frozen, graded, opened

from seifas.keeper import affected_book, affected_making
from seifas.keeper.affected_deeds import BY_NOTE, NOTHING_SHOWN, shown_by
from seifas.keeper.affected_people import About, country_of, of_record, under_age
from seifas.keeper.directory.card import Card, encode
from seifas.keeper.leak_model import LeakFile
from seifas.keeper.lines import Action, Line, Outcome
from seifas.keeper.log_index import LogIndex

Run = Callable[[Callable[[LeakClinic], Awaitable[None]]], None]


@pytest.fixture
def run(tmp_path: Path, clocks: Clocks) -> Run:
    def running(deed: Callable[[LeakClinic], Awaitable[None]]) -> None:
        async def main(asked: Asked) -> None:
            await deed(await LeakClinic(asked, clocks).open(6))

        Rig(tmp_path / "vault", demo=False).run(main)

    return running


async def searched(clinic: LeakClinic, *names: str) -> tuple[bytes, tuple[bytes, ...]]:
    """A leak case whose files of these names were searched; each names one patient, in their order."""
    case = await clinic.approved()
    files = tuple(os.urandom(16) for _ in names)
    for ident, name in zip(files, names, strict=True):
        clinic.asked.keeper.leaks.put_file(LeakFile(ident, case, name, bytes(32), 1, os.urandom(16), 1, 1))
    search = bytes((await clinic.leaks("start", case=case, session=await clinic.session("vyr")))["search"])
    rows = [(name, clinic.patients[n], 0.9) for n, name in enumerate(names)]
    rows.append((f"{names[0]}/inner.csv", clinic.patients[5], 0.9))
    await clinic.leaks("found", search=search, kind="match", body=body(*rows, files=files))
    await clinic.leaks("end", search=search)
    return case, files


def test_a_file_that_is_taken_back_takes_its_rows_with_it(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, (first, second) = await searched(clinic, "a.zip", "a.zip.csv")
        assert (await frozen(clinic, (case,))).counts[0] == 3
        one = await frozen(clinic, (case,), retracted=(first,))
        assert [n for n, grade in graded(clinic, one).items() if grade == "published"] == [1]
        assert (await frozen(clinic, (case,), retracted=(second,))).counts[0] == 2
        assert (await frozen(clinic, (case,), retracted=(first, second))).counts[0] == 0

    run(deed)


def test_of_two_files_of_one_name_one_that_stands_keeps_the_rows(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, (first, second) = await searched(clinic, "a.csv", "a.csv")
        assert (await frozen(clinic, (case,), retracted=(first,))).counts[0] == 3
        assert (await frozen(clinic, (case,), retracted=(first, second))).counts[0] == 0

    run(deed)


def test_a_decoy_in_evidence_is_a_second_proof_of_what_its_session_saw(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        keeper = clinic.asked.keeper
        canary = clinic.patients[4]
        keeper.canaries.add(canary)
        hostile = await opened(clinic, "gydytoja", *clinic.patients[:2])
        # Opening a decoy freezes; its line is as that of any other.
        leaf = keeper.leaf(keeper.now(), Action.OPEN_CARD, session=hostile, patient=canary)
        await keeper.commit([leaf])
        case = await clinic.approved()
        search = bytes((await clinic.leaks("start", case=case, session=await clinic.session("vyr")))["search"])
        await clinic.leaks("found", search=search, kind="match", body=body(("s.csv", canary, 0.99)))
        made = await frozen(clinic, (case,), sessions=(hostile,))
        known = affected_book.grades(keeper, made.id)
        assert made.counts == (0, 2, 0, 3)  # the decoy is nobody
        assert canary not in known
        for patient in clinic.patients[:2]:
            assert [kind for kind, _ in known[patient].proofs] == ["canary", "line"]
        assert not known[clinic.patients[2]].proofs

    run(deed)


def test_an_export_counts_whoever_made_it(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        token = await clinic.session("gydytoja")
        await clinic.asked.desk(
            "record.print", session=token, patient=clinic.patients[2], what="card", reason="siunčiama"
        )
        await opened(clinic, "gydytoja", clinic.patients[1])
        made = await frozen(clinic, exports=(clinic.patients[2],))
        assert made.counts == (0, 1, 0, 5)
        affected = affected_book.grades(clinic.asked.keeper, made.id)[clinic.patients[2]]
        assert [kind for kind, _ in affected.proofs] == ["export"]

    run(deed)


def test_lines_of_before_the_index_count_too(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        keeper = clinic.asked.keeper
        hostile = await opened(clinic, "gydytoja", *clinic.patients[:3])
        whole = await frozen(clinic, sessions=(hostile,))
        keeper.log_index = LogIndex(most=1)
        part = await frozen(clinic, sessions=(hostile,))
        assert keeper.log_index.first > 0
        assert part.counts == whole.counts == (0, 3, 0, 3)
        frozen_rows = [affected_book.frozen_of(keeper, one.id).rows for one in (whole, part)]
        assert frozen_rows[0] == frozen_rows[1]

    run(deed)


def test_where_there_is_no_log_everybody_is_reachable(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        keeper = clinic.asked.keeper
        now = keeper.now().wall_ms
        assert affected_making.gap_of(keeper, 5) == ""
        keeper.facts = msgspec.structs.replace(keeper.facts, restored_from="origin 5", log_started_ms=now - 1_000)
        made = await frozen(clinic)
        assert (made.counts, made.exempt) == ((0, 0, 6, 0), 0)
        ((kind, ref),) = affected_book.grades(keeper, made.id)[clinic.patients[0]].proofs
        assert (kind, ref) == ("log", f"begins:{now - 1_000}")
        assert (await frozen(clinic, since_ms=now - 500)).counts == (0, 0, 0, 6)

    run(deed)


def test_the_hour_before_and_after_do_not_count(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: LeakClinic) -> None:
        hostile = await opened(clinic, "gydytoja", clinic.patients[0])
        clocks.run(60_000)
        since = clinic.asked.keeper.now().wall_ms
        assert await opened(clinic, "gydytoja", clinic.patients[1]) == hostile
        clocks.run(60_000)
        until = clinic.asked.keeper.now().wall_ms
        assert await opened(clinic, "gydytoja", clinic.patients[2]) == hostile
        made = await frozen(clinic, sessions=(hostile,), since_ms=since, until_ms=until)
        assert [n for n, grade in graded(clinic, made).items() if grade == "taken"] == [1]

    run(deed)


@given(st.sampled_from(list(Action)), st.sampled_from(list(Outcome)), st.sampled_from(["", "card", "address-x", "zz"]))
def test_every_deed_over_a_patient_shows_something_or_is_known_to_show_nothing(
    action: Action, outcome: Outcome, note: str
) -> None:
    shown = shown_by(Line(1, 1, action, outcome, pseudonym=b"x" * 16, note=note))
    nothing = action in NOTHING_SHOWN and (action, note) not in BY_NOTE
    assert (shown is None) is (outcome != Outcome.DONE or nothing)
    assert shown is None or shown.categories


@pytest.mark.parametrize(("phone", "country"), [
    ("37061234567", "LT"), ("4915112345678", "DE"), ("35812345", "FI"), ("79161234567", ""), ("", ""), ("9", ""),
    ("15551234567", "US"),
])  # fmt: skip
def test_countries_are_told_by_calling_codes(phone: str, country: str) -> None:
    assert country_of(phone) == country


@pytest.mark.parametrize(("birth", "minor"), [
    ("2008-11-23", True), ("2008-11-22", False), ("1970-01-01", False), ("", False), ("2008", True), ("2007", False),
    ("2008-11", True), ("2008-10", False),
])  # fmt: skip
def test_minors_are_told_and_half_a_date_counts_as_young(birth: str, minor: bool) -> None:
    assert under_age(birth, date(2026, 11, 22)) is minor


def test_records_tell_country_and_language() -> None:
    spoken = [{"language": {"coding": [{"code": one}]}, "preferred": one == "en-GB"} for one in ("ru", "en-GB")]
    told = of_record({"address": [{"country": "Vokietija"}], "communication": spoken}, About("LT", "", True))
    assert told == About("DE", "en", True)
    for broken in ({"address": "x", "communication": 5}, {"address": [5, {}], "communication": [{"language": []}]},
                   {"communication": [{"language": {"coding": [{"code": 5}, {"code": "x" * 40}]}}]}):  # fmt: skip
        assert of_record(broken, About("LT")) == About("LT")
    assert encode(Card(b"x" * 16))
