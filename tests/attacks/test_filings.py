"""Ways to speak in the clinic's name that are none: a desk that was taken over, other hats, bodies made by hand.

The web process is assumed broken here: it asks the keeper whatever it likes, with an officer's live session, and has
no passkey.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from case_rig import CaseClinic
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines

from seifas.audit.checkpoint import verify_checkpoint
from seifas.errors import Invalid, Missing, Refused, SeifasError, SignIn, StepUp, Tampered
from seifas.incidents.voice.making import signed_parts
from seifas.keeper import keeper as keeper_module
from seifas.keeper.case_statements import publish_digest
from seifas.keeper.door import OPS
from seifas.keeper.lines import Action

OURS = {"case.publish": {"entry": b""}, "case.statements": {}, "case.withdraw": {"statement": b"", "word": "because"}}
Run = Callable[[Callable[[CaseClinic], Awaitable[None]]], None]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault", demo=False)


@pytest.fixture
def run(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Run:
    clocks = Clocks()
    monkeypatch.setattr(keeper_module, "time", clocks)

    def running(deed: Callable[[CaseClinic], Awaitable[None]]) -> None:
        async def main(asked: Asked) -> None:
            clinic = CaseClinic(asked, clocks)
            await clinic.open(1)
            await deed(clinic)

        rig.run(main)

    return running


def told(text: str = "Pavogta duomenų.", *, title: str = "Pranešimas", html: str = "<p>x</p>", **more: Any) -> bytes:
    """A body as the desk writes it, or as whoever holds the desk likes it."""
    body: dict[str, Any] = {
        "pages": {"lt": {"title": title, "text": text}, "en": {"title": "Statement", "text": "Data were stolen."}},
        "files": {"lt.html": base64.b64encode(html.encode()).decode()}, "basis": "BDAR 34 straipsnis", **more,
    }
    return json.dumps(body, ensure_ascii=False).encode()


async def prepared(clinic: CaseClinic, case: bytes, body: bytes, by: str = "vyr") -> bytes:
    return bytes((await clinic.wrote(case, "statement", by, body=body))["entry"])


async def published(clinic: CaseClinic, case: bytes, entry: bytes, by: str = "vyr") -> dict[str, Any]:
    """With the officer's own gesture."""
    kept = clinic.asked.keeper.cases.entry(case, entry)
    await clinic.asked.gesture(await clinic.session(by), clinic.keys[by], publish_digest(case, kept))
    return dict(await clinic.desk(by, "case.publish", case=case, entry=entry))


async def public(clinic: CaseClinic) -> dict[str, Any]:
    return dict(await clinic.asked.op("public", "case.statement"))


async def wrote_event(clinic: CaseClinic, case: bytes, word: str, *, signed: bool = False, **more: Any) -> bytes:
    body = json.dumps({"what": "x", "word": word, "at": "2026-03-24T14:05", "zone": "Europe/Vilnius", **more}).encode()
    about = more.pop("about", b"")
    write = clinic.signed if signed else clinic.wrote
    return bytes((await write(case, "event", body=body, about=about))["entry"])


