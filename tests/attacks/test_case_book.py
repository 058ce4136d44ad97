"""Ways into, around and through incident cases that are none: other hats, forged ids, spoiled disks, sending from an
exercise, sending twice, and words that lie about in clear."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from case_rig import CaseClinic, Run, body, running
from keeper_rig import Asked, Clocks, Rig

from seifas.errors import Invalid, Missing, Refused, SignIn, StepUp, Tampered
from seifas.jobs import case_sending as going_out
from seifas.keeper.case_sending import send_digest
from seifas.keeper.case_sending_model import Sending
from seifas.keeper.door import OPS, Op
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.sessions import Strength
from seifas.keeper.model import Kind
from seifas.settings import Alarms, Clinic, Settings

HATS = ("gydytoja", "adminas", "tikrintoja", "registratore", "slaugytoja")
DESK = sorted(name for name, op in OPS.table.items() if name.startswith("case.") and "desk" in op.roles)
MAIL = body(to="ada@ada.example", subject="Pranešimas", text="ŽODŽIAI-LAIŠKE-4711")
SECRETS = ("ŽODŽIAI-LAIŠKE-4711", "ŽODŽIAI-ĮRAŠE-4712", "ŽODŽIAI-DIDELIAME-4713", "BYLOS-PAVADINIMAS-4714",
           "UŽDARYMO-ŽODIS-4715")

@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks, 1)


def arguments(op: Op, **known: Any) -> dict[str, Any]:
    """Something for each argument that an op asks for: what is known of that name, else a plausible value."""
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(op.decoder.type):
        if field.name in known:
            made[field.name] = known[field.name]
        elif field.required:
            made[field.name] = _plausible(field.type)
    return made


def _plausible(kind: Any) -> Any:
    simple = {str: "x", bytes: os.urandom(16), int: 1, bool: True, float: 1.0}
    if kind in simple:
        return simple[kind]
    return [] if getattr(kind, "__origin__", None) in (tuple, list, frozenset, set) else {}


def test_every_op_of_cases_is_the_officers(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        before = await clinic.entries(case)
        tried = 0
        for name in DESK:
            op = OPS.table[name]
            if "session" not in {field.name for field in msgspec.structs.fields(op.decoder.type)}:
                continue  # a token of its own: its owner's tests
            tried += 1
            for who in HATS:
                said = arguments(op, session=await clinic.session(who), case=case, body=b"{}", kind="note")
                with pytest.raises(Refused):
                    await clinic.asked.desk(name, **said)
            for token in ("", "A" * 43, "ą" * 43, "x" * 10_000):
                with pytest.raises(SignIn):
                    await clinic.asked.desk(name, **arguments(op, session=token, case=case))
        assert tried >= 12
        assert await clinic.entries(case) == before

    run(deed)


def test_a_stopped_session_writes_nothing(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        keeper = clinic.asked.keeper
        stopped = await clinic.session("vyr")
        keeper.sessions.freeze_account(clinic.accounts["vyr"], "suspended")
        with pytest.raises(Refused):
            await clinic.asked.desk("case.append", session=stopped, case=case, kind="note", body=b"{}")
        assert await clinic.entries(case, by="pav") == []

    run(deed)


def test_only_jobs_is_given_what_goes_out(run: Run) -> None:
    for name in ("case.due", "case.sent"):
        assert OPS.table[name].roles == {"jobs"}
    assert not any("jobs" in OPS.table[name].roles for name in DESK)

    async def deed(clinic: CaseClinic) -> None:
        for wrong in (os.urandom(16), b"", b"\0" * 16):
            with pytest.raises(Missing):
                await clinic.asked.op("jobs", "case.sent", sending=wrong, ok=True)
        with pytest.raises(Invalid):
            await clinic.asked.op("jobs", "case.due", count=10_000)

    run(deed)


def test_forged_and_borrowed_ids_lead_nowhere(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case, other = await clinic.opened(), await clinic.opened(title="Kita byla")
        leak = (await clinic.desk("vyr", "case.status", case=case))["leak"]
        entry = (await clinic.wrote(case))["entry"]
        sending = await clinic.sends(case, "mail", MAIL)
        for forged in (leak, clinic.patients[0], entry, clinic.accounts["vyr"], os.urandom(16), b"", case[:8]):
            for name, more in (
                ("case.status", {}), ("case.entries", {}), ("case.lines", {}), ("case.sendings", {}),
                ("case.append", {"kind": "note", "body": b"{}"}), ("case.sign", {"kind": "note", "body": b"{}"}),
                ("case.link", {"link": leak}), ("case.close", {"word": "gana"}),
                ("case.send", {"kind": "mail", "payload": MAIL}), ("case.sending", {"sending": sending}),
                ("case.send_again", {"sending": sending}),
            ):  # fmt: skip
                with pytest.raises(Missing):
                    await clinic.desk("vyr", name, case=forged, **more)
        with pytest.raises(Missing):
            await clinic.desk("vyr", "case.sending", case=other, sending=sending)
        with pytest.raises(Missing):
            await clinic.desk("vyr", "case.send_again", case=other, sending=sending)
        with pytest.raises(Missing):
            await clinic.wrote(other, about=entry)
        for link in (clinic.patients[0], case, entry, b""):
            with pytest.raises(Missing):
                await clinic.desk("vyr", "case.link", case=case, link=link)
        assert await clinic.entries(other) == []

    run(deed)


def test_nothing_changes_an_entry_or_takes_one_away() -> None:
    verbs = {name.partition(".")[2] for name in OPS.table if name.startswith("case.")}
    assert not {one for one in verbs if one.startswith(("forget", "delete", "remove", "edit", "change", "erase"))}


def _objects(rig: Rig) -> Iterator[Path]:
    return (one for one in (rig.data / "data" / "objects").rglob("*") if one.is_file())


def test_a_large_entry_that_was_altered_swapped_or_taken_is_named(rig: Rig, run: Run) -> None:
    async def wrote(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        for letter in "ab":
            await clinic.wrote(case, body=body(text=letter * 20_000))

    run(wrote)
    first, second = sorted(_objects(rig))
    whole = {one: one.read_bytes() for one in (first, second)}
    assert len(whole[first]) == len(whole[second])

    async def refused(asked: Asked) -> None:
        (case,) = asked.keeper.cases.cases()
        with pytest.raises((Tampered, Missing)):
            await asked.desk("case.entries", session=again(asked, "vyr"), case=case.id)

    for spoiled in (
        {first: whole[second], second: whole[first]},
        {first: whole[first][:-1] + bytes([whole[first][-1] ^ 1])},
        {first: whole[first][:100]}, {first: b""},
    ):  # fmt: skip
        for place, content in {**whole, **spoiled}.items():
            place.chmod(0o600)
            place.write_bytes(content)
        rig.run(refused)
    first.unlink()
    rig.run(refused)


def again(asked: Asked, name: str) -> str:
    """An officer's session in a vault that was opened again."""
    keeper = asked.keeper
    account = keeper.accounts.find(name)
    assert account is not None
    return keeper.sessions.issue(
        account=account.id, hat=Hat.OFFICER, strength=Strength.PASSKEY, address="127.0.0.1",
        now_ms=keeper.now().wall_ms,
    ).token


