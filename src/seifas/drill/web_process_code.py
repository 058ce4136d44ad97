"""The attacker's code inside a web process: what somebody runs who has taken the desk over. Never imported by the desk.

Started by web_process.py as a program of its own: it gives up root for the desk's user, reads its orders from standard
input, speaks the keeper's wire itself, tries files, processes and sockets, and prints what it got. It knows the source.

    python -m seifas.drill.web_process_code < orders.json > findings.json
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas import hardening
from seifas.drill.thieves_haul import Haul
from seifas.drill.thieves_wire import forged_tokens
from seifas.errors import SeifasError
from seifas.keeper import main as keeper_main
from seifas.keeper import wire
from seifas.keeper.client import BlockingClient
from seifas.keeper.door import OPS

assert keeper_main.SERVED  # importing it is what puts every op on the table

OPEN_TO_ANYBODY: Final = frozenset({"health", "metrics", "session.passkey_begin", "clinic.public"})
"""Ops of the desk's socket that need no session: the state of the vault, its counters, the start of a ceremony, and
what the clinic's site says to everybody."""

_libc = ctypes.CDLL(None, use_errno=True)
_PTRACE_SEIZE = 0x4206  # attaches without stopping; ends with this process
_NR_PIDFD_OPEN, _NR_PIDFD_GETFD, _NR_PROCESS_VM_READV = 434, 438, 310
_AT_ONCE: Final = 48


class Orders(msgspec.Struct, frozen=True):
    """`uid` -1: stay who you are. `token` belongs to a live user, `ended` to one who signed out; `seen` are requests
    that went through the web process before: [op, arguments]. `victims` are patients (hex)."""

    data: str
    uid: int
    deeds: tuple[str, ...]
    processes: dict[str, int]
    token: str = ""
    ended: str = ""
    seen: tuple[tuple[str, dict[str, str]], ...] = ()
    victims: tuple[str, ...] = ()
    seconds: float = 3.0


class Findings(msgspec.Struct):
    """What worked. Every list is empty where all held; `refused` counts by deed what did not work."""

    user: int = -1
    answered: list[str] = msgspec.field(default_factory=list)
    sessions: list[str] = msgspec.field(default_factory=list)
    sockets: list[str] = msgspec.field(default_factory=list)
    files: list[str] = msgspec.field(default_factory=list)
    processes: list[str] = msgspec.field(default_factory=list)
    replayed: list[str] = msgspec.field(default_factory=list)
    rights: list[str] = msgspec.field(default_factory=list)
    silent: list[str] = msgspec.field(default_factory=list)
    charts: list[str] = msgspec.field(default_factory=list)
    cards: list[str] = msgspec.field(default_factory=list)
    refused: dict[str, int] = msgspec.field(default_factory=dict)