def test_nobody_else_speaks_and_the_public_process_reads_what_stands_and_no_more(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        entry = await prepared(clinic, case, told("Dar neskelbti."))
        for op, args in OURS.items():
            assert OPS.table[op].roles == {"desk"}, op
            own = {**({"case": case} if op != "case.withdraw" else {}), **args}
            for by in ("gydytoja", "adminas", "tikrintoja", "registratore", "slaugytoja"):
                with pytest.raises(Refused):
                    await clinic.desk(by, op, **own)
            with pytest.raises(SignIn):
                await clinic.asked.desk(op, session="", **own)
        assert OPS.table["case.statement"].roles == {"public"}
        assert await public(clinic) == {"version": 0}
        await published(clinic, case, entry)
        shown = await public(clinic)
        assert set(shown) == {"version", "ms", "pages", "before"}
        assert case.hex() not in str(shown)
        assert entry not in str(shown).encode()

    run(deed)


def test_a_broken_desk_publishes_nothing_without_the_officers_key(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case, other = await clinic.opened(), await clinic.opened(title="Kita byla")
        meant, swapped = await prepared(clinic, case, told()), await prepared(clinic, case, told("Mokėkite čia: …"))
        with pytest.raises(StepUp):
            await clinic.desk("vyr", "case.publish", case=case, entry=meant)
        kept = clinic.asked.keeper.cases.entry(case, meant)
        await clinic.asked.gesture(await clinic.session("vyr"), clinic.keys["vyr"], publish_digest(case, kept))
        with pytest.raises(StepUp):  # the gesture was for another text
            await clinic.desk("vyr", "case.publish", case=case, entry=swapped)
        with pytest.raises(Missing):
            await clinic.desk("vyr", "case.publish", case=other, entry=meant)
        await clinic.desk("vyr", "case.publish", case=case, entry=meant)
        with pytest.raises(StepUp):  # and for once
            await clinic.desk("vyr", "case.publish", case=case, entry=meant)
        note = bytes((await clinic.wrote(case, "note", body=told()))["entry"])
        with pytest.raises(Invalid):
            await published(clinic, case, note)
        assert (await public(clinic))["pages"]["lt"]["text"] == "Pavogta duomenų."

    run(deed)


@pytest.mark.parametrize("body", [
    told("Atsiprašome: Rūtai Šalnaitė0."), told(title="Rūta Šalnaitė0"), told(html="<p>Rūta <b>Šalnaitė0</b></p>"),
    told("Kodas 48002030018."), told("Skambinkite +370 612 34567."), told(html="<!-- 48002030018 -->"),
    told(pages={"lt": {"title": "Pranešimas", "text": "x"}, "en": {"title": "Statement", "text": "Rūta Šalnaitė0"}}),
])  # fmt: skip
def test_nobody_is_named_whoever_wrote_it(run: Run, body: bytes) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        entry = await prepared(clinic, case, body)
        with pytest.raises(Refused) as refused:
            await published(clinic, case, entry)
        assert refused.value.where == "statement-named"
        assert "Šalnait" not in refused.value.message
        assert await public(clinic) == {"version": 0}

    run(deed)


def test_an_investigation_is_not_talked_about_without_a_signed_leave(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        entry = await prepared(clinic, case, told())
        await wrote_event(clinic, case, "investigation")

        async def refused() -> None:
            with pytest.raises(Refused) as error:
                await published(clinic, case, entry)
            assert error.value.where == "statement-leave"

        await refused()
        await wrote_event(clinic, case, "leave")  # by a desk, without a key
        await refused()
        await clinic.wrote(case, "note", body=json.dumps({"word": "leave"}).encode())
        await refused()
        leave = await wrote_event(clinic, case, "leave", signed=True)
        made = await published(clinic, case, entry)
        assert made["leave"] == leave
        retraction = json.dumps({"what": "x", "word": "leave", "retracted": "klaida"}).encode()
        await clinic.signed(case, "event", body=retraction, about=leave)
        await refused()

    run(deed)


def test_an_exercise_and_a_closed_case_stay_in_the_house(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        exercise = await clinic.opened(exercise=True, shift_ms=-86_400_000)
        entry = await prepared(clinic, exercise, told())
        with pytest.raises(Refused):
            await published(clinic, exercise, entry)
        case = await clinic.opened()
        entry = await prepared(clinic, case, told())
        await clinic.desk("vyr", "case.close", case=case, word="baigta")
        with pytest.raises(Refused):
            await published(clinic, case, entry)
        assert await public(clinic) == {"version": 0}

    run(deed)


@pytest.mark.parametrize("body", [
    b"{}", b'{"pages":{},"files":{},"basis":""}', told(basis=""), told(basis="x" * 301), told(title="a\nb"),
    told(title=""), told(""), told("x" * 8_001), told("\x00"), told("\u202e"), told(files={}),
    told(files={"../../etc/passwd.html": ""}), told(files={"a.js": ""}),
    told(files={"a.svg": ""}), told(files={f"a{n}.html": "" for n in range(25)}),
    told(files={"a.html": "not base64!"}), told(pages={"en": {"title": "Statement", "text": "x"}}),
    told(pages={"lt": {"title": "Pranešimas", "text": "x"}, "xx": {"title": "abc", "text": "x"}}), told(pages=[]),
])  # fmt: skip
def test_a_body_made_by_hand_is_refused(run: Run, body: bytes) -> None:
    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        entry = await prepared(clinic, case, body)
        with pytest.raises(Invalid):
            await published(clinic, case, entry)
        assert await public(clinic) == {"version": 0}

    run(deed)


def test_what_is_signed_is_what_was_kept_and_passes_for_nothing_else(run: Run, rig: Rig) -> None:
    made: dict[str, Any] = {}

    async def deed(clinic: CaseClinic) -> None:
        case = await clinic.opened()
        for text in ("Pirma redakcija.", "Antra redakcija."):
            made.update(await published(clinic, case, await prepared(clinic, case, told(text))))
        text, signature = signed_parts(made["note"])
        Ed25519PublicKey.from_public_bytes(made["key"]).verify(signature, text)
        assert text.decode().split("\n")[1] == "statement 2"
        assert f"{sha256(b'<p>x</p>').hexdigest()}  lt.html\n".encode() in text
        audit = clinic.asked.keeper.require_unlocked().audit
        with pytest.raises(Tampered):
            verify_checkpoint(made["note"], audit.key)
        with pytest.raises(Missing):
            await clinic.desk("vyr", "case.withdraw", statement=os.urandom(16), word="klaida")
        notes = [one.note for one in await lines(clinic.asked, Action.CASE)]
        assert notes.count("statement-published") == 2
        await clinic.desk("vyr", "case.withdraw", statement=made["statement"], word="klaida")
        assert (await public(clinic))["pages"]["lt"]["text"] == "Pirma redakcija."

    run(deed)

    async def again(asked: Asked) -> None:
        shown = await asked.op("public", "case.statement")
        assert shown["version"] == 1  # what was withdrawn stays withdrawn after a restart
        assert shown["pages"]["lt"]["text"] == "Pirma redakcija."

    rig.run(again)


def test_a_locked_vault_tells_nothing(run: Run) -> None:
    async def deed(clinic: CaseClinic) -> None:
        keeper = clinic.asked.keeper
        opened, keeper.open = keeper.open, None
        try:
            with pytest.raises(SeifasError):
                await public(clinic)
        finally:
            keeper.open = opened

    run(deed)
