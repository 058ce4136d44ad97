"""Ways to plant a hole into the clean installation: each takes it out again."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clean_clinic import HOST, Clean
from msgspec.structs import replace

from seifas.audit import witness
from seifas.audit.checkpoint import parse_verifier_key
from seifas.checking.dependencies import installed
from seifas.checking.sight import Sight
from seifas.drill.stage import free_port
from seifas.keeper.backup_manifest import OBJECTS
from seifas.settings import Clinic, Settings, Storage
from seifas.shield.certificates import authority

Plant = Callable[[Clean], AbstractContextManager[Sight]]
DAY_MS = 86_400_000


def settings(change: Callable[[Settings], Settings]) -> Plant:
    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        yield clean.with_settings(change)

    return plant


def inside(**facts: object) -> Plant:
    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        yield clean.with_inside(**facts)

    return plant


def ago(days: int) -> int:
    return int(datetime.now(UTC).timestamp() * 1000) - days * DAY_MS


def kernel(file: str, text: str) -> Plant:
    """As if the kernel showed this."""

    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        path = clean.at / "machine" / file
        before = path.read_text() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        yield clean.sight()
        if before is None:
            path.unlink()
        else:
            path.write_text(before)

    return plant


def mode(place: Callable[[Clean], Path], bits: int) -> Plant:
    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        path = place(clean)
        before = path.stat().st_mode & 0o7777
        path.chmod(bits)
        yield clean.sight()
        path.chmod(before)

    return plant


def onto(disk: str, place: str) -> Plant:
    """`place` of the clinic lies on this disk."""

    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        def disks(path: Path) -> frozenset[str]:
            found = clean.disk(path)
            return frozenset({disk}) if found == {place} else found

        sight = clean.sight()
        yield replace(sight, machine=replace(sight.machine, disks=disks))

    return plant


def changed(path: Callable[[Clean], Path], change: Callable[[bytes], bytes]) -> Plant:
    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        file = path(clean)
        before = file.read_bytes()
        file.write_bytes(change(before))
        yield clean.sight()
        file.write_bytes(before)

    return plant


def newest(clean: Clean) -> Path:
    return next(one for one in (clean.at / "backups").iterdir() if one.name != OBJECTS)


def entries(clean: Clean) -> Path:
    """A file with lines of the log."""
    return next(one for one in (clean.data / "audit" / "tile" / "entries").rglob("*") if one.is_file())


def flipped(raw: bytes) -> bytes:
    return raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:]


@contextmanager
def hidden(path: Path) -> Iterator[None]:
    aside = path.with_name(f".{path.name}.aside")
    path.rename(aside)
    yield
    aside.rename(path)


@contextmanager
def no_backup(clean: Clean) -> Iterator[Sight]:
    with hidden(newest(clean)):
        yield clean.sight()


@contextmanager
def no_key_copy(clean: Clean) -> Iterator[Sight]:
    with hidden(next((clean.at / "copies").glob("seifas-keys-*"))):
        yield clean.sight()


@contextmanager
def later(clean: Clean) -> Iterator[Sight]:
    """Three days later, with a witness that looked meanwhile."""
    yield replace(_with_witness(clean, 3), now_ms=ago(-3))


def _with_witness(clean: Clean, days: int) -> Sight:
    """With what a witness would have written so many days from now."""
    place = clean.at / "elsewhere" / f"checkpoint-{days}"
    state = clean.at / "elsewhere" / f"witness-{days}.json"
    verdict = witness.witness_once(
        str(clean.data / "audit"), parse_verifier_key((clean.data / "audit" / "key").read_text()), state,
        witness.load_witness_key(clean.at / "elsewhere" / "witness.key"), now_s=ago(-days) // 1000,
        start=True,
    )
    place.write_text(verdict.checkpoint)
    return clean.with_settings(lambda now: replace(now, witness_url=str(place)))


@contextmanager
def witness_asleep(clean: Clean) -> Iterator[Sight]:
    yield _with_witness(clean, -2)


@contextmanager
def superseded(clean: Clean) -> Iterator[Sight]:
    """A copy of the key store from before a rotation, older than it may be."""
    real = next((clean.at / "copies").glob("seifas-keys-*"))
    old = real.with_name("seifas-keys-20200101T000000.000Z-0000")
    shutil.copytree(real, old)
    sight = clean.sight()
    with signed_again(clean, old, created_ms=ago(30)), signed_again(clean, real, generation=2):
        yield sight
    shutil.rmtree(old)


@contextmanager
def signed_again(clean: Clean, place: Path, **fields: object) -> Iterator[None]:
    """The manifest of a backup with other fields, signed by the clinic's own key."""
    manifest, note = place / "manifest.json", place / "manifest.note"
    before = manifest.read_bytes(), note.read_bytes()
    raw = json.dumps({**json.loads(before[0]), **fields}).encode()
    manifest.write_bytes(raw)
    note.write_bytes(clean.sign(raw))
    yield
    manifest.write_bytes(before[0])
    note.write_bytes(before[1])


@contextmanager
def no_authority(clean: Clean) -> Iterator[Sight]:
    with hidden(clean.at / "copies" / "certificates"):
        yield clean.sight()


@contextmanager
def former_program(clean: Clean) -> Iterator[Sight]:
    sight = clean.sight()
    assert sight.keeper is not None
    yield replace(sight, keeper=replace(sight.keeper, version="0.0.9"))


@contextmanager
def unsaid_settings(clean: Clean) -> Iterator[Sight]:
    sight = clean.sight()
    yield replace(sight, settings=replace(sight.settings, clinic=Clinic(id=sight.settings.clinic.id, name="Kita")))