@pytest.mark.parametrize("kind", [Kind.CASE, Kind.CASE_ENTRY, Kind.CASE_SENDING])
def test_a_vault_whose_case_lost_a_row_or_got_an_old_one_back_does_not_open(
    rig: Rig, run: Run, kind: Kind
) -> None:
    tags: dict[Kind, bytes] = {}
    old: dict[bytes, bytes] = {}
    place = rig.data / "state" / "keeper.db"

    async def wrote(clinic: CaseClinic) -> None:
        keeper = clinic.asked.keeper
        case = await clinic.opened()
        entry = (await clinic.wrote(case))["entry"]
        sending = await clinic.sends(case, "mail", MAIL)
        tags.update({
            Kind.CASE: keeper.tag(Kind.CASE, case), Kind.CASE_ENTRY: keeper.tag(Kind.CASE_ENTRY, entry),
            Kind.CASE_SENDING: keeper.tag(Kind.CASE_SENDING, sending),
        })  # fmt: skip
        old.update({tag: keeper.require_unlocked().state.get(tag) or b"" for tag in tags.values()})
        await clinic.asked.op("jobs", "case.due")
        await clinic.desk("vyr", "case.close", case=case, word="gana")

    run(wrote)
    changes = [("DELETE FROM state WHERE tag = ?", (tags[kind],))]
    if kind is not Kind.CASE_ENTRY:  # an entry never changes: it has no older row
        changes.append(("UPDATE state SET body = ? WHERE tag = ?", (old[tags[kind]], tags[kind])))
    kept = place.read_bytes()
    for statement, values in changes:
        place.write_bytes(kept)
        with sqlite3.connect(place) as db:
            assert db.execute(statement, values).rowcount == 1
        db.close()

        async def never(asked: Asked) -> None:
            raise AssertionError("it opened")

        with pytest.raises(Tampered):
            rig.run(never)


