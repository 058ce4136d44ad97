"""An installation without a hole: made by `seifas init`, furnished, backed up, rehearsed, witnessed, served with TLS.

What no test can arrange is told by hand: that the places lie on different disks, and what the kernel shows of swap,
listeners and the clock. Everything else is looked at as it is.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner
from keeper_rig import Asked
from msgspec.structs import replace

from seifas import settings as settings_module
from seifas.audit import witness
from seifas.audit.checkpoint import parse_verifier_key
from seifas.checking.machine import Machine
from seifas.checking.sight import Sight
from seifas.cli.verbs import VERBS, command_of
from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.stage import Stage, free_port
from seifas.errors import SeifasError
from seifas.keeper import backup_manifest, living
from seifas.keeper.backup_manifest import OBJECTS
from seifas.keeper.inspected import Inspected
from seifas.keeper.keeper import Keeper
from seifas.keeper.noticing_settings import digest
from seifas.keeper.witnessing import Word
from seifas.restoring import rehearsing
from seifas.settings import Alarms, Backups, Retention, Settings

PASSPHRASE = "akmuo-jura-vejas-smelis-upe"
HOST = "klinika.test"
STAFF = (("ona", "officer"), ("jonas", "officer"), ("rasa", "administrator"), ("petras", "doctor"))


class Clean:
    """`at/<disk>/...`: each directory stands for a disk of its own."""

    def __init__(self, at: Path) -> None:
        self.at = at
        for disk in ("data", "keys", "replica", "backups", "copies", "elsewhere", "machine"):
            (at / disk).mkdir(mode=0o755)
        self.data = at / "data" / "vault"
        self.secret = at / "machine" / "passphrase"
        self.secret.write_text(PASSPHRASE + "\n")
        self.secret.chmod(0o600)
        self.port = free_port()
        self.stage = Stage(self.data, port=self.port)
        self.told: Inspected | None = None
        self.signer: Callable[[str, bytes], bytes] | None = None

    # -- making it

    def found(self) -> list[str]:
        """The custodians' secrets."""
        done = CliRunner().invoke(command_of(next(verb for verb in VERBS if verb.name == "init")), [
            "--data", str(self.data), "--keys", str(self.at / "keys" / "seifas"), "--replica",
            str(self.at / "replica" / "seifas"), "--custodians", "2:ona,jonas,rasa", "--passphrase-file",
            str(self.secret), "--host", HOST, "--certificate", "clinic-ca", "--staff", f"127.0.0.1:{self.port + 1}",
            "--json",
        ])  # fmt: skip
        assert done.exit_code == 0, done.output
        told: dict[str, Any] = msgspec.json.decode(done.stdout)
        return list(told["custodians"].values())

    def set(self) -> None:
        own = self.at / "elsewhere" / "witness.key"
        key = witness.new_witness_key(own, "liudytojas")
        settings = settings_module.load(self.data)
        mail = self.at / "machine" / "mail.password"
        mail.write_text("pašto slaptažodis")
        mail.chmod(0o600)
        settings_module.write(self.data, replace(
            settings,
            listen=replace(settings.listen, public=f"127.0.0.1:{self.port}", unlock=f"127.0.0.1:{self.port + 2}",
                           redirect=""),
            alarms=Alarms(smtp_host="127.0.0.1", smtp_password_file=str(mail),
                          mail_to=("ona@klinika.test", "jonas@klinika.test")),
            retention=Retention(years=15),
            backups=Backups(data=str(self.at / "backups"), keys=str(self.at / "copies")),
            witness_key=str(key), witness_url=str(self.at / "elsewhere" / "checkpoint"),
        ))  # fmt: skip

    def furnish(self, custodians: list[str]) -> None:
        """People with passkeys, decoys, a backup, a rehearsal: by the keeper's own ops."""

        async def main() -> None:
            keeper = Keeper(self.data, settings_module.load(self.data))
            await living.with_passphrase(keeper, PASSPHRASE, Word(without=True))
            asked = Asked(keeper)
            try:
                for name, hat in STAFF:
                    await asked.account(name, hat)
                for name, _ in STAFF:
                    await _enrol(asked, name)
                await asked.op("admin", "decoy.admin_plant", label="canaries", count=10, kind="canary")
                await self._backup(asked)
                rehearsed = rehearsing.rehearse(
                    next((self.at / "copies").iterdir()), keeper.settings.clinic_id, secrets=custodians[:2]
                )
                await asked.admin("rehearsed", way="custodians", people=2, generation=rehearsed.generation, opened=True)
                self.signer = keeper.require_unlocked().audit.sign_note
            finally:
                for task in keeper.background:
                    task.cancel()
                await living.close(keeper)

        asyncio.run(main())

    async def _backup(self, asked: Asked) -> None:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"[:-3] + f"Z-{secrets.token_hex(2)}"
        objects = self.at / "backups" / OBJECTS
        to, keys_to = self.at / "backups" / f"seifas-{name}", self.at / "copies" / f"seifas-keys-{name}"
        for place in (objects, to, keys_to):
            place.mkdir(mode=0o700)
        await asked.admin("backup", to=str(to), objects=str(objects), keys_to=str(keys_to))
        while not (job := await asked.admin("backup_status"))["finished"]:
            await asyncio.sleep(0.02)
        assert not job["error"], job

    def witnessed(self) -> bytes:
        """The witness looks, cosigns, and writes what it cosigned where the vault reads it."""
        elsewhere = self.at / "elsewhere"
        state = elsewhere / "witness.json"
        verdict = witness.witness_once(
            str(self.data / "audit"), parse_verifier_key((self.data / "audit" / "key").read_text()), state,
            witness.load_witness_key(elsewhere / "witness.key"), start=not state.exists(),
        )
        (elsewhere / "checkpoint").write_text(verdict.checkpoint)
        return verdict.checkpoint.encode()

    def serve(self) -> None:
        note = self.witnessed()
        self.stage.start(wait=False)
        give_up = time.monotonic() + 120
        while True:
            try:
                with self.stage.admin() as admin:
                    admin.call("admin.unlock", passphrase=PASSPHRASE, witness=note)
                socket.create_connection(("127.0.0.1", self.port + 1), 1).close()
                break
            except (SeifasError, OSError):
                assert time.monotonic() < give_up, self.stage.log.read_text()[-2000:]
                time.sleep(0.1)
        copies = self.at / "copies" / "certificates"
        copies.mkdir(mode=0o700)
        (copies / "authority.key").write_bytes((self.data / "certificates" / "authority.key").read_bytes())
        with self.stage.admin() as admin:
            self.told = msgspec.convert(admin.call("admin.check"), Inspected)
        self._machine()

    def sign(self, manifest: bytes) -> bytes:
        """A note over a backup's manifest by the clinic's own key, as the keeper made it when it was furnished."""
        clinic = bytes.fromhex(settings_module.load(self.data).clinic.id)
        assert self.signer is not None
        return self.signer(backup_manifest.name_of(clinic), backup_manifest.note_body(manifest))

    # -- looking at it

    def disk(self, path: Path) -> frozenset[str]:
        return frozenset({path.resolve().relative_to(self.at.resolve()).parts[0]})

    def _machine(self) -> None:
        """What a well-kept machine shows, with this vault's own processes as they are."""
        proc, assert_told = self.at / "machine" / "proc", self.told
        assert assert_told is not None
        (proc / "net").mkdir(parents=True)
        (proc / "swaps").write_text("Filename Type Size Used Priority\n/dev/zram0 partition 1000 0 100\n")
        rows = [
            "  sl  local_address rem_address   st", f"   0: 0100007F:{self.port:04X} 00000000:0000 0A",
            "   1: 00000000:0016 00000000:0000 0A", "   2: 00000000:0BB8 0100007F:0016 01",
        ]
        (proc / "net" / "tcp").write_text("\n".join(rows) + "\n")
        above = re.search(r"PPid:\s+(\d+)", Path(f"/proc/{assert_told.pid}/status").read_text())
        assert above is not None
        for child in Path(f"/proc/{above[1]}/task/{above[1]}/children").read_text().split():
            place = proc / child
            place.mkdir()
            for name in ("status", "limits", "cgroup"):
                text = Path(f"/proc/{child}/{name}").read_text()
                # Where the tests run nobody may be permitted to lock memory.
                (place / name).write_text(re.sub(r"VmLck:\s+0 kB", "VmLck:\t 2048 kB", text))
        (self.at / "machine" / "sys").mkdir()

    def sight(self, **changes: Any) -> Sight:
        settings = settings_module.load(self.data)
        machine = Machine(
            proc=self.at / "machine" / "proc", sys=self.at / "machine" / "sys", disks=self.disk, clock=lambda: True
        )
        return replace(Sight(
            data=self.data, settings=settings, machine=machine, now_ms=time.time_ns() // 1_000_000, keeper=self.told,
            served=True, backups=self.at / "backups", key_copies=self.at / "copies", advisories=None,
        ), **changes)  # fmt: skip

    def with_settings(self, change: Callable[[Settings], Settings]) -> Sight:
        """As after a restart with these settings."""
        sight = self.sight()
        settings = change(sight.settings)
        assert sight.keeper is not None
        return replace(sight, settings=settings, keeper=replace(sight.keeper, settings=digest(settings)))

    def with_inside(self, **facts: Any) -> Sight:
        """As if the keeper had told these facts."""
        sight = self.sight()
        assert sight.keeper is not None
        assert sight.keeper.inside is not None
        return replace(sight, keeper=replace(sight.keeper, inside=replace(sight.keeper.inside, **facts)))


async def _enrol(asked: Asked, name: str) -> None:
    token = (await asked.admin("invite", name=name))["token"]
    session = (await asked.desk("session.invite", token=token, address="127.0.0.1"))["token"]
    passkey = SoftAuthenticator()
    begun = await asked.desk("passkey.add_begin", session=session)
    made = passkey.create(begun["options"], asked.keeper.settings.origins[0])
    await asked.desk("passkey.add_finish", session=session, handle=begun["handle"], credential=made, label="telefonas")


@contextmanager
def clean_clinic(at: Path) -> Iterator[Clean]:
    made = Clean(at)
    try:
        custodians = made.found()
        made.set()
        made.furnish(custodians)
        made.serve()
        yield made
    finally:
        made.stage.stop()


def only_root() -> bool:
    return os.geteuid() == 0
