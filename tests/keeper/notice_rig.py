"""A clinic with a breach: its patients have addresses, some were opened by a hostile session, officers write to them.

`jobs` runs the real deeds of seifas.jobs.noticing against the keeper in process, in a thread as the process does.
"""

from __future__ import annotations

import asyncio
import re
import socketserver
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from keeper_rig import Asked, Clocks, Rig
from leak_rig import DAY, LeakClinic

from seifas.errors import StepUp
from seifas.incidents.notices.composing import CaseWords
from seifas.jobs import noticing
from seifas.keeper import keeper as keeper_module
from seifas.settings import Alarms, Incidents, Settings

WORDS = CaseWords(
    "2026-11-20", {"lt": "Iš mūsų serverio nukopijuoti įrašai.", "en": "Records were copied from our server."},
    {"lt": "Pakeitėme raktus ir pranešėme policijai.", "en": "We changed the keys and told the police."},
    "J. Petraitė, +370 37 200 000, dap@pavyzdys.lt", "+370 37 200 000", "",
    ("Klinika „Pavyzdys“", "Laisvės al. 1, Kaunas"), "p. d. 200, 44001 Kaunas",
)


class MailServer(socketserver.ThreadingTCPServer):
    """Takes letters. `refuses`: addresses it says 550 to; `greylists`: 450; `dies`: cut off after the letter itself."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Talk)
        self.taken: list[tuple[str, str]] = []
        self.refuses: set[str] = set()
        self.greylists: set[str] = set()
        self.dies: set[str] = set()
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def to(self, address: str) -> list[str]:
        return [text for one, text in self.taken if one == address]


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer
    answers: ClassVar[dict[bytes, bytes]] = {
        b"EHLO": b"250 x", b"HELO": b"250 x", b"MAIL": b"250 ok", b"RSET": b"250 ok",
    }  # fmt: skip

    def handle(self) -> None:
        self.wfile.write(b"220 x\r\n")
        address = ""
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                address = line.decode().partition("<")[2].partition(">")[0]
                known = ((self.server.refuses, b"550 nobody"), (self.server.greylists, b"450 later"))
                self.wfile.write(next((word for names, word in known if address in names), b"250 ok") + b"\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                text = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    text += part
                self.server.taken.append((address, text.decode("utf-8", "replace")))
                if address in self.server.dies:
                    return
                self.wfile.write(b"250 ok\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 x\r\n")
                return
            else:
                self.wfile.write(self.answers.get(verb, b"500 what") + b"\r\n")


class NoticeClinic(LeakClinic):
    """`patients` of whom number n lives in street n; every third has a mail address, two of three a telephone."""

    case_id = b""

    async def open(self, patients: int = 9) -> NoticeClinic:
        await super().open(0)
        doctor = await self.session("gydytoja")
        for n in range(patients):
            self.patients.append(await self.asked.create(doctor, "Patient", **card(n)))
        self.clocks.run(2 * DAY)
        return self

    async def officer(self, op: str, /, **args: Any) -> Any:
        return await self.asked.desk(f"case.{op}", session=await self.session("vyr"), **args)

    async def breach(self, taken: int, *, exercise: bool = False) -> bytes:
        """A case whose snapshot grades the first `taken` patients as taken; the snapshot."""
        token = await self.session("gydytoja")
        for patient in self.patients[:taken]:
            await self.asked.desk("record.read", session=token, type="Patient", id=patient, reason="visit")
        keeper = self.asked.keeper
        hostile = keeper.sessions.by_token(token, keeper.now().wall_ms).id
        self.case_id = (await self.officer("open", title="Įsilaužimas", kind="hand", exercise=exercise))["case"]
        return await self.snapshot(hostile)

    async def snapshot(self, *sessions: bytes) -> bytes:
        now = self.asked.keeper.now().wall_ms
        made = await self.officer(
            "affected", case=self.case_id, since_ms=now - 3 * DAY, until_ms=now + 1, sessions=sessions
        )
        return bytes(made["snapshot"])

    async def wave(
        self, snapshot: bytes, grades: tuple[str, ...] = ("taken",), channels: tuple[str, ...] = ("letter",),
        **more: Any,
    ) -> bytes:
        """A wave that two people approved."""
        made = await self.officer(
            "wave_make", case=self.case_id, snapshot=snapshot, grades=grades, channels=channels,
            body=msgspec.json.encode(WORDS), **more,
        )
        second = await self.session("pav")
        assert await self.asked.approve(second, self.keys["pav"], made["approval"]) == "approved"
        return bytes(made["wave"])

    async def jobs(self, deed: Callable[..., None] = noticing.make_all, settings: Settings | None = None) -> None:
        await asyncio.to_thread(deed, call_of(self.asked), settings or self.asked.keeper.settings)

    async def told(self) -> dict[str, Any]:
        """The one wave as the desk sees it."""
        return dict((await self.officer("waves", case=self.case_id))["waves"][-1])

    async def batch(self, wave: bytes, number: int = 1) -> bytes:
        of = {"case": self.case_id, "wave": wave, "number": number}
        try:
            return bytes((await self.officer("wave_batch", **of))["body"])
        except StepUp as error:
            await self.asked.gesture(await self.session("vyr"), self.keys["vyr"], bytes.fromhex(error.where))
        return bytes((await self.officer("wave_batch", **of))["body"])

    async def code(self, typed: str) -> dict[str, Any]:
        return dict(await self.asked.op("public", "case.code", code=typed))

    def clinic_settings(self, **incidents: str) -> None:
        keeper = self.asked.keeper
        keeper.settings = msgspec.structs.replace(keeper.settings, incidents=Incidents(**incidents))


Run = Callable[[Callable[[NoticeClinic], Awaitable[None]]], None]


def still(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """The keeper's clocks, to be moved by hand; a mail server that is down is asked again at once."""
    made = Clocks()
    monkeypatch.setattr(keeper_module, "time", made)
    monkeypatch.setattr(noticing, "_DOWN_S", 0.0)
    return made


