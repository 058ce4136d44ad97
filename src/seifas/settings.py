"""The one settings file, DATA/settings.toml: typed, documented, and an unknown key refuses to start.

A secret never stands in it: a key that ends in `_file` names a file that holds the secret. docs/running/settings.md
says what each key does, and a test holds the page against these Structs.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper.budget.limits import Limits
from seifas.storage import object_places
from seifas.storage.database_places import DatabaseAt, Place
from seifas.storage.durable import sync_directory, sync_file

FILE = "settings.toml"
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"^({_LABEL}(\.{_LABEL})*)?$"


class Clinic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str  # 32 hex characters, made by `seifas init`; part of every ciphertext's AAD
    name: str = "Clinic"
    zone: str = "Europe/Vilnius"
    languages: tuple[str, ...] = ("lt", "en")


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    public: str = "127.0.0.1:8400"
    staff: str = "127.0.0.1:8401"
    unlock: str = "127.0.0.1:8402"  # the keeper's own unlock page; loopback only
    staff_url: str = ""  # how browsers reach the staff listener; empty: by host or address
    host: Annotated[str, msgspec.Meta(pattern=HOST, max_length=253)] = ""  # the clinic's name in the DNS
    redirect: str = ""  # plain HTTP, for what certificates need and the way to HTTPS; empty: none


class Paths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: str = "keys"  # the key store; relative to DATA, better another disk
    replica: str = ""  # second place for keys, heads and log; empty: none, and `serve` says what is at risk


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    engine: Literal["sqlite", "postgresql"] = "sqlite"  # where rows, state and keys lie
    database: str = ""  # postgresql: how the database is reached, as libpq reads it, without a password
    database_password_file: str = ""  # file with the password of that database's user
    keys_database: str = ""  # postgresql: the database of the key store; empty: in files under paths.keys
    keys_password_file: str = ""  # file with the password of that database's user
    objects: Literal["files", "s3"] = "files"  # pictures and documents: DATA/data/objects, or a bucket
    s3_endpoint: str = ""  # https://s3.example.lt:9000; http on this machine only
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_prefix: str = ""  # put before every name, where a bucket holds more than one clinic's
    s3_key_file: str = ""  # the access key's id and its secret, a line each; relative to DATA, better elsewhere
    s3_ca_file: str = ""  # PEM of the authority that signed the service's certificate; empty: those of this machine


class Backups(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    data: str = ""  # where `seifas backup` writes, and `seifas check` looks; relative to DATA, better another disk
    keys: str = ""  # where the copies of the key store go; yet another disk


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
    first_uid: int = 61400  # started as root, each program has this uid or one of the next (cli/separating.py)


class Processes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many of each are started; more than one desk or portal only behind the shield."""

    desks: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    portals: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    darkrooms: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1  # each with intake workers of its own


class Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    resource_bytes: int = 4 * 2**20
    bundle_bytes: int = 64 * 2**20


class Hsm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    module: str = ""  # the PKCS#11 library of the HSM or card; empty: none


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    years: Annotated[int, msgspec.Meta(ge=0, le=150)] = 0  # records are kept so long after the last visit; 0: unset
    key_backup_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 14  # superseded copies of the key store live so long


class Portal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool = True
    names: bool = False  # who opened a chart: with the person's name, else by role only
    url: str = ""  # how patients reach the public listener; empty: https://<rp_id>, on localhost http://localhost:<port>
    mail_from: str = ""  # sender of codes and notices; empty: the sender of alarms
    own_age: Annotated[int, msgspec.Meta(ge=0, le=18)] = 16  # from this age a minor is invited for themselves


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool = False  # patients are reminded the day before
    hour: Annotated[int, msgspec.Meta(ge=0, le=19)] = 10  # from this hour of the day before, in the clinic's zone
    mail_from: str = ""  # sender; empty: the sender of alarms
    sms_webhook: str = ""  # https address that takes {"to", "text"} and sends a text message
    sms_token_file: str = ""  # file with the bearer token of that address


class Decoys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mail_domain: str = ""  # decoys have addresses in it, which nobody else uses; empty: none
    phone_first: Annotated[str, msgspec.Meta(pattern="^([0-9]{7,15})?$")] = ""  # a range of numbers for decoys
    phone_last: Annotated[str, msgspec.Meta(pattern="^([0-9]{7,15})?$")] = ""
    maildir: str = ""  # where the mail of that domain is put, one file a letter; empty: nobody looks


class Watching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    proxy: Annotated[str, msgspec.Meta(pattern="^((socks5|socks4|http)://[^\\s]+)?$")] = ""  # Tor: socks5://127.0.0.1:9050
    own_network: bool = False  # addresses inside the clinic's own network may be watched, too


