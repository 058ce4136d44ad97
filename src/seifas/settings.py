"""The one settings file, DATA/settings.toml: typed, documented, and an unknown key refuses to start.

A secret never stands in it: a key that ends in `_file` names a file that holds the secret. docs/running/settings.md
says what each key does, and a test holds the page against these Structs.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper.budget.limits import Limits

FILE = "settings.toml"


class Clinic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str  # 32 hex characters, made by `seifas init`; part of every ciphertext's AAD
    name: str = "Clinic"
    zone: str = "Europe/Vilnius"
    languages: tuple[str, ...] = ("lt", "en")


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    public: str = "127.0.0.1:8400"
    staff: str = "127.0.0.1:8401"
    unlock: str = "127.0.0.1:8402"  # the keeper's own unlock page; loopback only
    staff_url: str = ""  # how browsers reach the staff listener; empty: http://<staff>


class Paths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: str = "keys"  # the key store; relative to DATA, better another disk
    replica: str = ""  # second place for keys, heads and log; empty: none, and `serve` says what is at risk


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rp_id: str = "localhost"
    origins: tuple[str, ...] = ()  # empty: staff_url where it is https, else http://localhost:<staff port>


class Alarms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    log: bool = True
    webhook: tuple[str, ...] = ()
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_from: str = "seifas@localhost"
    smtp_user: str = ""
    smtp_password_file: str = ""
    mail_to: tuple[str, ...] = ()  # first person first; the next is told when nobody acknowledges
    escalate_after_seconds: int = 300


class Separation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first_uid: int = 61400  # keeper, desk, public, jobs take this uid and the next ones, when started as root


class Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    resource_bytes: int = 4 * 2**20
    bundle_bytes: int = 64 * 2**20


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    years: Annotated[int, msgspec.Meta(ge=0, le=150)] = 0  # records are kept so long after the last visit; 0: unset
    key_backup_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 14  # superseded copies of the key store live so long


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clinic: Clinic
    listen: Listen = Listen()
    paths: Paths = Paths()
    identity: Identity = Identity()
    alarms: Alarms = Alarms()
    separation: Separation = Separation()
    sizes: Sizes = Sizes()
    retention: Retention = Retention()
    budget: Limits = Limits()
    witness_key: str = ""  # the witness's public key line; empty: no witness, and `serve` says what is at risk
    witness_url: str = ""
    demo: bool = False

    @property
    def clinic_id(self) -> bytes:
        return bytes.fromhex(self.clinic.id)

    @property
    def staff_url(self) -> str:
        return self.listen.staff_url or f"http://{self.listen.staff}"

    @property
    def token_urls(self) -> tuple[str, ...]:
        """The spellings of the token URL that a program's assertion may be made for."""
        places = dict.fromkeys((self.staff_url, f"http://{self.listen.staff}", *self.origins))
        return tuple(f"{place}/auth/token" for place in places)

    @property
    def origins(self) -> tuple[str, ...]:
        port = self.listen.staff.rpartition(":")[2]
        if self.identity.origins:
            return self.identity.origins
        return (self.staff_url,) if self.staff_url.startswith("https:") else (f"http://localhost:{port}",)


def load(data: Path) -> Settings:
    """Reads DATA/settings.toml. Raises Missing where there is none, Invalid with the key that is wrong."""
    path = data / FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise Missing(f"{data} holds no vault: run `seifas init --data {data}` or `seifas demo` first") from error
    try:
        settings = msgspec.convert(tomllib.loads(text.decode()), Settings, strict=True)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{FILE} is not TOML: {error}", where=str(path)) from error
    except msgspec.ValidationError as error:
        raise Invalid(f"{FILE}: {error}; docs/running/settings.md lists every key", where=str(path)) from error
    if len(settings.clinic.id) != 32 or not _is_hex(settings.clinic.id):
        raise Invalid("clinic.id is 32 hex characters, as `seifas init` wrote it", where=str(path))
    return settings


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


def write(data: Path, settings: Settings) -> None:
    """Writes the settings file with only what differs from the defaults, replacing it atomically."""
    lines = ["# Seifas settings. Every key: docs/running/settings.md. An unknown key refuses to start.", ""]
    tables: list[str] = []
    default = Settings(clinic=Clinic(id=settings.clinic.id))
    for field in settings.__struct_fields__:
        value, usual = getattr(settings, field), getattr(default, field)
        if isinstance(value, msgspec.Struct):
            keys = [
                f"{name} = {_toml(getattr(value, name))}"
                for name in value.__struct_fields__
                if getattr(value, name) != getattr(usual, name) or (field, name) == ("clinic", "id")
            ]
            if keys:
                tables += [f"[{field}]", *keys, ""]
        elif value != usual:
            lines.append(f"{field} = {_toml(value)}")
    path = data / FILE
    new = path.with_suffix(".new")
    new.write_text("\n".join([*lines, "", *tables]))
    os.chmod(new, 0o644)
    os.replace(new, path)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(str(value)).decode()


def replaced(settings: Settings, **changes: object) -> Settings:
    """The settings with some fields changed (`listen=`, `paths=` ...)."""
    return msgspec.structs.replace(settings, **changes)