def mailing(vault: Path, mails: MailServer) -> Rig:
    """A vault that is no demo and sends its letters through `mails`."""
    alarms = Alarms(smtp_host="127.0.0.1", smtp_port=mails.port, smtp_from="info@pacientams.lt")
    return Rig(vault, demo=False, alarms=alarms)


def running(rig: Rig, clocks: Clocks) -> Run:
    def run(deed: Callable[[NoticeClinic], Awaitable[None]]) -> None:
        async def main(asked: Asked) -> None:
            await deed(await NoticeClinic(asked, clocks).open())

        rig.run(main)

    return run


def card(n: int) -> dict[str, Any]:
    """Patient n: everything about them holds their number, so that it is known wherever it turns up."""
    telecom = []
    if n % 3 == 0:
        telecom.append({"system": "email", "value": f"p{n}@pastas{n}.lt"})
    if n % 3 != 2:
        telecom.append({"system": "phone", "value": f"+3706{n:07}"})
    return {
        "name": [{"family": f"Vardenytė{n:05}", "given": [f"Rūta{n:05}"]}], "gender": "female",
        "birthDate": f"19{50 + n % 40}-03-0{n % 9 + 1}", "telecom": telecom,
        "address": [{"line": [f"Gatvės{n:05} g. {n + 1}"], "city": "Kaunas", "postalCode": f"LT-{44000 + n}"}],
        "communication": [{"language": {"coding": [{"code": "en" if n % 2 else "lt"}]}}],
    }


def call_of(asked: Asked) -> Callable[..., Any]:
    """The keeper as a blocking client of the jobs role, for a thread."""
    loop = asyncio.get_running_loop()

    def call(name: str, /, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(asked.op("jobs", name, **args), loop).result(60)

    return call


CODE = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}\b")
"""A code as it is printed."""

__all__ = [
    "CODE", "WORDS", "Clocks", "MailServer", "NoticeClinic", "Run", "call_of", "card", "mailing", "running", "still",
]  # fmt: skip