class Attack:
    """All deeds of one run."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.found = Findings(user=os.geteuid())
        self.data = Path(orders.data)
        self.desk = self.data / "run" / "desk.sock"

    def client(self) -> BlockingClient:
        return BlockingClient(self.desk, patience=2.0, timeout=20.0)

    def call(self, client: BlockingClient, op: str, args: dict[str, Any]) -> Any:
        """The value, or the error as an object: nothing is raised."""
        try:
            return client.call(op, **args)
        except SeifasError as error:
            self.refuse(error.code)
            return error

    def refuse(self, code: str) -> None:
        self.found.refused[code] = self.found.refused.get(code, 0) + 1

    # -- asking what is not ours to ask

    def ops(self) -> None:
        """Every op of every role on the desk's socket, with nothing, with garbage, with what it expects."""
        with self.client() as client:
            for name, op in sorted(OPS.table.items()):
                for args in _arguments(op.decoder.type):
                    value = self.call(client, name, args)
                    if not isinstance(value, SeifasError) and name not in OPEN_TO_ANYBODY:
                        self.found.answered.append(name)

    def forged(self) -> None:
        """Every op that takes a session, with sessions that the keeper never gave, or took back."""
        with self.client() as client:
            for token in [*forged_tokens(), self.orders.ended]:
                for name, op in sorted(OPS.table.items()):
                    if "desk" not in op.roles or "session" not in op.decoder.type.__struct_fields__:
                        continue
                    value = self.call(client, name, {**_plausible(op.decoder.type), "session": token})
                    if not isinstance(value, SeifasError):
                        self.found.sessions.append(name)

    def replay(self) -> None:
        """Requests that the web process has seen before: links, passkey answers, gestures, assertions."""
        with self.client() as client:
            for name, args in self.orders.seen:
                if not isinstance(self.call(client, name, dict(args)), SeifasError):
                    self.found.replayed.append(name)

    def other_hats(self) -> None:
        """The captured session of someone who treats, on ops of other hats: officer, administrator, auditor."""
        foreign = ("audit.", "approval.decide", "approval.list", "budget.", "change.", "account.list", "alarm.",
                   "session.all", "session.thaw", "client.", "settings.", "admin.")
        with self.client() as client:
            for name, op in sorted(OPS.table.items()):
                if name.startswith(foreign) and "session" in op.decoder.type.__struct_fields__:
                    value = self.call(client, name, {**_plausible(op.decoder.type), "session": self.orders.token})
                    if not isinstance(value, SeifasError):
                        self.found.rights.append(name)

    def captured(self) -> None:
        """One live user's session: every victim at once over many connections, over and over."""
        haul, guard = Haul(), threading.Lock()
        victims = list(self.orders.victims)

        def take() -> None:
            with self.client() as client:
                while True:
                    with guard:
                        if not victims:
                            return
                        patient = bytes.fromhex(victims.pop())
                    for op, args in (
                        ("record.list", {"patient": patient}), ("record.read", {"type": "Patient", "id": patient}),
                    ):
                        value = self.call(client, op, {"session": self.orders.token, "reason": "visit", **args})
                        with guard:
                            if not isinstance(value, SeifasError):
                                haul.rows(value if isinstance(value, list) else [value], op)

        _together([take] * _AT_ONCE)
        self.found.charts, self.found.cards = sorted(haul.charts), sorted(haul.cards)

    # -- hurting the keeper

    def frames(self) -> None:
        """Frames that are none. After each the keeper must still answer somebody else."""
        for name, raw in _bad_frames():
            with contextlib.suppress(OSError):
                connection = _connected(self.desk)
                connection.settimeout(1.0)
                connection.sendall(raw)
                with contextlib.suppress(TimeoutError):
                    connection.recv(1 << 16)
                connection.close()
            with self.client() as client:
                if isinstance(self.call(client, "health", {}), SeifasError):
                    self.found.silent.append(name)

    def halves(self) -> None:
        """Connections that begin a large frame and never end it."""
        held = []
        blob = bytes(1 << 20)
        for _ in range(24):
            with contextlib.suppress(OSError):
                connection = _connected(self.desk)
                connection.settimeout(2.0)
                held.append(connection)
                connection.sendall(wire.LENGTH.pack(wire.MAX_FRAME))
                for _ in range(64):
                    connection.sendall(blob)
        time.sleep(self.orders.seconds)

    def deaf(self) -> None:
        """Connections that ask and ask, and never read an answer."""
        asked = wire.request(1, "metrics", {}) * 500

        def ask() -> None:
            with contextlib.suppress(OSError):
                connection = _connected(self.desk)
                while True:
                    connection.sendall(asked)

        _for(self.orders.seconds, [ask] * 4)

    def flood(self) -> None:
        """Many connections with thousands of cheap ops each, read as fast as they come."""
        asked = wire.request(1, "health", {}) * 2000

        def ask() -> None:
            with contextlib.suppress(OSError):
                connection = _connected(self.desk)
                threading.Thread(target=_drain, args=(connection,), daemon=True).start()
                while True:
                    connection.sendall(asked)

        _for(self.orders.seconds, [ask] * 40)

    def crowd(self) -> None:
        """As many silent connections as the desk's user may have."""
        held = []
        with contextlib.suppress(OSError):
            for _ in range(900):
                held.append(_connected(self.desk))
                held[-1].setblocking(False)
                held[-1].send(b"\x00")
        time.sleep(self.orders.seconds)

    # -- around the keeper

    def knock(self) -> None:
        """The sockets of other roles."""
        for role in ("admin", "jobs", "public", "portal", "darkroom", "intake", "leaks", "reading"):
            try:
                with BlockingClient(self.data / "run" / f"{role}.sock", patience=0.2, timeout=2.0) as client:
                    client.call("health")
            except SeifasError:
                self.refuse("socket")
            else:
                self.found.sockets.append(role)

    def take_files(self) -> None:
        """Everything in the vault's directory and beside it: read, written, replaced."""
        passphrase = self.data.with_name(self.data.name + ".passphrase")  # a demo's
        for name in ("keys", "state", "data", "data/objects", "data/uploads", "data/samples", "audit", "kit"):
            with contextlib.suppress(OSError):
                self.found.files += [f"listed {name}"] * bool(os.listdir(self.data / name))
        known = [self.data / "keys" / "slots.json", self.data / "state" / "keeper.db", self.data / "data" / "rows.db",
                 self.data / "audit" / "checkpoint", self.data / "audit" / "key", passphrase]
        for path in known:
            with contextlib.suppress(OSError):
                path.open("rb").close()
                self.found.files.append(f"read {path.name}")
        for path in [*known, self.data / "settings.toml"]:
            with contextlib.suppress(OSError):
                path.open("ab").close()
                self.found.files.append(f"wrote {path.name}")
        for place in (self.data, self.data / "run", self.data / "keys"):
            with contextlib.suppress(OSError):
                (place / "planted").touch(exist_ok=False)
                (place / "planted").unlink()
                self.found.files.append(f"planted into {place.name}")
        with contextlib.suppress(OSError):
            os.rename(self.data / "run" / "desk.sock", self.data / "run" / "moved.sock")
            os.rename(self.data / "run" / "moved.sock", self.data / "run" / "desk.sock")
            self.found.files.append("moved a socket")

    def take_processes(self) -> None:
        """The memory, files and life of the other processes, and root."""
        for name, pid in self.orders.processes.items():
            for what in ("mem", "environ", "maps", "auxv"):
                with contextlib.suppress(OSError), Path(f"/proc/{pid}/{what}").open("rb") as file:
                    if what != "mem":
                        file.read(1)
                    self.found.processes.append(f"{what} of {name}")
            for what in ("fd", "root", "cwd", "exe"):
                with contextlib.suppress(OSError):
                    path = f"/proc/{pid}/{what}"
                    _ = os.listdir(path) if what == "fd" else os.readlink(path)
                    self.found.processes.append(f"{what} of {name}")
            if _libc.ptrace(_PTRACE_SEIZE, pid, 0, 0) == 0:
                self.found.processes.append(f"ptrace of {name}")
            if _libc.syscall(_NR_PROCESS_VM_READV, pid, 0, 0, 0, 0, 0) > 0:
                self.found.processes.append(f"memory of {name}")
            handle = _libc.syscall(_NR_PIDFD_OPEN, pid, 0)
            if handle >= 0 and _libc.syscall(_NR_PIDFD_GETFD, handle, 3, 0) >= 0:
                self.found.processes.append(f"descriptor of {name}")
            with contextlib.suppress(OSError):
                os.kill(pid, 0)
                self.found.processes.append(f"signal to {name}")
        for name, uid in (("root", 0), ("keeper", (self.data / "state").stat().st_uid)):
            with contextlib.suppress(OSError):
                if uid != os.geteuid():
                    os.setuid(uid)
                    self.found.processes.append(f"became {name}")