class Incidents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    notice_from: str = ""  # sender of notices to patients; empty: the sender of alarms
    notice_address: str = ""  # address of the page for codes, as letters print it; empty: the public site's
    sms_gateway: str = ""  # https address that takes {"to", "text"}; empty: the officer downloads what is to be sent
    sms_token_file: str = ""  # file with the bearer token of that address
    mail_from: str = ""  # sender of what a case sends to authorities; empty: the sender of alarms
    tsa_url: str = ""  # time stamp authority (RFC 3161 over HTTP); empty: nothing is stamped
    tsa_certificates: str = ""  # PEM file of that authority's certificates, believed when stamps are checked
    dpo_name: str = ""  # the data protection officer, as filings and notices name them
    dpo_email: str = ""
    dpo_phone: str = ""
    ksis_kind: Annotated[str, msgspec.Meta(pattern="^(unknown|no|important|essential)$")] = "unknown"
    ksis_since: Annotated[str, msgspec.Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""  # registered since


class Shield(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool = True  # HAProxy is the front of everything; false: the listeners are the applications' own
    haproxy: str = ""  # the program; empty: haproxy of PATH, else the one that came along
    certificate: Annotated[str, msgspec.Meta(pattern="^(acme|own|clinic-ca)?$")] = ""  # empty: no TLS, loopback only
    certificate_file: str = ""  # own: PEM, the certificate and those that lead to its authority
    certificate_key_file: str = ""  # own: PEM, its key
    mail: str = ""  # acme: whom the authority may write to
    acme_url: str = "https://acme-v02.api.letsencrypt.org/directory"
    trusted_proxies: tuple[str, ...] = ()  # networks whose PROXY lines are believed
    asn_file: str = ""  # networks and who announces them, for the evidence
    calm_after_seconds: Annotated[int, msgspec.Meta(ge=60, le=3600)] = 600  # quiet for so long: one mode less strict
    drop: bool = True  # the worst addresses are dropped by the kernel, where that is permitted
    provider: str = ""  # who is called when the line is full
    provider_phone: str = ""
    provider_number: str = ""  # the contract's or the line's
    line_megabits: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0  # what it carries; 0: as the card says


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clinic: Clinic
    listen: Listen = Listen()
    paths: Paths = Paths()
    backups: Backups = Backups()
    storage: Storage = Storage()
    identity: Identity = Identity()
    alarms: Alarms = Alarms()
    separation: Separation = Separation()
    processes: Processes = Processes()
    sizes: Sizes = Sizes()
    hsm: Hsm = Hsm()
    retention: Retention = Retention()
    portal: Portal = Portal()
    reminders: Reminders = Reminders()
    decoys: Decoys = Decoys()
    watching: Watching = Watching()
    incidents: Incidents = Incidents()
    shield: Shield = Shield()
    budget: Limits = Limits()
    witness_key: str = ""  # the witness's public key line; empty: no witness, and `serve` says what is at risk
    witness_url: str = ""
    demo: bool = False

    @property
    def clinic_id(self) -> bytes:
        return bytes.fromhex(self.clinic.id)

    def state_at(self, data: Path) -> Place:
        """Where the vault in `data` has the keeper's state. Raises Invalid where no database is named."""
        return self._database(data) if self.storage.engine == "postgresql" else data / "state" / "keeper.db"

    def rows_at(self, data: Path) -> Place:
        """Where it has its rows."""
        return self._database(data) if self.storage.engine == "postgresql" else data / "data" / "rows.db"

    def keys_at(self, data: Path) -> Place:
        """Where it has its key store: a directory, or a database of its own."""
        said = self.storage
        if said.engine == "postgresql" and said.keys_database:
            return DatabaseAt(said.keys_database, data / said.keys_password_file if said.keys_password_file else None)
        return data / self.paths.keys

    def _database(self, data: Path) -> DatabaseAt:
        said = self.storage
        if not said.database:
            raise Invalid("say how the database is reached", where="storage.database")
        return DatabaseAt(said.database, data / said.database_password_file if said.database_password_file else None)

    def objects_at(self, data: Path) -> object_places.Place:
        """Where the vault in `data` has its objects. Raises Invalid for a bucket that is not fully named."""
        said = self.storage
        if said.objects == "files":
            return object_places.FilesAt(data / "data" / "objects")
        if not said.s3_key_file:
            raise Invalid("say which file holds the access key of the object store", where="storage.s3_key_file")
        return object_places.checked(object_places.S3At(
            said.s3_endpoint, said.s3_bucket, said.s3_region, said.s3_prefix, data / said.s3_key_file,
            data / said.s3_ca_file if said.s3_ca_file else None,
        ))  # fmt: skip

    @property
    def tls(self) -> bool:
        """Whether the shield's listeners speak TLS."""
        return self.shield.on and bool(self.shield.certificate)

    @property
    def staff_url(self) -> str:
        if self.listen.staff_url:
            return self.listen.staff_url
        return self._https(self.listen.staff) if self.tls else f"http://{self.listen.staff}"

    @property
    def public_url(self) -> str:
        """How browsers reach the public listener, as this machine sees it."""
        return self._https(self.listen.public) if self.tls else f"http://{self.listen.public}"

    def _https(self, listener: str) -> str:
        host, _, port = listener.rpartition(":")
        return f"https://{self.listen.host or host}" + ("" if port == "443" else f":{port}")

    @property
    def token_urls(self) -> tuple[str, ...]:
        """The spellings of the token URL that a program's assertion may be made for."""
        places = dict.fromkeys((self.staff_url, f"http://{self.listen.staff}", *self.origins))
        return tuple(f"{place}/auth/token" for place in places)

    @property
    def portal_url(self) -> str:
        """Where patients' browsers see the portal, without a slash at the end."""
        if self.portal.url:
            return self.portal.url.rstrip("/")
        if self.tls and self.listen.host:
            return self._https(self.listen.public)
        if self.identity.rp_id == "localhost":
            return f"http://localhost:{self.listen.public.rpartition(':')[2]}"
        return f"https://{self.identity.rp_id}"

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
    """Writes the settings file with only what differs from the defaults, replacing it atomically and durably."""
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
    sync_file(new)
    os.replace(new, path)
    sync_directory(data)


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
