"""What a case sends: queued, taken once, told back; through failures, kills and restored vaults. And its lines."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from case_rig import CaseClinic, Run, body, running
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines

from seifas.errors import Invalid, Refused, TooLarge
from seifas.keeper import case_payloads, case_sending, sweeping_objects
from seifas.keeper.case_payloads import MOST_PAYLOAD
from seifas.keeper.lines import Action

HOUR = 3_600_000
MAIL = body(to="ada@ada.example", subject="Pranešimas", text="Apie pažeidimą.")
SMS = body(to="+37061234567", text="Paskambinkite klinikai.")
STAMP = body(query=base64.b64encode(os.urandom(60)).decode())


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks, 1)


async def sent(clinic: CaseClinic, case: bytes, kind: str = "mail", payload: bytes = MAIL) -> bytes:
    return await clinic.sends(case, kind, payload)


async def due(asked: Asked, count: int = 20) -> list[dict[str, Any]]:
    return list(await asked.op("jobs", "case.due", count=count))


async def tell(asked: Asked, sending: bytes, ok: bool = True, word: str = "", answer: bytes = b"") -> str:
    return str((await asked.op("jobs", "case.sent", sending=sending, ok=ok, word=word, answer=answer))["state"])


async def states(clinic: CaseClinic, case: bytes) -> list[tuple[str, int, str]]:
    rows = await clinic.desk("pav", "case.sendings", case=case)
    return [(one["state"], one["tries"], one["word"]) for one in rows]


def test_each_goes_out_once_and_its_answer_is_kept(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        asked = clinic.asked
        ids = [await sent(clinic, case), await sent(clinic, case, "sms", SMS), await sent(clinic, case, "stamp", STAMP)]
        assert await states(clinic, case) == [("queued", 0, "")] * 3
        (first,) = await due(asked, 1)
        assert (first["sending"], first["kind"], first["payload"]) == (ids[0], "mail", MAIL)
        rest = await due(asked)
        assert [one["sending"] for one in rest] == ids[1:]
        assert await due(asked) == []
        token = os.urandom(9_000)
        assert await tell(asked, ids[0]) == "sent"
        assert await tell(asked, ids[1], answer=b'{"id": 7}') == "sent"
        assert await tell(asked, ids[2], answer=token) == "sent"
        assert await tell(asked, ids[2], ok=False, word="refused") == "sent", "what was told is told"
        assert await due(asked) == []
        rows = await clinic.desk("vyr", "case.sendings", case=case)
        assert [one["answer"] for one in rows] == [b"", b'{"id": 7}', token]
        assert rows[0]["by"] == "Vyr"
        assert await sweeping_objects.sweep(asked.keeper) == 0
        shown = await clinic.desk("vyr", "case.sending", case=case, sending=ids[0])
        assert (shown["payload"], shown["state"]) == (MAIL, "sent")
        with pytest.raises(Refused):
            await clinic.desk("vyr", "case.send_again", case=case, sending=ids[0])
        assert len(await lines(asked, Action.STAMPED)) == 1

    run(deed)


def test_a_server_that_is_down_for_a_day_loses_nothing(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        asked = clinic.asked
        ident = await sent(clinic, case)
        tries = 0
        for _ in range(24 * 60):
            clocks.run(60_000)
            for one in await due(asked):
                tries += 1
                assert await tell(asked, one["sending"], ok=False, word="no-answer") == "queued"
        assert 45 <= tries <= 60
        clocks.run(HOUR)
        assert [one["sending"] for one in await due(asked)] == [ident]
        assert await tell(asked, ident) == "sent"
        assert await due(asked) == []
        assert clinic.asked.alarms("case-unsent") == 0

    run(deed)


def test_it_is_given_up_after_a_week_and_a_person_may_begin_again(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        asked = clinic.asked
        ident = await sent(clinic, case)
        clocks.run(8 * 24 * HOUR)
        assert len(await due(asked)) == 1
        assert await tell(asked, ident, ok=False, word="busy") == "failed"
        assert clinic.asked.alarms("case-unsent") == 1
        assert await due(asked) == []
        await clinic.desk("vyr", "case.send_again", case=case, sending=ident)
        assert len(await due(asked)) == 1
        assert await tell(asked, ident, ok=False, word="refused") == "refused"
        assert await states(clinic, case) == [("refused", 2, "refused")]

    run(deed)


def test_what_may_have_gone_out_is_not_sent_again_by_itself(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        asked = clinic.asked
        mail, stamp = await sent(clinic, case), await sent(clinic, case, "stamp", STAMP)
        assert len(await due(asked)) == 2
        clocks.run(119_000)
        assert await due(asked) == []
        clocks.run(2_000)  # jobs died between sending and telling
        again = await due(asked)
        assert [one["sending"] for one in again] == [stamp], "only what does no harm twice is asked for again"
        assert await states(clinic, case) == [("failed", 1, "unsure"), ("queued", 2, "")]
        assert clinic.asked.alarms("case-unsent") == 1
        assert await tell(asked, mail) == "sent", "told late, it is known after all"
        assert await tell(asked, stamp, ok=False, word="unsure") == "failed"

    run(deed)


def test_a_keeper_that_is_killed_forgets_neither_what_it_gave_nor_what_waits(rig: Rig, clocks: Clocks) -> None:
    def story(deed: Callable[[CaseClinic, bytes], Awaitable[None]]) -> Callable[[Asked], Awaitable[None]]:
        async def main(asked: Asked) -> None:
            clinic = CaseClinic(asked, clocks)
            await clinic.open(0)
            await deed(clinic, await clinic.opened())

        return main

    async def before(clinic: CaseClinic, case: bytes) -> None:
        await sent(clinic, case)
        await sent(clinic, case, "sms", SMS)
        assert len(await due(clinic.asked, 1)) == 1

    rig.killed(story(before))

    async def after(asked: Asked) -> None:
        (case,) = asked.keeper.cases.cases()
        (one,) = await due(asked)
        assert one["payload"] == SMS
        clocks.run(2 * HOUR)
        assert await due(asked) == []
        assert sorted(one.word for one in asked.keeper.cases.sendings_of(case.id)) == ["unsure", "unsure"]

    rig.run(after)


def test_nothing_that_waited_in_a_restored_vault_goes_out_by_itself(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        await sent(clinic, case)
        await sent(clinic, case, "stamp", STAMP)
        keeper = clinic.asked.keeper
        for one in keeper.cases.queued():
            keeper.cases.put_sending(msgspec.structs.replace(one, log=b"another!"))
        assert [one["kind"] for one in await due(clinic.asked)] == ["stamp"]
        assert (await states(clinic, case))[0] == ("failed", 0, "unsure")

    run(deed)


def test_clocks_that_jump_send_nothing_twice_and_hold_nothing_up(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        ident = await sent(clinic, case)
        await due(clinic.asked)
        await tell(clinic.asked, ident, ok=False, word="busy")
        clocks.set(-400 * 24 * HOUR)
        assert len(await due(clinic.asked)) == 1, "a clock set back a year must not hold it up for one"
        assert await due(clinic.asked) == []
        assert await tell(clinic.asked, ident) == "sent"

    run(deed)


def test_nothing_of_an_exercise_leaves(run: Run, clocks: Clocks) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened(exercise=True, shift_ms=-1000)
        ident = await sent(clinic, case)
        assert await states(clinic, case) == [("exercise", 0, "")]
        clocks.run(HOUR)
        assert await due(clinic.asked) == []
        assert await tell(clinic.asked, ident) == "exercise"
        with pytest.raises(Refused):
            await clinic.desk("vyr", "case.send_again", case=case, sending=ident)
        assert (await clinic.desk("vyr", "case.sending", case=case, sending=ident))["payload"] == MAIL

    run(deed)


@pytest.mark.parametrize(("kind", "payload"), [
    ("fax", MAIL), ("mail", b""), ("mail", b"\xff"), ("mail", SMS), ("sms", MAIL), ("mail", b"[" * 100_000),
    ("mail", body(to="a@b.lt", subject="x\nBcc: c@d.lt", text="")), ("mail", body(to="a b@c.lt", subject="x", text="")),
    ("mail", body(to="a@b.lt, c@d.lt", subject="x", text="")), ("mail", body(to="a@b.lt\n", subject="x", text="")),
    ("mail", body(to="ab", subject="x", text="")), ("mail", body(to="ą@b.lt", subject="x", text="")),
    ("mail", body(to="a@b.lt", subject="", text="")), ("mail", body(to="a@b.lt", subject="x", text="", cc="d@e.lt")),
    ("mail", body(to="a@b.lt", subject="x", text="", attachments=[{"name": "../a", "type": "text/plain", "data": ""}])),
    ("mail", body(to="a@b.lt", subject="x", text="", attachments=[{"name": "a", "type": "a\r\n/b", "data": ""}])),
    ("mail", body(to="a@b.lt", subject="x", text="", attachments=[{"name": "a", "type": "a/b", "data": "*"}])),
    ("sms", body(to="861234567", text="x")), ("sms", body(to="+3706123456789012", text="x")),
    ("sms", body(to="+37061234567", text="")), ("sms", body(to="+37061234567", text="x" * 1_001)),
    ("stamp", body(query="")), ("stamp", body(query="####")), ("stamp", body(query="A" * 8_000)),
])  # fmt: skip
def test_what_cannot_be_sent_is_refused_at_the_desk(kind: str, payload: bytes) -> None:
    with pytest.raises(Invalid):
        case_payloads.check(kind, payload)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        case_payloads.check("mail", b"x" * (MOST_PAYLOAD + 1))


@settings(max_examples=of_whole(200), deadline=None)
@given(st.sampled_from(case_payloads.KINDS), st.binary(max_size=200) | st.dictionaries(
    st.sampled_from(["to", "text", "subject", "query", "attachments"]), st.text(max_size=20)
).map(lambda one: body(**one)))  # fmt: skip
def test_no_payload_ends_in_anything_but_a_refusal(kind: str, payload: bytes) -> None:
    with contextlib.suppress(Invalid):
        case_payloads.check(kind, payload)


def test_a_large_mail_is_an_object_and_comes_out_whole(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        data = base64.b64encode(os.urandom(2_000_000)).decode()
        large = body(to="a@b.lt", subject="x", text="", attachments=[
            {"name": "ataskaita.pdf", "type": "application/pdf", "data": data}
        ])  # fmt: skip
        await sent(clinic, case, payload=large)
        assert await sweeping_objects.sweep(clinic.asked.keeper) == 0
        (one,) = await due(clinic.asked)
        assert one["payload"] == large
        assert case_sending.MOST_QUEUED == 500

    run(deed)


def test_a_case_tells_the_lines_that_are_its_own(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        other = await clinic.opened(title="Kita byla")
        await clinic.wrote(other)
        alarm = await clinic.alarm()
        case = await clinic.opened()
        entry = await clinic.wrote(case, "note")
        told = await clinic.desk("vyr", "case.lines", case=case)
        assert [(one["deed"], one["note"]) for one in told] == [
            ("case", "opened"), ("leak-case", "begun"), ("case-entry", "note"), ("case-shown", "entries"),
        ]  # fmt: skip
        assert entry["entry"] in told[2]["objects"]
        assert {one["by"] for one in told} == {"Vyr"}
        await clinic.desk("pav", "alarm.acknowledge", id=alarm)
        await clinic.desk("vyr", "case.link", case=case, link=alarm)
        leak = (await clinic.desk("vyr", "case.status", case=case))["leak"]
        await clinic.ask_and_approve(leak)
        ident = await sent(clinic, case)
        await due(clinic.asked)
        await tell(clinic.asked, ident, ok=False, word="refused")
        told = await clinic.desk("vyr", "case.lines", case=case)
        assert [(one["deed"], one["note"], one["outcome"], one["by"]) for one in told][4:] == [
            ("alarm", "acknowledged", "done", "Pav"), ("case", "linked:alarm", "done", "Vyr"),
            ("leak-case", "asked", "done", "Vyr"), ("approval", "leak-search:approved", "done", "Pav"),
            ("case", "mail:queued", "done", "Vyr"), ("case", "mail:refused", "refused", ""),
        ]  # fmt: skip
        assert [one["line"] for one in told] == sorted(one["line"] for one in told)
        assert {one["line"] for one in told}.isdisjoint(
            one["line"] for one in await clinic.entries(other)
        )

    run(deed)
