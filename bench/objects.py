"""Objects of 5 MiB through crypto.stream and storage.objects, beside the libraries under them, bare; and flat memory.

Ours: sealed in pieces, padded, bound to patient and place, stored create-only under a random name, made to last, opened
in pieces again. Bare: `cobblestone` over pieces of 64 KiB (as fast as over the whole, and without a fresh 5 MiB each
time), `obstore.put` of those and the same fsync of file and folder, `obstore.get`, pieces of 64 KiB to open.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import obstore
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from obstore.store import LocalStore

from bench.figures import Bar, Figure, alone, beside
from bench.served import ROOT
from bench.setting import Setting
from seifas.crypto import stream
from seifas.crypto.aad import NOBODY, Purpose
from seifas.storage.objects import local_objects

MIB = 2**20
SIZE = 5 * MIB
_LARGE = 200 * MIB
_PLACE = {"purpose": Purpose.OBJECT, "clinic": NOBODY, "patient": NOBODY, "record": NOBODY, "version": 1}


def run(setting: Setting) -> list[Figure]:
    setting.say("objects of 5 MiB, in turns")
    directory = setting.work / "objects"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    try:
        figures = _speeds(directory, setting.rounds * (5 if setting.quick else 20))
        setting.say("an object of 200 MiB")
        peak, size = _peak(directory)
    finally:
        shutil.rmtree(directory)
    return [
        *figures,
        alone(f"memory over the idle process for an object of {size / MIB:.0f} MiB, sealed, stored and opened", "MiB",
              [peak / MIB], Bar(at_most=64, unit="MiB"), "flat: a quarter of the object would be 50"),
    ]  # fmt: skip


def _speeds(directory: Path, times: int) -> list[Figure]:
    key, data = os.urandom(32), os.urandom(SIZE)
    objects = local_objects(directory / "ours")
    (directory / "bare").mkdir()
    bare = LocalStore(directory / "bare")
    took: dict[str, list[float]] = {}

    def timed(name: str, deed: Callable[[], object]) -> None:
        began = time.perf_counter()
        deed()
        took.setdefault(name, []).append(SIZE / MIB / (time.perf_counter() - began))

    def put_ours(ident: bytes) -> None:
        objects.put(ident, stream.seal_stream(key, (data,), epoch=1, **_PLACE))  # type: ignore[arg-type]

    def get_ours(ident: bytes) -> None:
        opened = stream.open_stream(key, objects.get(ident), **_PLACE)  # type: ignore[arg-type]
        assert sum(map(len, opened)) == SIZE

    def put_bare(name: str) -> None:
        obstore.put(bare, name, iter(list(_through(Cobblestone256Encryptor(key, b"context"), data))), mode="create",
                    use_multipart=False)
        for path in (directory / "bare" / name, directory / "bare"):
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)

    def get_bare(name: str) -> None:
        sealed = memoryview(obstore.get(bare, name).bytes())
        assert sum(map(len, _through(Cobblestone256Decryptor(key, b"context"), sealed))) == SIZE

    for number in range(times):
        ident = os.urandom(16)
        deeds: list[tuple[str, Callable[[], object]]] = [
            ("put", partial(put_ours, ident)), ("put bare", partial(put_bare, ident.hex())),
            ("get", partial(get_ours, ident)), ("get bare", partial(get_bare, ident.hex())),
        ]  # fmt: skip
        # Who comes second finds the processor awake: that is each of them every other time.
        for first in (0, 2):
            for name, deed in deeds[first : first + 2][:: -1 if number % 2 else 1]:
                timed(name, deed)
        objects.delete(ident)
        obstore.delete(bare, ident.hex())
    return [
        beside(f"5 MiB object {words}", "MiB/s", took[name], "cobblestone + obstore", took[f"{name} bare"],
               Bar(at_least=0.8))
        for name, words in (("put", "sealed and stored"), ("get", "read and opened"))
    ]  # fmt: skip


def _through(under: Cobblestone256Encryptor | Cobblestone256Decryptor, whole: bytes | memoryview) -> Iterator[bytes]:
    view = memoryview(whole)
    for at in range(0, len(view), stream.BLOCK):
        yield under.update(view[at : at + stream.BLOCK])
    yield under.finalize()


def _peak(directory: Path) -> tuple[int, int]:
    """Bytes that a process of its own takes at most over what it had before, and the object's size."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.objects", str(directory / "large")], capture_output=True, check=True, cwd=ROOT,
        text=True,
    )  # fmt: skip
    return int(done.stdout), _LARGE


def _large(directory: Path) -> None:
    key, ident, piece = os.urandom(32), os.urandom(16), os.urandom(MIB)

    def pieces() -> Iterator[bytes]:
        for _ in range(_LARGE // MIB):
            yield piece

    objects = local_objects(directory)
    warm = os.urandom(16)
    objects.put(warm, stream.seal_stream(key, (piece,), epoch=1, **_PLACE))  # type: ignore[arg-type]
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before = _peak_so_far()
    objects.put(ident, stream.seal_stream(key, pieces(), epoch=1, **_PLACE))  # type: ignore[arg-type]
    opened = sum(map(len, stream.open_stream(key, objects.get(ident), **_PLACE)))  # type: ignore[arg-type]
    assert opened == _LARGE
    print(_peak_so_far() - before)


def _peak_so_far() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    _large(Path(sys.argv[1]))
