"""Notices against whoever wants to know who is a patient, to read another's state, or to have letters sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from keeper_rig import Clocks
from notice_asking import pages_of, sent
from notice_rig import CODE, MailServer, NoticeClinic, Run, mailing, running, still
from told_apart import Times, assert_alike, in_turn

from seifas.crypto.typed_codes import new_code
from seifas.errors import Refused
from seifas.jobs import noticing
from seifas.keeper.door import OPS
from seifas.keeper.letter_model import CODE_MS, USED_MS

TRIES = 10_000
AT_ONCE = 40
DAY = 86_400_000


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return still(monkeypatch)


@pytest.fixture
def mails() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def run(tmp_path: Path, clocks: Clocks, mails: MailServer) -> Run:
    return running(mailing(tmp_path / "vault", mails), clocks)


@pytest.mark.slow
def test_questions_do_not_tell_patient_from_stranger(run: Run, mails: MailServer, tries: int) -> None:
    """Thousands each way: status, headers and body are the same, what is stored is of one size, and time tells no more
    than a coin."""

    async def deed(clinic: NoticeClinic) -> None:
        asking, letters = pages_of(clinic), clinic.asked.keeper.letters
        asked = list(in_turn((0, 3, 6), (1, 4, 7), tries, 7))
        seen: set[tuple[int, bytes, bytes]] = set()
        times: Times = {True: [], False: []}
        sizes: set[int] = set()
        for _ in range(200):
            await sent(asking, "affected", contact="p0@pastas0.lt")
        for start in range(0, 2 * tries, AT_ONCE):
            these = asked[start : start + AT_ONCE]
            answers = await asyncio.gather(
                *(sent(asking, "affected", contact=f"p{one}@pastas{one}.lt") for _, one in these)
            )
            for (is_patient, _), answer in zip(these, answers, strict=True):
                seen.add(answer[:3])
                times[is_patient].append(answer[3])
            sizes |= {len(one.sealed) for one in letters.asks.values()}
            while len(letters.asks) > 4000:
                await clinic.asked.op("jobs", "case.letters_begin")
        while letters.asks:
            await clinic.asked.op("jobs", "case.letters_begin")
        assert len(seen) == 1
        assert next(iter(seen))[0] == 200
        assert len(sizes) == 1
        assert_alike(times)
        await clinic.jobs(noticing.send_all)
        assert sorted(address for address, _ in mails.taken) == ["p0@pastas0.lt", "p3@pastas3.lt", "p6@pastas6.lt"], (
            "one answer a day to each of the three who asked, to nobody else"
        )

    run(deed)


@pytest.mark.slow
def test_ten_thousand_codes_that_open_nothing_look_alike(run: Run) -> None:
    """Over, used up, unknown and mistyped: one answer, and no difference in time between what was a code and what never
    was."""

    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(9))
        await clinic.asked.op("jobs", "case.letters_begin")
        batch = await clinic.asked.op("jobs", "case.letters_due", channel="letter")
        await clinic.asked.op("jobs", "case.letters_made", claim=batch["claim"], body=b"PK")
        over = [one["code"] for one in batch["letters"]]
        assert (await clinic.code(over[0]))["found"], "while they were good they opened"
        clinic.clocks.run(CODE_MS + 1)
        asking = pages_of(clinic)
        never = [new_code() for _ in over]
        seen: set[tuple[int, bytes, bytes]] = set()
        times: Times = {True: [], False: []}
        for was_one, code in in_turn(over, never, TRIES, 9):
            answer = await sent(asking, "code", code=code)
            seen.add(answer[:3])
            times[was_one].append(answer[3])
        for wrong in ("", "x", "A" * 5000, f"{over[0][:-1]}{'0' if over[0][-1] != '0' else '1'}", "' or 1=1 --", "\0"):
            seen.add((await sent(asking, "code", code=wrong))[:3])
        assert len(seen) == 1
        assert next(iter(seen))[0] == 404
        assert_alike(times)
        assert clinic.asked.alarms("notice-codes-guessed") == 1, "it rings, and nobody is shut out"

    run(deed)


def test_a_code_shows_one_persons_state_for_a_day_and_no_name(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(3))
        await clinic.asked.op("jobs", "case.letters_begin")
        batch = await clinic.asked.op("jobs", "case.letters_due", channel="letter")
        await clinic.asked.op("jobs", "case.letters_made", claim=batch["claim"], body=b"PK")
        code = batch["letters"][0]["code"]
        asking = pages_of(clinic)
        status, _, body, _ = await sent(asking, "code", code=code.lower().replace("-", " "))
        assert status == 200
        page = body.decode()
        assert "pasisavinti" in page
        assert batch["letters"][0]["ref"] in page
        others = [one["ref"] for one in batch["letters"][1:]]
        for word in ("Vardenyt", "Rūta", "Gatv", "@pastas", "+3706", "Įsilaužimas", *others):
            assert word not in page, word
        clinic.clocks.run(USED_MS - 1000)
        assert (await clinic.code(code))["found"]
        clinic.clocks.run(2000)
        assert not (await clinic.code(code))["found"], "used up"
        assert (await clinic.code(batch["letters"][1]["code"]))["found"], "the others are not touched"

    run(deed)


def test_who_is_erased_takes_their_code_along(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(1))
        await clinic.asked.op("jobs", "case.letters_begin")
        batch = await clinic.asked.op("jobs", "case.letters_due", channel="letter")
        await clinic.asked.op("jobs", "case.letters_made", claim=batch["claim"], body=b"PK")
        code = batch["letters"][0]["code"]
        head = clinic.asked.keeper.require_unlocked().vault.heads.pop(clinic.patients[0])
        assert await clinic.code(code) == await clinic.code(new_code())
        clinic.asked.keeper.require_unlocked().vault.heads[clinic.patients[0]] = head

    run(deed)


def test_the_answer_is_the_same_for_who_is_affected_and_who_is_not(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        asking = pages_of(clinic)
        await clinic.wave(await clinic.breach(1))
        await clinic.jobs()
        for contact in ("P0@Pastas0.lt", "p3@pastas3.lt", "niekas@niekur.lt", "+370 600 00003", "0037060000004"):
            assert (await sent(asking, "affected", contact=contact))[0] == 200
        await clinic.jobs()
        await clinic.jobs(noticing.send_all)
        assert sorted(address for address, _ in mails.taken) == ["p0@pastas0.lt", "p3@pastas3.lt"]
        shapes = {CODE.sub("CODE", text.partition("\r\n\r\n")[2]) for _, text in mails.taken}
        assert len(shapes) == 1, "the same words to both"
        states = {address: await clinic.code(CODE.findall(text)[0]) for address, text in mails.taken}
        assert states["p0@pastas0.lt"]["grade"] == "taken"
        assert states["p3@pastas3.lt"]["grade"] == "ciphertext"
        assert states["p0@pastas0.lt"]["initials"] == "R. V."

    run(deed)


def test_before_two_people_said_yes_the_answer_is_that_it_is_open(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.breach(1)
        await sent(pages_of(clinic), "affected", contact="p0@pastas0.lt")
        await clinic.jobs()
        await clinic.jobs(noticing.send_all)
        (code,) = CODE.findall(mails.taken[0][1])
        assert (await clinic.code(code))["grade"] == "open"

    run(deed)


def test_one_answer_a_day_however_often_somebody_asks(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        asking = pages_of(clinic)
        for _ in range(3):
            for _ in range(5):
                await sent(asking, "affected", contact="p0@pastas0.lt")
            for _ in range(3):
                await clinic.jobs()
                await clinic.jobs(noticing.send_all)
            clinic.clocks.run(DAY // 3)
        assert len(mails.taken) == 1
        clinic.clocks.run(DAY // 3)
        await sent(asking, "affected", contact="p0@pastas0.lt")
        await clinic.jobs()
        await clinic.jobs(noticing.send_all)
        assert len(mails.taken) == 2

    run(deed)


def test_nothing_of_a_contact_is_in_the_log_and_strangers_leave_no_line_of_their_own(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        asking = pages_of(clinic)
        audit = clinic.asked.keeper.require_unlocked().audit
        before = audit.size
        for n in range(20):
            await sent(asking, "affected", contact=f"svetimas{n}@niekur.lt")
        assert audit.size == before, "a question writes no line"
        await clinic.asked.op("jobs", "case.letters_begin")
        assert audit.size == before + 1, "the round writes one, whoever asked"
        lines = await clinic.asked.desk("audit.list", session=await clinic.session("vyr"), count=50)
        assert "svetimas" not in str(lines)
        assert "niekur" not in str(lines)

    run(deed)


def test_only_the_public_process_asks_and_only_jobs_is_given_letters(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        roles = {name: OPS.table[name].roles for name in OPS.table if name.startswith("case.")}
        for name in ("case.asked", "case.code"):
            assert set(roles[name]) == {"public"}
        for name in ("case.letters_begin", "case.letters_due", "case.letters_made", "case.message_due",
                     "case.message_told"):
            assert set(roles[name]) == {"jobs"}
        for name in ("case.wave_make", "case.wave_batch", "case.waves", "case.wave_stop", "case.wave_came_back"):
            assert set(roles[name]) == {"desk"}

    run(deed)


def test_a_thief_of_an_officers_session_sends_nothing_alone(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(3)
        made = await clinic.officer(
            "wave_make", case=clinic.case_id, snapshot=snapshot, grades=("taken",), channels=("letter",), body=b"{}"
        )
        session = await clinic.session("vyr")
        with pytest.raises(Refused):
            await clinic.asked.desk("approval.decide", session=session, id=made["approval"], approve=True)
        await clinic.jobs()
        assert not clinic.asked.keeper.letters.letters_of(made["wave"])

    run(deed)
