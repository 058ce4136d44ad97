"""Leak cases while two things happen at once: closed while asked for, stopped while a page comes, swept or erased while
a result is sealed; and what a disk that fails, a merge or a set clock makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic, Run, running
from photo_rig import supervised

from seifas.errors import Missing, Refused, SeifasError
from seifas.keeper import erasing, leak_results, sweeping_objects, watching_leaks
from seifas.keeper.identity.approvals import State

HOUR = 3_600_000


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks)


def after_sealing(
    monkeypatch: pytest.MonkeyPatch, module: Any, deed: Callable[[], Awaitable[Any]], times: int = 1
) -> list[int]:
    """What happens between the moment something is sealed and the moment it is committed."""
    real, loop, done = module.seal, asyncio.get_running_loop(), list[int]()

    def seal(*args: Any) -> int:
        epoch = int(real(*args))
        if len(done) < times:
            done.append(epoch)

            async def now() -> None:
                await deed()

            asyncio.run_coroutine_threadsafe(now(), loop).result(30)
        return epoch

    monkeypatch.setattr(module, "seal", seal)
    return done


def test_a_case_closed_while_it_is_asked_for_stays_closed(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, mine, other = await clinic.case(), await clinic.session("vyr"), await clinic.session("pav")
        asked, _ = await asyncio.gather(
            clinic.asked.desk("leak.ask", session=mine, case=case),
            clinic.asked.desk("leak.close", session=other, case=case),
        )
        status = await clinic.asked.desk("leak.status", session=mine, case=case)
        assert status["state"] == "closed"
        assert clinic.asked.keeper.approvals.get(asked["approval"]).state is State.EXPIRED
        with pytest.raises(Refused):
            await clinic.leaks("start", case=case, session=mine)

    run(deed)


def test_what_is_compared_while_it_is_asked_for_counts(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, mine = await clinic.approved(), await clinic.session("vyr")
        search = await clinic.search(case)
        await clinic.leaks("charge", search=search, mentions=5_000)
        done = await asyncio.gather(
            clinic.leaks("compare", search=search, views=10), clinic.asked.desk("leak.ask", session=mine, case=case),
            clinic.leaks("compare", search=search, views=100), return_exceptions=True,
        )  # fmt: skip
        told = [one["compared"] for one in done if isinstance(one, dict) and "compared" in one]
        assert clinic.asked.keeper.leaks.get(case).compared == max(told)

    run(deed)


@pytest.mark.parametrize("how", ["watch", "case"])
def test_a_watch_stopped_while_a_page_comes_stays_stopped(run: Run, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, mine = await clinic.case(), await clinic.session("vyr")
        watch = (await clinic.asked.desk("watch.add", session=mine, case=case, url="http://x.lt/"))["id"]

        async def stop() -> None:
            if how == "case":
                await clinic.asked.desk("leak.close", session=mine, case=case)
            else:
                stopping.append(asyncio.ensure_future(clinic.asked.desk("watch.stop", session=mine, id=watch)))
                await asyncio.sleep(0.3)

        stopping: list[asyncio.Future[Any]] = []
        assert not after_sealing(monkeypatch, watching_leaks, stop)
        fetched = clinic.asked.op("jobs", "watch.fetched", id=watch, status=200, body=b"page")
        if how == "case":
            with pytest.raises(Missing):
                await fetched
            assert clinic.asked.keeper.leaks.files_of(case) == []
        else:
            await fetched
            await stopping[0]
            assert clinic.asked.keeper.watches.get(watch).stopped_ms
        with pytest.raises(Missing):
            await clinic.asked.op("jobs", "watch.fetched", id=watch, status=200, body=b"other")
        clinic.clocks.run(HOUR)
        assert await clinic.asked.op("jobs", "watch.due") == []

    run(deed)


def test_a_result_is_not_swept_while_it_is_sealed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, mine = await clinic.approved(), await clinic.session("vyr")
        search = await clinic.search(case)
        done = after_sealing(monkeypatch, leak_results, lambda: sweeping_objects.sweep(clinic.asked.keeper))
        result = await clinic.found(search, clinic.patients[0])
        assert done
        shown = await clinic.asked.desk("leak.results", session=mine, case=case, result=result)
        assert clinic.patients[0] in shown["body"]
        assert clinic.asked.keeper.leaks.sealing == set()

    run(deed)


def test_whoever_is_erased_while_a_result_is_sealed_is_not_in_it(
    run: Run, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deed(clinic: LeakClinic) -> None:
        keeper, gone = clinic.asked.keeper, clinic.patients[0]
        case, mine = await clinic.approved(), await clinic.session("vyr")
        search = await clinic.search(case)

        async def erase() -> None:
            with supervised(clinic.asked, rig.root):
                await erasing.erase(keeper, gone, "request", asked_by="x", people=("a", "b"), request=None)
                await erasing.carry_out(keeper)
                if keeper.sweeping is not None:
                    await keeper.sweeping

        after_sealing(monkeypatch, leak_results, erase)
        result = await clinic.found(search, gone, clinic.patients[1])
        body = (await clinic.asked.desk("leak.results", session=mine, case=case, result=result))["body"]
        assert gone not in body
        assert clinic.patients[1] in body
        assert b"Salnaite" not in body
        assert len(list(keeper.require_unlocked().objects.ids())) == 1

    run(deed)


def test_a_yes_that_could_not_be_stored_is_not_good_twice(rig: Rig, clocks: Clocks) -> None:
    known: dict[str, Any] = {}

    async def first(asked: Asked) -> None:
        clinic = known["clinic"] = await LeakClinic(asked, clocks).open()
        case = known["case"] = await clinic.approved()
        mine = await clinic.session("vyr")
        committer = asked.keeper.require_unlocked().committer
        real = committer.submit

        def refusing(*_: Any, **__: Any) -> Any:
            raise Refused("the disk is full")

        committer.submit = refusing  # type: ignore[method-assign]
        with pytest.raises(Refused):
            await clinic.leaks("start", case=case, session=mine)
        committer.submit = real  # type: ignore[method-assign]
        search = await clinic.search(case)
        assert (await clinic.leaks("charge", search=search, mentions=4_000))["left"] == 1_000

    async def second(asked: Asked) -> None:
        known["clinic"].asked = asked
        started = await known["clinic"].leaks("start", case=known["case"], session=await known["clinic"].session("vyr"))
        assert started["mentions_left"] == 1_000

    rig.run(first)
    rig.run(second)


def test_a_day_is_a_day_whatever_the_clock_is_set_to(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case = await clinic.approved()
        await clinic.search(case)
        clocks.run(20 * HOUR)
        await clinic.session("vyr")
        clocks.set(-15 * HOUR)
        assert await clinic.search(case)
        clocks.run(5 * HOUR)
        with pytest.raises(Refused):
            await clinic.search(case)

    run(deed)


def test_a_yes_is_good_for_a_day_from_its_first_use(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case = await clinic.approved()
        clocks.set(-100 * HOUR)
        await clinic.search(case)
        clocks.run(24 * HOUR)
        with pytest.raises(SeifasError):
            await clinic.search(case)

    run(deed)


def test_a_clock_set_back_stops_no_watch(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, mine = await clinic.case(), await clinic.session("vyr")
        watch = (await clinic.asked.desk("watch.add", session=mine, case=case, url="http://x.lt/"))["id"]
        await clinic.asked.op("jobs", "watch.fetched", id=watch, status=200, body=b"page")
        assert await clinic.asked.op("jobs", "watch.due") == []
        clocks.set(-365 * 24 * HOUR)
        assert [one["id"] for one in await clinic.asked.op("jobs", "watch.due")] == [watch]

    run(deed)


def test_a_merged_record_is_one_person_in_lines_and_care(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, (kept, merged, stranger) = clinic.asked, clinic.patients
        doctor = await clinic.session("gydytoja")
        await asked.create(
            doctor,
            "Condition",
            merged,
            code={"text": "krūtų didinimas"},
            subject={"reference": f"Patient/{merged.hex()}"},
        )
        await asked.desk("patient.merge", session=doctor, survivor=kept, other=merged, reason="tas pats žmogus")
        case = await clinic.approved()
        search = await clinic.search(case)
        people = {one.patient for one in (await clinic.leaks("people", search=search))["people"]}
        assert people == {kept, stranger}
        (care,) = await clinic.leaks("care", search=search, patients=[kept])
        assert "krūtų didinimas" in care.terms
        told = (await clinic.leaks("lines", search=search))["lines"]
        named = {one.patient for one in told} | {patient for one in told for patient in one.patients}
        assert merged not in named
        assert kept in named

    run(deed)
