"""Incident cases in a clinic of two officers: opened, written into, sent from."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.keeper.case_entries import sign_digest
from seifas.keeper.case_sending import send_digest


def body(**fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


class CaseClinic(LeakClinic):
    """LeakClinic whose officers keep incident cases."""

    async def opened(self, by: str = "vyr", **fields: Any) -> bytes:
        args = {"title": "Pavogti įrašai", "kind": "hand", **fields}
        return bytes((await self.desk(by, "case.open", **args))["case"])

    async def desk(self, by: str, op: str, /, **args: Any) -> Any:
        return await self.asked.desk(op, session=await self.session(by), **args)

    async def wrote(self, case: bytes, kind: str = "note", by: str = "vyr", **args: Any) -> dict[str, Any]:
        args.setdefault("body", body(text="žodis"))
        return dict(await self.desk(by, "case.append", case=case, kind=kind, **args))

    async def signed(self, case: bytes, kind: str = "decision", by: str = "vyr", **args: Any) -> dict[str, Any]:
        args.setdefault("body", body(what="pranešame"))
        key: SoftAuthenticator = self.keys[by]
        digest = sign_digest(case, kind, args["body"], args.get("about", b""), args.get("at_ms", 0))
        await self.asked.gesture(await self.session(by), key, digest)
        return dict(await self.desk(by, "case.sign", case=case, kind=kind, **args))

    async def sends(self, case: bytes, kind: str, payload: bytes, by: str = "vyr") -> bytes:
        """Has something sent, with the gesture that it takes."""
        if kind != "stamp":
            await self.asked.gesture(await self.session(by), self.keys[by], send_digest(case, kind, payload))
        return bytes((await self.desk(by, "case.send", case=case, kind=kind, payload=payload))["sending"])

    async def entries(self, case: bytes, by: str = "vyr", **args: Any) -> list[dict[str, Any]]:
        return list(await self.desk(by, "case.entries", case=case, **args))

    async def alarm(self) -> bytes:
        """The id of an alarm that rings."""
        return next(iter(self.asked.keeper.alarms.all())).id


def large(size: int = 200_000) -> bytes:
    """A body that does not stand in its row."""
    return body(what=os.urandom(size // 2).hex())


Run = Callable[[Callable[[CaseClinic], Awaitable[None]]], None]


def running(rig: Rig, clocks: Clocks, patients: int = 3) -> Run:
    """Runs a deed in an open clinic of so many patients."""

    def run(deed: Callable[[CaseClinic], Awaitable[None]]) -> None:
        async def main(asked: Asked) -> None:
            clinic = CaseClinic(asked, clocks)
            await clinic.open(patients)
            await deed(clinic)

        rig.run(main)

    return run