def test_no_mail_goes_out_without_a_touch_over_exactly_its_words(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case, other = await clinic.opened(), await clinic.opened(title="Kita byla")
        changed = body(to="kitas@ada.example", subject="Pranešimas", text="ŽODŽIAI-LAIŠKE-4711")
        with pytest.raises(StepUp):
            await clinic.desk("vyr", "case.send", case=case, kind="mail", payload=MAIL)
        digest = send_digest(case, "mail", MAIL)
        await clinic.asked.gesture(await clinic.session("vyr"), clinic.keys["vyr"], digest)
        for where, payload, who in ((case, changed, "vyr"), (other, MAIL, "vyr"), (case, MAIL, "pav")):
            with pytest.raises(StepUp):
                await clinic.desk(who, "case.send", case=where, kind="mail", payload=payload)
        await clinic.desk("vyr", "case.send", case=case, kind="mail", payload=MAIL)
        with pytest.raises(StepUp):
            await clinic.desk("vyr", "case.send", case=case, kind="mail", payload=MAIL)
        assert len(await clinic.asked.op("jobs", "case.due", count=20)) == 1

    run(deed)


def test_an_exercise_sends_nothing_whatever_its_rows_say(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        keeper = clinic.asked.keeper
        case = await clinic.opened(exercise=True)
        await clinic.sends(case, "mail", MAIL)
        keeper.cases.put_sending(Sending(os.urandom(16), case, "mail", b"", 1, payload=MAIL))
        assert await clinic.asked.op("jobs", "case.due", count=20) == []

    run(deed)


class Bridge:
    """The jobs process's client, over to a keeper that runs in an event loop of this test."""

    def __init__(self, asked: Asked, loop: asyncio.AbstractEventLoop) -> None:
        self.asked, self.loop = asked, loop

    def call(self, op: str, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self.asked.op("jobs", op, **args), self.loop).result(30)


def test_through_a_day_without_a_mail_server_every_letter_goes_once(
    run: Run, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived: list[str] = []
    down = True

    def server(sender: str, to: str, message: bytes, alarms: Alarms, patience_s: float) -> str:
        if down:
            return "no-answer"
        arrived.append(to)
        return "sent"

    monkeypatch.setattr(going_out, "hand_over", server)
    settings = Settings(clinic=Clinic(id="00" * 16), alarms=Alarms(smtp_host="mail.example"))

    async def deed(clinic: CaseClinic) -> None:
        nonlocal down
        case = await clinic.opened()
        wanted = [f"a{number}@ada.example" for number in range(8)]
        for to in wanted:
            await clinic.sends(case, "mail", body(to=to, subject="x", text="y"))
        bridge = Bridge(clinic.asked, asyncio.get_running_loop())
        for _ in range(48):
            clocks.run(30 * 60_000)
            # two of them, as after a restart that left the old process behind
            await asyncio.gather(*(asyncio.to_thread(going_out.once, bridge, settings) for _ in range(2)))
        assert arrived == []
        down = False
        for _ in range(3):
            clocks.run(31 * 60_000)
            await asyncio.gather(*(asyncio.to_thread(going_out.once, bridge, settings) for _ in range(2)))
        assert sorted(arrived) == wanted
        states = {one["state"] for one in await clinic.desk("vyr", "case.sendings", case=case)}
        assert states == {"sent"}

    run(deed)


def found(place: Path, words: tuple[str, ...]) -> set[str]:
    """Which of these words stand in any file below, as UTF-8, UTF-16 or escaped JSON."""
    seen = set()
    for file in (one for one in place.rglob("*") if one.is_file()):
        content = file.read_bytes()
        for word in words:
            forms = (word.encode(), word.encode("utf-16-le"), word.encode("unicode_escape"))
            if any(form in content for form in forms):
                seen.add(word)
    return seen


def test_no_word_of_a_case_stands_in_clear_on_disk_or_in_logs(
    rig: Rig, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened(title=SECRETS[3])
        await clinic.wrote(case, body=body(text=SECRETS[1]))
        await clinic.wrote(case, body=body(text=SECRETS[2] * 4_000))
        await clinic.sends(case, "mail", MAIL)
        (one,) = await clinic.asked.op("jobs", "case.due")
        await clinic.asked.op(
            "jobs", "case.sent", sending=one["sending"], ok=False, word="refused ŽODŽIAI-LAIŠKE-4711",
            answer=SECRETS[0].encode(),
        )  # fmt: skip
        for wrong in (SECRETS[1].encode(), b'{"a": ' + SECRETS[1].encode()):
            with pytest.raises(Invalid) as refused:
                await clinic.wrote(case, body=wrong)
            assert SECRETS[1] not in refused.value.message
        await clinic.desk("vyr", "case.close", case=case, word=SECRETS[4])
        names = [repr(one) for one in (*clinic.asked.keeper.cases.cases(), *clinic.asked.keeper.cases.entries(case))]
        assert not any(word in name for name in names for word in SECRETS)

    with caplog.at_level(logging.DEBUG):
        run(deed)
    assert found(rig.data, SECRETS) == set()
    assert not any(word in caplog.text for word in SECRETS)
    planted = tmp_path / "planted"
    planted.mkdir()
    for number, word in enumerate(SECRETS):
        (planted / str(number)).write_bytes(b"\0" + word.encode(("utf-8", "utf-16-le")[number % 2]) + b"\0")
    assert found(planted, SECRETS) == set(SECRETS), "the searcher sees what is there"
