"""A keeper without a supervisor and without sockets: founded in a directory, opened, and asked straight at its ops."""

from __future__ import annotations

import asyncio
import json
import os
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.keeper import living
from seifas.keeper import main as keeper_main
from seifas.keeper.door import OPS, Caller
from seifas.keeper.founding import found
from seifas.keeper.keeper import Keeper
from seifas.keeper.wire import parse_request, request
from seifas.settings import Alarms, Clinic, Identity, Settings, write

assert keeper_main.SERVED  # importing it puts every op on the table


class Rig:
    """One vault. `run` runs a coroutine function with an unlocked keeper; what is stored stays for the next run."""

    def __init__(self, data: Path, **settings: Any) -> None:
        self.data = data
        self.root = os.urandom(32)
        self.settings = Settings(**{"clinic": Clinic(id=os.urandom(16).hex()), "demo": True, **settings})
        data.mkdir(parents=True, exist_ok=True)
        write(data, self.settings)
        found(data, self.settings, self.root, ())

    def run(self, deed: Callable[[Asked], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            keeper = Keeper(self.data, self.settings)
            await living.with_root(keeper, self.root, "test")
            try:
                return await deed(Asked(keeper))
            finally:
                for task in keeper.background:
                    task.cancel()
                await living.close(keeper)

        return asyncio.run(main())

    def killed(self, deed: Callable[[Asked], Awaitable[Any]]) -> None:
        """The same in a process of its own that then ends as by kill -9: nothing is closed, nothing finished."""

        async def main() -> None:
            keeper = Keeper(self.data, self.settings)
            await living.with_root(keeper, self.root, "test")
            await deed(Asked(keeper))
            os._exit(0)

        pid = os.fork()
        if pid == 0:
            try:
                asyncio.run(main())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0, "what was done before the kill failed"


class Asked:
    """The keeper as the web sees it, without a socket: `op(role, name, ...)` goes through the door's own dispatch."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def op(self, role: str, name: str, /, **args: Any) -> Any:
        _, name, raw = parse_request(request(1, name, args)[4:])
        op = OPS.table[name]
        assert role in op.roles, f"{name} is not open to {role}"
        if not op.while_locked:
            self.keeper.require_unlocked()
        return await op.handler(self.keeper, Caller(role, os.getpid(), os.geteuid()), op.decoder.decode(raw))

    async def admin(self, name: str, /, **args: Any) -> Any:
        return await self.op("admin", f"admin.{name}", **args)

    async def desk(self, name: str, /, **args: Any) -> Any:
        return await self.op("desk", name, **args)

    async def account(self, name: str, *hats: str) -> bytes:
        made = await self.admin("account_add", name=name, display=name.title(), hats=hats)
        return bytes(made["id"])

    async def sign_in(self, name: str) -> str:
        token = (await self.admin("login_link", name=name))["token"]
        return str((await self.desk("session.link", token=token, address="127.0.0.1"))["token"])

    async def person(self, name: str, *hats: str) -> str:
        await self.account(name, *hats)
        return await self.sign_in(name)

    async def create(self, session: str, type_name: str, patient: bytes | None = None, /, **fields: Any) -> bytes:
        ident = os.urandom(16)
        owner = ident if type_name == "Patient" else patient
        assert owner is not None
        body: dict[str, Any] = {"resourceType": type_name, "id": ident.hex(), **fields}
        if type_name != "Patient":
            body["subject"] = {"reference": f"Patient/{owner.hex()}"}
        change = {"op": "create", "type": type_name, "id": ident, "patient": owner, "expect": 0,
                  "body": json.dumps(body).encode()}
        await self.desk("record.write", session=session, changes=[change])
        return ident

    async def change(
        self, session: str, op: str, type_name: str, ident: bytes, patient: bytes, expect: int, /, **fields: Any,
    ) -> None:
        body: dict[str, Any] = {"resourceType": type_name, "id": ident.hex(), **fields}
        if type_name != "Patient":
            body["subject"] = {"reference": f"Patient/{patient.hex()}"}
        change = {"op": op, "type": type_name, "id": ident, "patient": patient, "expect": expect,
                  "body": json.dumps(body).encode() if op != "delete" else b""}
        await self.desk("record.write", session=session, changes=[change])

    async def enrol(self, name: str) -> SoftAuthenticator:
        """Invites a person and has them set up a passkey."""
        token = (await self.admin("invite", name=name))["token"]
        session = (await self.desk("session.invite", token=token, address="127.0.0.1"))["token"]
        return await self.add_passkey(session)

    async def add_passkey(self, session: str) -> SoftAuthenticator:
        passkey = SoftAuthenticator()
        begun = await self.desk("passkey.add_begin", session=session)
        made = passkey.create(begun["options"], self.keeper.settings.origins[0])
        await self.desk("passkey.add_finish", session=session, handle=begun["handle"], credential=made, label="x")
        return passkey

    async def by_passkey(self, passkey: SoftAuthenticator) -> str:
        """Signs in with it; the session."""
        begun = await self.desk("session.passkey_begin", address="127.0.0.1")
        touched = passkey.get(begun["options"], self.keeper.settings.origins[0])
        signed = await self.desk("session.passkey_finish", handle=begun["handle"], credential=touched,
                                 address="127.0.0.1")
        return str(signed["token"])

    async def gesture(self, session: str, passkey: SoftAuthenticator, digest: bytes) -> None:
        begun = await self.desk("stepup.begin", session=session, digest=digest)
        touched = passkey.get(begun["options"], self.keeper.settings.origins[0])
        await self.desk("stepup.finish", session=session, handle=begun["handle"], credential=touched)

    async def approve(self, session: str, passkey: SoftAuthenticator, ident: bytes) -> str:
        """Says yes to a request, with the gesture that it takes; the state it is in then."""
        rows = await self.desk("approval.list", session=session)
        digest = next(row["digest"] for row in rows if row["id"] == ident)
        await self.gesture(session, passkey, digest)
        return str((await self.desk("approval.decide", session=session, id=ident, approve=True))["state"])

    def bodies(self, patient: bytes) -> dict[str, tuple[int, bool, Any]]:
        """Every resource of a patient as it stands: "Type/id" -> (version, deleted, resource without its stamps)."""
        vault = self.keeper.require_unlocked().vault
        head = vault.head(patient)
        found = {}
        for entry in vault.manifest(head).values():
            body = msgspec.json.decode(vault.record(head, entry).body)
            body.pop("meta", None)
            found[f"{entry.type}/{entry.id.hex()}"] = (entry.version, entry.deleted, body)
        return found

    def alarms(self, kind: str) -> int:
        return sum(alarm.kind == kind for alarm in self.keeper.alarms.all())


class Clocks:
    """Stands in for the `time` module inside keeper.py: the wall clock can be set, the boot clock only goes on."""

    CLOCK_BOOTTIME = time.CLOCK_BOOTTIME

    def __init__(self) -> None:
        self.wall = time.time_ns()
        self.boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def time_ns(self) -> int:
        return self.wall

    def clock_gettime_ns(self, _: int) -> int:
        return self.boot

    def run(self, ms: int) -> None:
        self.wall += ms * 1_000_000
        self.boot += ms * 1_000_000

    def set(self, ms: int) -> None:
        self.wall += ms * 1_000_000


__all__ = ["Alarms", "Asked", "Clocks", "Identity", "Rig"]
