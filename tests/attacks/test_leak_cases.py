"""Ways to patients' data through leak searches that are none: without a yes, past it, by others, after it was stopped.

Every op that the role "leaks" may call is tried in each state in which it must give nothing.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from keeper_rig import Clocks, Rig
from leak_rig import DAY, GROUND, LeakClinic, Run, running
from photo_rig import lines, take

from seifas.errors import Invalid, Missing, OverBudget, Refused, SeifasError, SignIn, StepUp
from seifas.keeper import leak_photos
from seifas.keeper.door import OPS, Caller, Door
from seifas.keeper.identity.sessions import Strength
from seifas.keeper.leak_book import SEARCH_MS
from seifas.keeper.lines import Action, Outcome

LEAKS = sorted(name for name, op in OPS.table.items() if "leaks" in op.roles)
OF_SEARCH = {
    "leak.people": {}, "leak.care": {"patients": [bytes(15) + b"\x01"]}, "leak.fingerprints": {},
    "leak.original": {"photo": os.urandom(16)}, "leak.views": {"photo": os.urandom(16)},
    "leak.seen": {"photo": os.urandom(16), "view": os.urandom(16)}, "leak.lines": {}, "leak.files": {},
    "leak.charge": {"mentions": 1}, "leak.compare": {"views": 1}, "leak.found": {"kind": "match", "body": b"\x80"},
    "leak.so_far": {},
}  # fmt: skip


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks)


async def nothing_leaves(clinic: LeakClinic, search: bytes, *errors: type[SeifasError]) -> None:
    """Every op that takes a search refuses this one, and no line says that something was read."""
    before = len(await opened(clinic))
    for op, args in OF_SEARCH.items():
        with pytest.raises(errors or (Missing, Refused, SignIn)):
            await clinic.asked.op("leaks", op, search=search, **args)
    assert len(await opened(clinic)) == before


async def opened(clinic: LeakClinic) -> list[Any]:
    return [line for line in await lines(clinic.asked, Action.LEAK_OPENED) if line.outcome == Outcome.DONE]


def test_the_ops_tried_here_are_all_that_there_are() -> None:
    others = {"leak.start", "leak.end", "leak.check", "leak.file_begin", "leak.keep_file", "leak.file_open"}
    assert set(LEAKS) == set(OF_SEARCH) | others
    # The role that reads in bulk can do nothing else, and nobody else can read in bulk.
    assert all(name.startswith("leak.") for name in LEAKS)
    for name in OF_SEARCH:
        assert OPS.table[name].roles == frozenset({"leaks"}), name


def test_no_other_role_has_these_ops(run: Run, tmp_path: Path) -> None:
    async def deed(clinic: LeakClinic) -> None:
        search = await clinic.search(await clinic.approved())
        door = Door(clinic.asked.keeper, tmp_path, {})
        for role in ("desk", "public", "portal", "jobs", "darkroom", "admin"):
            for op, args in OF_SEARCH.items():
                raw = msgspec.Raw(msgspec.msgpack.encode({"search": search, **args}))
                with pytest.raises(Invalid, match="no op"):
                    await door.dispatch(Caller(role, os.getpid(), os.geteuid()), op, raw)
        for op in ("record.read", "patient.search", "photo.open", "audit.list", "leak.label", "admin.account_list"):
            with pytest.raises(Invalid, match="no op"):
                await door.dispatch(Caller("leaks", os.getpid(), os.geteuid()), op, msgspec.Raw(b"\x80"))

    run(deed)


def test_a_guessed_token_gives_nothing(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        await clinic.search(await clinic.approved())
        for token in (b"", bytes(32), os.urandom(32), os.urandom(4096)):
            await nothing_leaves(clinic, token, Missing)

    run(deed)


def test_without_two_people_nothing_is_searched(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, mine = await clinic.case(), await clinic.session("vyr")
        with pytest.raises(Refused):
            await clinic.leaks("start", case=case, session=mine)
        request = (await clinic.asked.desk("leak.ask", session=mine, case=case))["approval"]
        with pytest.raises(Refused):  # nobody approves what they asked for
            await clinic.asked.approve(await clinic.session("vyr"), clinic.keys["vyr"], request)
        for name in ("gydytoja", "slaugytoja", "tikrintoja", "registratore"):
            with pytest.raises(Refused):  # these do not decide at the desk
                await clinic.asked.desk("approval.decide", session=await clinic.session(name), id=request, approve=True)
        with pytest.raises(StepUp):  # and an officer's yes takes a gesture over this very request
            await clinic.asked.desk("approval.decide", session=await clinic.session("pav"), id=request, approve=True)
        with pytest.raises(Refused):
            await clinic.leaks("start", case=case, session=mine)
        with pytest.raises(Refused):
            await clinic.asked.op("admin", "leak.admin_pass", case=case)
        await clinic.asked.desk("approval.decide", session=await clinic.session("pav"), id=request, approve=False)
        with pytest.raises(Refused):
            await clinic.leaks("start", case=case, session=mine)
        assert await opened(clinic) == []

    run(deed)


def test_the_machine_approves_nothing_outside_a_demo(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        with pytest.raises(Refused):
            await clinic.asked.op("admin", "leak.admin_begin", title="mano byla", ground=GROUND)
        case = await clinic.approved()
        token = (await clinic.asked.op("admin", "leak.admin_pass", case=case))["pass"]
        other = await clinic.approved()
        with pytest.raises(Missing):  # a pass is one case's
            await clinic.leaks("start", case=other, admin_pass=token)
        assert (await clinic.leaks("start", case=case, admin_pass=token))["search"]
        assert clinic.asked.alarms("leak-pass") == 1
        await clinic.asked.op("admin", "leak.admin_close", case=case)
        with pytest.raises((Missing, Refused)):
            await clinic.leaks("start", case=case, admin_pass=token)

    run(deed)


def test_only_those_behind_the_yes_search(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        await clinic.asked.account("trecia", "officer")
        case = await clinic.approved()
        made = next(one for one in clinic.asked.keeper.approvals if one.kind == "hats")
        assert await clinic.asked.approve(await clinic.session("vyr"), clinic.keys["vyr"], made.id) == "pending"
        assert await clinic.asked.approve(await clinic.session("pav"), clinic.keys["pav"], made.id) == "done"
        clinic.keys["trecia"] = await clinic.asked.enrol("trecia")
        with pytest.raises(Refused):
            await clinic.leaks("start", case=case, session=await clinic.session("trecia"))
        for name in ("gydytoja", "slaugytoja", "adminas", "tikrintoja", "registratore"):
            session = await clinic.session(name)
            with pytest.raises(Refused):
                await clinic.leaks("start", case=case, session=session)
            with pytest.raises(Refused):
                await clinic.leaks("check", case=case, session=session)
            for op, args in (
                ("leak.begin", {"title": "byla", "ground": GROUND}), ("leak.list", {}), ("leak.status", {"case": case}),
                ("leak.ask", {"case": case}), ("leak.close", {"case": case}),
                ("leak.label", {"case": case, "patients": clinic.patients}),
                ("leak.open", {"case": case, "patient": clinic.patients[0], "reason": "noriu"}),
                ("leak.results", {"case": case, "result": bytes(16)}),
                ("leak.view", {"case": case, "photo": bytes(16), "view": bytes(16)}),
                ("decoy.plant", {"label": "eksportas", "count": 1}), ("decoy.list", {}),
            ):
                with pytest.raises(Refused):
                    await clinic.asked.desk(op, session=session, **args)
        for token in ("", "x" * 43, "ą" * 43):
            with pytest.raises(SignIn):
                await clinic.leaks("start", case=case, session=token)
        for who in ("vyr", "pav"):
            assert await clinic.search(case, who)

    run(deed)


def test_a_program_does_not_search(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case = await clinic.approved()
        keeper = clinic.asked.keeper
        officer = keeper.sessions.by_token(await clinic.session("vyr"), keeper.now().wall_ms)
        issued = keeper.sessions.issue(
            account=officer.account, hat=officer.hat, strength=Strength.TOKEN, address="127.0.0.1",
            now_ms=keeper.now().wall_ms,
        )
        with pytest.raises(SeifasError):
            await clinic.leaks("start", case=case, session=issued.token)

    run(deed)


@pytest.mark.parametrize("how", ["freeze", "end", "disable", "suspend", "hat", "close", "day", "idle", "lock"])
def test_what_is_stopped_reads_no_more(run: Run, clocks: Clocks, how: str) -> None:
    async def deed(clinic: LeakClinic) -> None:
        keeper = clinic.asked.keeper
        case = await clinic.approved()
        token = await clinic.session("vyr")
        search = (await clinic.leaks("start", case=case, session=token))["search"]
        assert (await clinic.leaks("people", search=search, count=2))["next"]
        session = keeper.sessions.by_token(token, keeper.now().wall_ms)
        match how:
            case "freeze":
                keeper.sessions.freeze(session.id, "stopped")
            case "end":
                keeper.sessions.end(session.id)
            case "disable":
                account = keeper.accounts.get(session.account)
                keeper.accounts.put(msgspec.structs.replace(account, disabled=True))
            case "suspend":
                await clinic.asked.desk("budget.suspend", session=await clinic.session("pav"), account="vyr")
            case "hat":
                account = keeper.accounts.get(session.account)
                keeper.accounts.put(msgspec.structs.replace(account, hats=(*account.hats, "doctor")))
                await clinic.asked.desk("session.hat", session=token, hat="doctor")
            case "close":
                await clinic.asked.desk("leak.close", session=await clinic.session("pav"), case=case)
            case "day":
                for _ in range(73):  # used all the time
                    clocks.run(20 * 60_000)
                    if clocks.wall // 1_000_000 < keeper.leaks.get(case).until_ms:
                        with_search(keeper, search)
            case "idle":
                clocks.run(SEARCH_MS)
            case "lock":
                keeper.leaks.load(keeper.leaks.cases(), (), ())
        await nothing_leaves(clinic, search)
        await nothing_leaves(clinic, search)

    run(deed)


def with_search(keeper: Any, search: bytes) -> None:
    keeper.leaks.search(search, keeper.now().boot_ms)


def test_a_yes_lasts_a_day_and_so_many_mentions(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case = await clinic.approved()
        search = await clinic.search(case)
        assert (await clinic.leaks("charge", search=search, mentions=4_990))["left"] == 10
        for mentions in (0, -1, 5_001, 1 << 40):
            with pytest.raises(SeifasError):
                await clinic.leaks("charge", search=search, mentions=mentions)
        with pytest.raises(OverBudget):
            await clinic.leaks("charge", search=search, mentions=11)
        assert (await clinic.leaks("charge", search=search, mentions=10))["left"] == 0
        with pytest.raises(OverBudget):
            await clinic.leaks("charge", search=search, mentions=1)
        await clinic.found(search, clinic.patients[0])  # what was paid for is kept
        with pytest.raises(OverBudget):
            await clinic.search(case)
        charged = [line.note for line in await lines(clinic.asked, Action.LEAK_FOUND)]
        assert charged == ["mentions:4990", "mentions:10", "match"]
        status = await clinic.asked.desk("leak.status", session=await clinic.session("vyr"), case=case)
        assert (status["state"], status["mentions_left"], status["spent"]) == ("used-up", 0, 5_000)
        # Asked for again, and left lying for a day.
        await clinic.ask_and_approve(case)
        clocks.run(DAY)
        with pytest.raises(Refused):
            await clinic.search(case)
        await clinic.ask_and_approve(case)
        assert await clinic.search(case)

    run(deed)


def test_many_at_once_spend_nothing_twice(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        search = await clinic.search(await clinic.approved())
        done = await asyncio.gather(
            *(clinic.leaks("charge", search=search, mentions=1_000) for _ in range(12)), return_exceptions=True
        )
        assert sum(isinstance(one, dict) for one in done) == 5
        assert sum(isinstance(one, OverBudget) for one in done) == 7

    run(deed)


def test_the_line_is_durable_before_the_first_page_and_everybody_is_rung(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        search = await clinic.search(await clinic.approved())
        assert clinic.asked.alarms("leak-search") == 1
        committer = clinic.asked.keeper.require_unlocked().committer
        real, failed = committer.submit, []

        def refusing(*args: Any, **more: Any) -> Any:
            failed.append(args)
            raise Refused("the disk is full")

        committer.submit = refusing  # type: ignore[method-assign]
        for op, args in OF_SEARCH.items():
            if op not in ("leak.files", "leak.found", "leak.care"):
                with pytest.raises(SeifasError):
                    await clinic.asked.op("leaks", op, search=search, **args)
        with pytest.raises(Refused):
            await clinic.leaks("care", search=search, patients=clinic.patients)
        committer.submit = real  # type: ignore[method-assign]
        assert len(failed) >= 4
        assert await opened(clinic) == []
        page = await clinic.leaks("people", search=search)
        assert {one.patient for one in page["people"]} == set(clinic.patients)
        assert [line.note for line in await opened(clinic)] == [f"people:{len(clinic.patients)}"]
        await clinic.leaks("people", search=search)
        await clinic.leaks("care", search=search, patients=clinic.patients[:2])
        assert [line.note for line in await opened(clinic)][1:] == ["care", "care"]

    run(deed)


def test_a_label_or_card_is_only_for_whom_a_result_names(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case = await clinic.approved()
        search, session = await clinic.search(case), await clinic.session("vyr")
        asked = {"session": session, "case": case}
        assert await clinic.asked.desk("leak.label", patients=clinic.patients, **asked) == []
        with pytest.raises(Missing):
            await clinic.asked.desk("leak.open", patient=clinic.patients[0], reason="pagal bylą", **asked)
        result = await clinic.found(search, clinic.patients[0], os.urandom(16))
        shown = await clinic.asked.desk("leak.label", patients=[*clinic.patients, os.urandom(16), b""], **asked)
        assert [(one["patient"], one["label"], one["initial"], one["year"]) for one in shown] == [
            (clinic.patients[0], "Š…", "R…", "1980")
        ]
        for patient in (clinic.patients[1], os.urandom(16), b"", bytes(16)):
            with pytest.raises(Missing):
                await clinic.asked.desk("leak.open", patient=patient, reason="pagal bylą", **asked)
        with pytest.raises(Invalid):
            await clinic.asked.desk("leak.open", patient=clinic.patients[0], reason="", **asked)
        with pytest.raises(StepUp) as needed:
            await clinic.asked.desk("leak.open", patient=clinic.patients[0], reason="pagal bylą", **asked)
        # A gesture for another patient of the same case does not open this one.
        other = await clinic.approved()
        with pytest.raises(Missing):
            await clinic.asked.desk("leak.results", session=session, case=other, result=result)
        with pytest.raises(Missing):
            await clinic.asked.desk("leak.label", session=session, case=os.urandom(16), patients=clinic.patients)
        await clinic.asked.gesture(session, clinic.keys["vyr"], bytes.fromhex(needed.value.where))
        card = await clinic.asked.desk("leak.open", patient=clinic.patients[0], reason="pagal bylą", **asked)
        assert card["families"] == ("Šalnaitė0",)
        assert clinic.asked.alarms("leak-open") == 1
        (line,) = [one for one in await lines(clinic.asked, Action.LEAK_SHOWN) if one.note == "card"]
        assert line.charge  # paid for like any other chart that nobody expects
        with pytest.raises(StepUp):  # one gesture, one opening
            await clinic.asked.desk("leak.open", patient=clinic.patients[0], reason="pagal bylą", **asked)

    run(deed)


def test_files_and_results_are_their_cases_own(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case, other = await clinic.approved(), await clinic.approved()
        session = await clinic.session("vyr")
        begun = await clinic.leaks("file_begin", case=case, name="sample.csv", size=10, session=session)
        hashes = {"sha256": bytes(32), "sha512": bytes(64)}
        with pytest.raises(Missing):  # begun for another case
            await clinic.leaks("keep_file", case=other, file=begun["file"], sha256=bytes(32), size=10, session=session)
        with pytest.raises(Missing):  # nothing was sealed there
            await clinic.leaks("keep_file", case=case, file=begun["file"], **hashes, size=10, session=session)
        with pytest.raises(Missing):  # an object of the vault cannot be named
            await clinic.leaks("keep_file", case=case, file=os.urandom(16), sha256=bytes(32), size=10, session=session)
        second = await clinic.leaks("file_begin", case=case, name="b.csv", size=10, session=session)
        assert len({begun["key"], second["key"], clinic.asked.keeper.leaks.get(case).key}) == 3
        for name, size in (("", 1), ("a\n", 1), ("x" * 256, 1), ("a", 0), ("a", 1 << 60)):
            with pytest.raises(Invalid):
                await clinic.leaks("file_begin", case=case, name=name, size=size, session=session)
        search = await clinic.search(case)
        for body in (b"", b"\xc1", b"\x80" + b"x" * 10, b"\x91" * 5000):
            with pytest.raises(Invalid):
                await clinic.leaks("found", search=search, kind="match", body=body)
        with pytest.raises(SeifasError):
            await clinic.leaks("found", search=search, kind="match", body=b"\xc4" * (4 * 2**20 + 1))
        with pytest.raises(Invalid):
            await clinic.leaks("found", search=search, kind="hack", body=b"\x80")

    run(deed)


def test_originals_are_bounded_and_each_is_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: LeakClinic) -> None:
        monkeypatch.setattr(leak_photos, "MOST_PHOTOS", 2)
        doctor = await clinic.session("gydytoja")
        photos = [await take(clinic.asked, doctor, clinic.patients[0]) for _ in range(3)]
        case = await clinic.approved()
        search = await clinic.search(case)
        for photo in photos[:2]:
            place = await clinic.leaks("original", search=search, photo=photo)
            assert set(place) == {"object", "key", "clinic", "patient", "epoch"}
            await clinic.leaks("views", search=search, photo=photo)  # the same photo is counted once
        for op in ("original", "views"):
            with pytest.raises(OverBudget):
                await clinic.leaks(op, search=search, photo=photos[2])
        with pytest.raises(OverBudget):  # nor with another search under the same yes
            await clinic.leaks("original", search=await clinic.search(case), photo=photos[2])
        for rendition in ("original", "full", "published", ""):
            with pytest.raises(Invalid):
                await clinic.leaks("original", search=search, photo=photos[0], rendition=rendition)
        assert [line.note for line in await opened(clinic)] == ["photo", "photo"]

    run(deed)
