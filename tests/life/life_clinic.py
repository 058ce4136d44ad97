"""A small real vault for the tests of its life: founded with cheap slots, its keeper a process that can be killed."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import soft_token  # its tokens are known to what FORGE starts
from life_forge import Forge, gone

from seifas import settings as settings_module
from seifas.audit.tiles import TileReader
from seifas.crypto import keys, slots
from seifas.errors import SeifasError
from seifas.keeper import unlocking
from seifas.keeper.client import BlockingClient
from seifas.keeper.founding import found
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Line
from seifas.keeper.model import CLINIC
from seifas.settings import Clinic as ClinicSettings
from seifas.settings import Paths, Retention, Settings, Storage

HERE = Path(__file__).parent
assert soft_token.PLACE
FORGE = Forge()
atexit.register(FORGE.close)
PATIENCE_S = 60.0
PASSPHRASES = {"boss": "akmuo-jura-vejas-smelis", "officer": "lapas-upe-kalnas-medis"}


def wait_gone(pid: int, patience: float = PATIENCE_S) -> None:
    give_up = time.monotonic() + patience
    while not gone(pid):
        assert time.monotonic() < give_up, "a process does not end"
        time.sleep(0.005)


def command(args: Sequence[str], beside: Path, *, fine: bool) -> dict[str, Any]:
    """The command line as its own process; its JSON and its exit status."""
    name = beside.with_name(f"{beside.name}-{os.urandom(4).hex()}")
    out, err = name.with_suffix(".out"), name.with_suffix(".err")
    wait_gone(FORGE.start("seifas", list(args), out=out, err=err), 2 * PATIENCE_S)
    status = int(Path(f"{out}.status").read_text())
    lines = out.read_text().strip().splitlines()
    told: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    assert not fine or status == 0, (status, told, err.read_text()[-1500:])
    return {**told, "exit": status}


class Clinic:
    """`data` with two passphrases (officer, boss) and custodians (2 of officer, boss, third)."""

    def __init__(self, data: Path, secrets: Sequence[str]) -> None:
        self.data = data
        self.secrets = list(secrets)
        self.process = 0

    @property
    def settings(self) -> Settings:
        return settings_module.load(self.data)

    def set(self, **changes: Any) -> None:
        settings_module.write(self.data, settings_module.replaced(self.settings, **changes))

    # -- the keeper's process

    def start(self, *, unlock: bool = True, pin: str = "") -> None:
        log = self.data.with_suffix(".log")
        self.process = FORGE.start("keeper", [str(self.data)], out=self.data.with_suffix(".out"), err=log)
        try:
            with self.admin() as admin:
                if unlock:
                    admin.call("admin.unlock", passphrase=PASSPHRASES["boss"], pin=pin)
                else:
                    admin.call("health")
        except SeifasError as error:
            self._end(signal.SIGKILL)
            raise AssertionError(f"the keeper did not start: {self.log()}") from error

    def _end(self, number: int) -> None:
        if self.process:
            os.kill(self.process, number)
            wait_gone(self.process)
            self.process = 0

    def admin(self, **more: Any) -> BlockingClient:
        return BlockingClient(self.data / "run" / "admin.sock", patience=PATIENCE_S, **more)

    def call(self, op: str, **args: Any) -> Any:
        with self.admin() as admin:
            return admin.call(op, **args)

    def kill_keeper(self) -> None:
        """kill -9; the supervisor starts another one, which gets the root."""
        with self.admin() as admin:
            os.kill(admin.call("health")["pid"], signal.SIGKILL)

    def wait_open(self, patience: float = PATIENCE_S) -> None:
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            try:
                if not self.call("health")["locked"]:
                    return
            except SeifasError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"it did not come back: {self.log()}")

    def log(self) -> str:
        return self.data.with_suffix(".log").read_text()[-3000:]

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill_all(self) -> None:
        """The machine's plug: supervisor and, with it, the keeper."""
        pid = self.call("health")["pid"]
        self._end(signal.SIGKILL)
        wait_gone(pid)

    # -- its people and patients

    def add(self, patients: int) -> list[bytes]:
        with self.admin() as admin:
            return [add_patient(admin) for _ in range(patients)]

    def seifas(self, *args: str, fine: bool = True, data: bool = True) -> dict[str, Any]:
        """The command line, as its own process, with --json."""
        where = ["--data", str(self.data)] if data else []
        return command([*args, *where, "--json"], self.data, fine=fine)

    # -- looking inside

    def patients(self) -> dict[bytes, list[bytes]]:
        """Every patient with all their records, opened. Raises what does not open."""
        with opened(self.data, PASSPHRASES["boss"]) as keeper:
            return bodies(keeper)

    def lines(self) -> list[Line]:
        """The log, oldest first."""
        with opened(self.data, PASSPHRASES["boss"]) as keeper:
            audit = keeper.require_unlocked().audit
            entries = TileReader(audit.directory, audit.size).entries()
            return [audit.read(leaf, index)[0] for index, leaf in enumerate(entries)]


