"""What the front is made from. Nothing here opens a file or a socket: the same description always gives one text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from seifas.shield.front.keys import Keys
from seifas.shield.snapshots import Shot

TIERS: Final = ("known", "machine", "proven", "strangers", "dear", "health")
"""Queues of one application, each with its own slots: nobody of a lower one can hold what a higher one needs. `dear`
are strangers' writes and expensive pages."""


HTTP2_STREAMS: Final = 24


class App(msgspec.Struct, frozen=True):
    """One application behind the front. `server` as HAProxy writes it: `unix@/path` or `127.0.0.1:8080`."""

    name: str  # [a-z]+
    server: str
    grants: tuple[str, ...] = ()  # lanes that its header Seifas-Lane may give; what it says beyond them is dropped
    expensive: tuple[str, ...] = ()  # path prefixes that get their own slots where a stranger asks
    cached: tuple[str, ...] = ()  # path prefixes whose answers HAProxy keeps where they say that anyone may
    logins: tuple[str, ...] = ()  # paths whose POST is counted by network
    slots: int = 48  # requests of known visitors at once; other tiers get shares of it
    patience_s: int = 75  # until the first byte of an answer
    shared: bool = False  # whether connections may be shared by visitors; never where answers are somebody's own
    forwarded: bool = False  # X-Forwarded-For and -Proto, for applications that are not ours
    tls: bool = False  # spoken to in TLS, checked against `authorities`
    authorities: str = "/etc/ssl/certs/ca-certificates.crt"  # by its path: not every HAProxy knows the system's own
    host: str = ""  # Host for the application; empty: the visitor's
    others: tuple[str, ...] = ()  # further processes of it, written as `server`; any of them serves anybody


class Listening(msgspec.Struct, frozen=True):
    """One listener. `binds` as HAProxy writes them: `fd@3`, `127.0.0.1:8443`, `:::443 v6only`."""

    name: str  # "public" | "staff"
    binds: tuple[str, ...]
    app: str  # where everything goes that no route names
    routes: tuple[tuple[str, str], ...] = ()  # (path, application): the path itself and what lies below it
    mode: int = 0
    exempt: tuple[str, ...] = ()  # paths never challenged: for machines that cannot solve. Rated by source


class Limits(msgspec.Struct, frozen=True):
    """Numbers to be set for a machine. Rates are requests of one cookie or token in 10 s."""

    connections: int = 20_000
    threads: int = 0  # 0: as many as there are cores
    sources: int = 1_000_000  # addresses counted one by one
    staff_rate: int = 1000
    patient_rate: int = 300
    machine_rate: int = 2000
    solved_rate: int = 80
    waited_rate: int = 40
    proven_worth: int = 600  # requests that one cookie of `solved` or `waited` is good for in its half hour
    # Requests of one cookie under way. One that was stolen must not hold all slots of an application; a browser asks
    # for as many at once as HTTP2_STREAMS allows it, and is not to be turned away for its own pictures.
    staff_at_once: int = 48
    machine_at_once: int = 16
    patient_at_once: int = 24
    proven_at_once: int = 24
    source_connections: int = 1500  # of one address
    source_rate: int = 300  # of one address without a cookie in 10 s, beyond which it is challenged; not in CALM
    shed_at: int = 200  # waiting strangers, beyond which they are challenged (GUARDED) or told to come again (CALM)
    handshakes: int = 400  # new TLS connections a second of networks that are not known
    source_handshakes: int = 600  # new TLS connections of one address in 10 s, where its network is not known
    shots: int = 1000  # held pages a second in SIEGE; beyond it strangers are challenged, which is a tenth of the bytes
    kept: int = 200  # the same for kept files, which may be large
    exempt: int = 100  # requests a second to paths that are never challenged, of networks that are not known
    waits: int = 30  # visitors without a script let in, a second
    waits_of_one: int = 12  # of one network in a minute
    logins: int = 30  # POSTs to sign in, of one network without a staff or patient cookie in a minute
    sample: int = 1000  # of so many strangers' heads one is logged whole
    repeat: int = 40  # challenges unanswered in a row, beyond which SIEGE answers an address with silence


class Front(msgspec.Struct, frozen=True):
    """Everything that the configuration is made from."""

    directory: Path  # DATA/run/shield: files named below lie here
    listeners: tuple[Listening, ...]
    apps: tuple[App, ...]
    keys: Keys
    redirects: tuple[str, ...] = ()  # binds of plain HTTP that lead to TLS
    certificates: Path | None = None  # a file or a directory of PEMs (key and chain)
    hosts: tuple[str, ...] = ()  # names this site answers to; empty: any
    acme: str = ""  # where /.well-known/acme-challenge/ is answered: 127.0.0.1:PORT
    plain: tuple[Shot, ...] = ()  # answered on the redirect listener, files relative to `directory`
    proxies: tuple[str, ...] = ()  # networks that speak the PROXY protocol to us, and are believed
    shots: tuple[Shot, ...] = ()  # public pages for SIEGE
    snapshot: Path = Path("snapshot")  # where the shots' files lie; relative to `directory`
    languages: tuple[str, ...] = ("lt", "en")
    clinic: str = ""  # name for the front's own pages
    target: int = 2**32 // 2**15  # of 2**32: a solution's hash lies below it
    limits: Limits = Limits()

    @property
    def lines_socket(self) -> Path:
        return self.directory / "lines.sock"

    @property
    def runtime_socket(self) -> Path:
        return self.directory / "haproxy.sock"

    @property
    def master_socket(self) -> Path:
        return self.directory / "master.sock"

    @property
    def relay_socket(self) -> Path:
        return self.directory / "relay.sock"

    @property
    def configuration(self) -> Path:
        return self.directory / "haproxy.cfg"
