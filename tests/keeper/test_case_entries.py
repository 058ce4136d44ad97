"""Incident cases in the keeper: opened and linked, their entries appended and signed, through locks and restarts."""

from __future__ import annotations

import asyncio
import hashlib
import os

import pytest
from case_rig import CaseClinic, Run, body, large, running
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines

from seifas.errors import Invalid, Missing, Refused, StepUp, TooLarge
from seifas.keeper import case_entries, sweeping_objects
from seifas.keeper.case_model import MOST_BODY
from seifas.keeper.lines import Action
from seifas.keeper.log_reading import lines_back


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks, 1)


def test_a_case_from_its_opening_to_its_end(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        for wrong in ({"title": ""}, {"title": "x" * 121}, {"title": "a\0b"}, {"kind": "rumour"}, {"shift_ms": 5},
                      {"exercise": True, "shift_ms": 1 << 60}, {"links": [os.urandom(16)] * 501}):
            with pytest.raises((Invalid, Missing)):
                await clinic.opened(**wrong)
        with pytest.raises(Missing):
            await clinic.opened(links=[os.urandom(16)])
        assert await clinic.desk("vyr", "case.list") == []
        alarm = await clinic.alarm()
        case = await clinic.opened(kind="alarm", links=[alarm])
        told = await clinic.desk("pav", "case.status", case=case)
        assert (told["title"], told["kind"], told["links"], told["entries"]) == ("Pavogti įrašai", "alarm", [alarm], 0)
        assert told["now_ms"] == clinic.asked.keeper.now().wall_ms
        assert told["by"] == "vyr"
        leak = await clinic.desk("vyr", "leak.status", case=told["leak"])
        assert (leak["title"], leak["state"]) == ("Pavogti įrašai", "new")
        assert clinic.asked.alarms("case-opened") == 1
        assert [row["case"] for row in await clinic.desk("vyr", "case.list")] == [case]
        with pytest.raises(Invalid):
            await clinic.desk("vyr", "case.close", case=case, word="")
        await clinic.desk("vyr", "case.close", case=case, word="Baigta: pranešta visiems.")
        told = await clinic.desk("pav", "case.status", case=case)
        assert (told["closed_by"], told["closed_word"]) == ("vyr", "Baigta: pranešta visiems.")
        assert told["closed_ms"] > 0
        for deed_of in (clinic.wrote(case), clinic.signed(case),
                        clinic.desk("vyr", "case.close", case=case, word="again"),
                        clinic.desk("vyr", "case.link", case=case, link=alarm)):
            with pytest.raises(Refused):
                await deed_of

    run(deed)


def test_a_case_takes_up_the_leak_case_that_it_is_opened_from(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        leak = await clinic.case()
        exercise = await clinic.opened(kind="leak", links=[leak], exercise=True, shift_ms=-3_600_000)
        told = await clinic.desk("vyr", "case.status", case=exercise)
        assert told["leak"] not in (b"", leak), "an exercise leaves real evidence alone"
        assert told["now_ms"] == clinic.asked.keeper.now().wall_ms - 3_600_000
        first = await clinic.opened(kind="leak", links=[leak])
        assert (await clinic.desk("vyr", "case.status", case=first))["leak"] == leak
        second = await clinic.opened(kind="leak", links=[leak])
        assert (await clinic.desk("vyr", "case.status", case=second))["leak"] != leak, "one case has a file's custody"
        other = await clinic.case()
        await clinic.desk("vyr", "case.link", case=second, link=other)
        await clinic.desk("vyr", "case.link", case=second, link=other)
        assert (await clinic.desk("vyr", "case.status", case=second))["links"] == [leak, other]

    run(deed)


def test_entries_keep_their_order_their_words_and_their_line(run: Run, rig: Rig) -> None:
    kept: dict[str, object] = {}

    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        other = await clinic.opened(title="Kita byla")
        small = await clinic.wrote(case, "event", body=body(what="Grąžinta ąčęė"), at_ms=1_490_313_600_000)
        big = large()
        bigger = await clinic.wrote(case, "facts", by="pav", body=big)
        await clinic.wrote(other)
        again = await clinic.wrote(case, "event", about=small["entry"])
        found = await clinic.entries(case)
        assert [one["seq"] for one in found] == [1, 2, 3]
        assert [one["entry"] for one in found] == [small["entry"], bigger["entry"], again["entry"]]
        assert [one["kind"] for one in found] == ["event", "facts", "event"]
        assert found[0]["at_ms"] == 1_490_313_600_000
        assert (found[1]["body"], found[1]["sha256"]) == (big, hashlib.sha256(big).digest())
        assert (found[1]["by"], found[1]["hat"], found[1]["signed"]) == ("Pav", "officer", False)
        assert found[2]["about"] == small["entry"]
        written = [number async for number, line in lines_back(clinic.asked.keeper) if case in line.objects[:1]
                   and line.action == Action.CASE_ENTRY][::-1]
        assert [one["line"] for one in found] == written
        told = [one for one in await lines(clinic.asked, Action.CASE_ENTRY) if one.objects[0] == case]
        assert [one.objects[1:3] for one in told] == [(one["entry"], one["sha256"]) for one in found]
        assert [one["seq"] for one in await clinic.entries(case, after=1, count=1)] == [2]
        assert [one["seq"] for one in await clinic.entries(case, kinds=("event",))] == [1, 3]
        assert await clinic.entries(case, after=3) == []
        kept.update(case=case, found=found)

    run(deed)

    async def later(asked: Asked) -> None:
        keeper = asked.keeper
        case = keeper.cases.get(kept["case"])  # type: ignore[arg-type]
        assert await case_entries.told(keeper, case, 0, 500) == kept["found"]
        assert await sweeping_objects.sweep(keeper) == 0, "what an entry names is not left over"
        assert await case_entries.told(keeper, case, 0, 500) == kept["found"]
        entry = await case_entries.append(keeper, keeper.now(), case, "note", body(x=1), b"", None)
        assert entry.seq == 4

    rig.run(later)


def test_an_entry_is_json_of_a_bounded_size_about_one_of_its_case(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case, other = await clinic.opened(), await clinic.opened(title="Kita byla")
        elsewhere = await clinic.wrote(other)
        deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        for wrong in (b"", b"[]", b"{", b"\xff\xfe", b'{"a": NaN}', b'{"a":1} x', deep, b"null", b"\0" * 50):
            with pytest.raises(Invalid):
                await clinic.wrote(case, body=wrong)
        for kind in ("", "x", "X", "a b", "-a", "a-", "a" * 25, "ą", "a\n"):
            with pytest.raises(Invalid):
                await clinic.wrote(case, kind)
        with pytest.raises(TooLarge):
            await clinic.wrote(case, body=b'{"a":"' + b"x" * MOST_BODY + b'"}')
        for about in (elsewhere["entry"], os.urandom(16), b"short"):
            with pytest.raises(Missing):
                await clinic.wrote(case, about=about)
        with pytest.raises(Invalid):
            await clinic.wrote(case, at_ms=-1)
        with pytest.raises(Invalid):
            await clinic.entries(case, count=501)
        with pytest.raises(Missing):
            await clinic.wrote(os.urandom(16))
        assert await clinic.entries(case) == []
        whole = b'{"a":"' + b"x" * (MOST_BODY - 8) + b'"}'
        await clinic.wrote(case, body=whole)
        assert (await clinic.entries(case))[0]["body"] == whole

    run(deed)


def test_what_is_signed_is_exactly_these_words(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        said = body(what="pranešame šiandien")
        with pytest.raises(StepUp) as asked:
            await clinic.desk("vyr", "case.sign", case=case, kind="decision", body=said)
        assert bytes.fromhex(asked.value.where) == case_entries.sign_digest(case, "decision", said)
        await clinic.signed(case, body=said)
        with pytest.raises(StepUp):
            await clinic.desk("vyr", "case.sign", case=case, kind="decision", body=said)  # a gesture is used once
        await clinic.asked.gesture(
            await clinic.session("vyr"), clinic.keys["vyr"], case_entries.sign_digest(case, "decision", said)
        )
        for other in ({"body": body(what="nepranešame")}, {"kind": "event"}, {"at_ms": 1}):
            with pytest.raises(StepUp):
                await clinic.desk("vyr", "case.sign", **{"case": case, "kind": "decision", "body": said, **other})
        with pytest.raises(StepUp):
            await clinic.desk("pav", "case.sign", case=case, kind="decision", body=said)
        (entry,) = await clinic.entries(case)
        assert (entry["signed"], entry["body"], entry["by"]) == (True, said, "Vyr")
        (kept,) = clinic.asked.keeper.cases.entries(case)
        assert kept.credential

    run(deed)


def test_reading_a_case_is_a_line_once_a_session(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        for _ in range(3):
            await clinic.entries(case)
        await clinic.entries(case, by="pav")
        looks = await lines(clinic.asked, Action.CASE_SHOWN)
        assert [one.objects for one in looks] == [(case,), (case,)]
        assert len({one.account for one in looks}) == 2

    run(deed)


def test_entries_that_are_written_at_once_keep_an_order_and_find_their_lines(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        for _ in range(3):
            await asyncio.gather(*(clinic.wrote(case) for _ in range(70)))
            await clinic.wrote(case, body=large())
        found = await clinic.entries(case)
        assert [one["seq"] for one in found] == list(range(1, 214))
        numbers = [one["line"] for one in found]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > 0
        clinic.asked.keeper.cases.numbers.clear()
        assert [one["line"] for one in (await clinic.entries(case))[::-1]] == numbers[::-1]

    run(deed)