@contextmanager
def cut_off_upgrade(clean: Clean) -> Iterator[Sight]:
    (clean.data / "upgrading").write_bytes(b"copying\n")
    yield clean.sight()
    (clean.data / "upgrading").unlink()


@contextmanager
def clock_free(clean: Clean) -> Iterator[Sight]:
    sight = clean.sight()
    yield replace(sight, machine=replace(sight.machine, clock=lambda: False))


@contextmanager
def unread_log(clean: Clean) -> Iterator[Sight]:
    yield replace(clean.with_inside(log_verified_ms=ago(40)), quick=True)


def process(name: str, file: str, pattern: str, text: str) -> Plant:
    """One of the vault's processes is as these lines say."""

    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        place = next(
            one for one in (clean.at / "machine" / "proc").glob("[0-9]*")
            if f"seifas-{name}\n" in (one / "status").read_text()
        )
        before = (place / file).read_text()
        lines = [text if line.startswith(pattern) else line for line in before.splitlines()]
        assert text in lines
        (place / file).write_text("\n".join(lines) + "\n")
        yield clean.sight()
        (place / file).write_text(before)

    return plant


@contextmanager
def open_swap(clean: Clean) -> Iterator[Sight]:
    with kernel("proc/swaps", "Filename Type\n/dev/sda2 partition 1 0 -2\n")(clean) as sight:
        yield sight


@contextmanager
def program_open(clean: Clean) -> Iterator[Sight]:
    place = clean.at / "machine" / "program"
    place.mkdir()
    (place / "keeper.py").write_text("")
    (place / "keeper.py").chmod(0o666)
    sight = clean.sight()
    yield replace(sight, machine=replace(sight.machine, program=place))
    shutil.rmtree(place)


@contextmanager
def advisory(clean: Clean) -> Iterator[Sight]:
    file = clean.at / "machine" / "advisories.json"
    file.write_text(json.dumps({"vulns": [_advisory("0", "99")]}))
    yield clean.sight(advisories=file)
    file.unlink()


@contextmanager
def old_advisories(clean: Clean) -> Iterator[Sight]:
    file = clean.at / "machine" / "advisories.json"
    file.write_text(json.dumps([{**_advisory("98", "99"), "modified": "2020-01-01T00:00:00Z"}]))
    yield clean.sight(advisories=file)
    file.unlink()


def _advisory(introduced: str, fixed: str) -> dict[str, object]:
    assert "msgspec" in installed()
    span = {"type": "ECOSYSTEM", "events": [{"introduced": introduced}, {"fixed": fixed}]}
    return {
        "id": "TEST-1", "modified": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "affected": [{"package": {"ecosystem": "PyPI", "name": "MsgSpec"}, "ranges": [span]}],
    }


# -- listeners of somebody else's making in the place of ours

_GOOD = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer", "Strict-Transport-Security": "max-age=31536000",
}


def front(
    *, lacking: str = "", extra: str = "", names: tuple[str, ...] = (HOST,), days: int = 0, old: bool = False
) -> Plant:
    """The public listener is a front of somebody's own, which speaks like ours but for one thing."""

    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        now = datetime.now(UTC) - timedelta(days=days)
        pem = clean.at / "machine" / "front.pem"
        ours = authority.new_authority("kita", names, now)
        pem.write_bytes(authority.issued(*ours, names, now))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        heads = "".join(f"{name}: {value}\r\n" for name, value in _GOOD.items() if name != lacking) + extra
        port = free_port()
        with _listening(port, context, heads, old=old):
            sight = clean.sight()
            listen = replace(sight.settings.listen, public=f"127.0.0.1:{port}")
            yield replace(sight, settings=replace(sight.settings, listen=listen))

    return plant


@contextmanager
def _listening(port: int, context: ssl.SSLContext, heads: str, *, old: bool) -> Iterator[None]:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n{heads}\r\n".encode()
    server = socket.create_server(("127.0.0.1", port))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                plain, _ = server.accept()
            except OSError:
                return
            with plain:
                try:
                    hello = plain.recv(16, socket.MSG_PEEK)
                    if old and hello[9:11] in (b"\x03\x01", b"\x03\x02"):
                        plain.sendall(b"\x16\x03\x01\x00\x2a\x02" + bytes(41))  # a ServerHello begins so
                        continue
                    with context.wrap_socket(plain, server_side=True) as one:
                        one.recv(4096)
                        one.sendall(answer)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def listen(**where: str) -> Plant:
    return settings(lambda now: replace(now, listen=replace(now.listen, **where)))


def alarms(**changes: object) -> Plant:
    return settings(lambda now: replace(now, alarms=replace(now.alarms, **changes)))


def secret(name: str) -> Plant:
    """A file with a secret that everybody reads, named by some other key than those that this clinic has."""

    @contextmanager
    def plant(clean: Clean) -> Iterator[Sight]:
        file = clean.at / "machine" / "key"
        file.write_text("raktas")
        file.chmod(0o644)
        yield clean.with_settings(lambda now: replace(now, storage=replace(Storage(), **{name: str(file)})))
        file.unlink()

    return plant


@contextmanager
def as_keeper(clean: Clean) -> Iterator[Sight]:
    keeper = next(
        one for one in (clean.at / "machine" / "proc").glob("[0-9]*")
        if "seifas-keeper\n" in (one / "status").read_text()
    )
    line = next(one for one in (keeper / "status").read_text().splitlines() if one.startswith("Uid:"))
    with process("desk", "status", "Uid:", line)(clean) as sight:
        yield sight


@contextmanager
def hibernating(clean: Clean) -> Iterator[Sight]:
    with kernel("sys/power/state", "freeze mem disk\n")(clean), kernel("sys/power/resume", "8:2\n")(clean) as sight:
        yield sight