def _arguments(kind: type[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    fits = _plausible(kind)
    yield {}
    yield dict.fromkeys(fits)
    yield {name: [[[]]] for name in fits}
    yield {name: "\udcff".encode("utf-8", "replace") for name in fits}
    yield dict.fromkeys(fits, -2 ** 63)
    yield {**fits, "more": 1}
    yield fits


def _plausible(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Arguments of the right types."""
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        text = str(field.type)
        if "tuple[" in text:
            made[field.name] = []
        elif "bytes" in text:
            made[field.name] = os.urandom(16)
        elif "bool" in text:
            made[field.name] = False
        elif "int" in text or "float" in text:
            made[field.name] = 1
        else:
            made[field.name] = "x"
    return made


def _bad_frames() -> Iterator[tuple[str, bytes]]:
    def framed(body: bytes) -> bytes:
        return wire.LENGTH.pack(len(body)) + body

    pack = msgspec.msgpack.encode
    yield "nothing", b""
    yield "half a length", b"\x00\x00"
    yield "empty", framed(b"")
    yield "largest length", b"\xff\xff\xff\xff" + bytes(1000)
    yield "one over", wire.LENGTH.pack(wire.MAX_FRAME + 1) + bytes(1000)
    yield "noise", os.urandom(100_000)
    yield "framed noise", framed(os.urandom(5000))
    yield "no array", framed(pack({"op": "health"}))
    yield "short array", framed(pack([1, "health"]))
    yield "long array", framed(pack([1, "health", {}, 1]))
    yield "ident too large", framed(b"\x93\xcf" + b"\xff" * 8 + pack("health") + b"\x80")
    yield "no text", framed(pack([1, b"\xff\xfe", {}]))
    yield "long op", framed(pack([1, "x" * 1_000_000, {}]))
    yield "args no map", framed(pack([1, "health", [1, 2]]))
    yield "deep", framed(b"\x93\x01" + pack("session.who") + b"\x91" * 500_000)
    yield "deep map", framed(b"\x93\x01" + pack("session.who") + b"\x81\xa1a" * 200_000 + b"\xc0")
    yield "large array promised", framed(b"\x93\x01" + pack("worklist.make") + b"\xdd\xff\xff\xff\xff")
    yield "large text promised", framed(b"\x93\x01" + pack("session.who") + b"\x81\xa7session\xdb\xff\xff\xff\xff")
    yield "extension", framed(b"\x93\x01" + pack("session.who") + b"\xc7\x08\x7f" + bytes(8))
    yield "twice the same key", framed(b"\x93\x01" + pack("session.who") + b"\x82" + (pack("session") + pack("x")) * 2)
    yield "large argument", framed(pack([1, "session.who", {"session": "x" * 30_000_000}]))
    yield "many small", framed(pack([1, "health", {}])) * 20_000


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))
    return connection


def _drain(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while connection.recv(1 << 20):
            pass


def _for(seconds: float, deeds: list[Callable[[], None]]) -> None:
    """Starts them, and leaves them to end with this process."""
    for deed in deeds:
        threading.Thread(target=deed, daemon=True).start()
    time.sleep(seconds)


def _together(deeds: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed, daemon=True) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def main() -> None:
    """Reads orders, becomes the desk's user, carries them out, prints the findings."""
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if orders.uid >= 0:
        hardening.become(orders.uid)
    attack = Attack(orders)
    for deed in orders.deeds:
        getattr(attack, deed)()
    sys.stdout.buffer.write(msgspec.json.encode(attack.found))


if __name__ == "__main__":
    main()