@contextmanager
def opened(data: Path, passphrase: str, pin: str = "") -> Iterator[Keeper]:
    """The vault opened in this process; no keeper may run."""
    settings = settings_module.load(data)
    keeper = Keeper(data, settings)
    root = unlocking.root_by_passphrase(settings.keys_at(data), passphrase)
    keeper.open = unlocking.unlock(keeper, root, pin=pin)
    try:
        yield keeper
    finally:
        unlocking.lock(keeper)


def bodies(keeper: Keeper) -> dict[bytes, list[bytes]]:
    vault = keeper.require_unlocked().vault
    return {
        patient: [vault.record(head, entry).body for entry in vault.manifest(head).values() if not entry.deleted]
        for patient, head in vault.heads.items()
        if patient != CLINIC
    }


def found_clinic(
    data: Path, *, replica: str = "", demo: bool = False, retention: Retention | None = None,
    storage: Storage | None = None,
) -> Clinic:
    """A new vault, not yet running. Its accounts are made at the first `furnish`."""
    data.mkdir(mode=0o755, parents=True)
    settings = Settings(
        clinic=ClinicSettings(id=os.urandom(16).hex(), name="Bandymas"), paths=Paths(replica=replica), demo=demo,
        retention=retention or Retention(), storage=storage or Storage(),
    )
    root = keys.new_root()
    secrets, custodians = slots.new_custodian_slots(root, 2, ("officer", "boss", "third"))
    ways = tuple(
        slots.new_passphrase_slot(root, secret, name, slots.DEMO) for name, secret in PASSPHRASES.items()
    )
    found(data, settings, root, (*ways, custodians))
    settings_module.write(data, settings)
    for name, secret in PASSPHRASES.items():
        passphrase_file(data, name).write_text(secret + "\n")
    return Clinic(data, secrets)


def passphrase_file(data: Path, name: str = "boss") -> Path:
    return data.with_name(f"{data.name}.{name}")


def furnish(clinic: Clinic, patients: int) -> list[bytes]:
    """People and patients, through the running keeper."""
    with clinic.admin() as admin:
        for name, hats in (("officer", ["officer"]), ("boss", ["administrator"]), ("medic", ["doctor"])):
            admin.call("admin.account_add", name=name, display=name.title(), hats=hats)
    return clinic.add(patients)


def copied(clinic: Clinic, data: Path) -> Clinic:
    """Another clinic just like it, from its files."""
    shutil.copytree(clinic.data, data, ignore=shutil.ignore_patterns("*.sock"))
    for name in PASSPHRASES:
        shutil.copy(passphrase_file(clinic.data, name), passphrase_file(data, name))
    return Clinic(data, clinic.secrets)


def add_patient(admin: BlockingClient, surname: str = "") -> bytes:
    """One patient with a visit and an observation, in one commit; their id."""
    patient = os.urandom(16)
    name = surname or f"Pavardenis{patient.hex()[:6]}"
    resources: list[tuple[str, bytes, dict[str, Any]]] = [
        ("Patient", patient, {"name": [{"family": name, "given": ["Vardas"]}], "birthDate": "1980-02-03"}),
        ("Encounter", os.urandom(16), {
            "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": f"Patient/{patient.hex()}"},
            "period": {"start": "2015-03-04T10:00:00+02:00", "end": "2015-03-04T10:30:00+02:00"},
        }),
        ("Observation", os.urandom(16), {
            "status": "final", "code": {"text": "pulse"}, "subject": {"reference": f"Patient/{patient.hex()}"},
            "valueString": "x" * 5000,
        }),
    ]
    admin.call("admin.import", changes=[
        {
            "op": "create", "type": kind, "id": ident, "patient": patient, "expect": 0,
            "body": json.dumps({"resourceType": kind, "id": ident.hex(), **body}).encode(),
        }
        for kind, ident, body in resources
    ])
    return patient
