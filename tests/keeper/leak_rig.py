"""A clinic in which two officers decide about leak cases: begun, asked for, approved, searched."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from keeper_rig import Asked, Clocks, Rig

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.errors import Refused, SignIn, StepUp

DAY = 86_400_000
GROUND = "GDPR 6(1)(f), decided by the data protection officer on 22 November"


class LeakClinic:
    """Two officers, a doctor, an administrator, an auditor, a receptionist; all with passkeys, two days old."""

    def __init__(self, asked: Asked, clocks: Clocks) -> None:
        self.asked = asked
        self.clocks = clocks
        self.keys: dict[str, SoftAuthenticator] = {}
        self.accounts: dict[str, bytes] = {}
        self.patients: list[bytes] = []
        self.sessions: dict[str, str] = {}

    async def open(self, patients: int = 3) -> LeakClinic:
        people = {"vyr": "officer", "pav": "officer", "gydytoja": "doctor", "adminas": "administrator",
                  "tikrintoja": "auditor", "registratore": "reception", "slaugytoja": "nurse"}
        for name, hat in people.items():
            self.accounts[name] = await self.asked.account(name, hat)
        for name in people:
            self.keys[name] = await self.asked.enrol(name)
        doctor = await self.session("gydytoja")
        for number in range(patients):
            self.patients.append(await self.asked.create(
                doctor, "Patient", name=[{"family": f"Šalnaitė{number}", "given": ["Rūta"]}], gender="female",
                birthDate=f"198{number % 10}-03-0{number % 9 + 1}", address=[{"city": "Kaunas"}],
                telecom=[{"system": "phone", "value": "+37061234567"}],
            ))  # fmt: skip
        self.clocks.run(2 * DAY)
        return self

    async def session(self, name: str) -> str:
        """This person's session, signed in anew where the last one does not work any more."""
        keeper = self.asked.keeper
        try:
            keeper.sessions.by_token(self.sessions.get(name, ""), keeper.now().wall_ms)
        except (SignIn, StepUp, Refused):
            self.sessions[name] = await self.asked.by_passkey(self.keys[name])
        return self.sessions[name]

    async def case(self, by: str = "vyr") -> bytes:
        session = await self.session(by)
        made = await self.asked.desk("leak.begin", session=session, title="35 eilutės forume", ground=GROUND)
        return bytes(made["case"])

    async def approved(self, by: str = "vyr", decider: str = "pav") -> bytes:
        """A case that two people approved."""
        case = await self.case(by)
        await self.ask_and_approve(case, by, decider)
        return case

    async def ask_and_approve(self, case: bytes, by: str = "vyr", decider: str = "pav") -> None:
        asked = await self.asked.desk("leak.ask", session=await self.session(by), case=case)
        state = await self.asked.approve(await self.session(decider), self.keys[decider], asked["approval"])
        assert state == "approved"

    async def leaks(self, op: str, **args: Any) -> Any:
        return await self.asked.op("leaks", f"leak.{op}", **args)

    async def search(self, case: bytes, by: str = "vyr") -> bytes:
        return bytes((await self.leaks("start", case=case, session=await self.session(by)))["search"])

    async def found(self, search: bytes, *patients: bytes) -> bytes:
        """A result that names these patients as the candidates of one row."""
        return bytes((await self.leaks("found", search=search, kind="match", body=matched(*patients)))["result"])


def matched(*patients: bytes) -> bytes:
    """A body as the leaks process writes it: one row, its candidates."""
    candidates = [[one, 0.5, ["surname"]] for one in patients]
    row = ["sample.csv", 1, [0, 12], "Ruta Salnaite", candidates, 0.1]
    return msgspec.msgpack.encode({"type": "match", "rows": [row], "unread": [], "left_out": 0, "seconds": 0.1})


def nobody() -> bytes:
    return os.urandom(16)


Run = Callable[[Callable[[LeakClinic], Awaitable[None]]], None]


def running(rig: Rig, clocks: Clocks, patients: int = 3) -> Run:
    """Runs a deed in an open clinic of so many patients."""

    def run(deed: Callable[[LeakClinic], Awaitable[None]]) -> None:
        async def main(asked: Asked) -> None:
            await deed(await LeakClinic(asked, clocks).open(patients))

        rig.run(main)

    return run
