"""Evidence of a site without a vault: this machine writes it and cannot read it back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from seifas.errors import Conflict, Invalid, Missing, SeifasError, Tampered
from seifas.shield import sealed_files
from seifas.shield.model import Change, State
from seifas.shield.sealed_files import SealedFiles

EVENT = bytes(range(16))
CHANGE = Change("public", 1, 0, 2, "sources", {"sources": 1.0})
STATE = State(1, "2.8", {}, 0, True, 0, 0, 0.0, {})


def filled(directory: Path, **bounds: int) -> tuple[str, SealedFiles]:
    secret = sealed_files.found(directory)
    files = SealedFiles(directory, **bounds)

    async def write() -> None:
        await files.changed(EVENT, CHANGE)
        for number in range(12):
            await files.minute(EVENT, b"minute 127.0.0.1 %d" % number)
        await files.minute(b"", b"a quiet one")
        await files.book(EVENT, 5, (b"old 127.0.0.1",))
        assert len(list((directory / "evidence" / EVENT.hex()).glob("book-*"))) == (1 if not bounds else 0)
        await files.book(EVENT, 6, (b"one 127.0.0.1", b"two 127.0.0.1"))

    asyncio.run(write())
    return secret, files


def test_a_larger_book_of_a_loop_that_crashed_is_kept_beside_the_next(tmp_path: Path) -> None:
    secret, files = filled(tmp_path)
    asyncio.run(files.book(EVENT, 7, (b"after",)))
    asyncio.run(files.book(EVENT, 8, (b"after it",)))
    parts = sealed_files.opened(tmp_path, EVENT.hex(), secret).parts
    assert parts == (b"one 127.0.0.1", b"two 127.0.0.1", b"after it")


def test_what_was_written_opens_with_the_secret_only(tmp_path: Path) -> None:
    secret, _ = filled(tmp_path)
    (name,) = sealed_files.floods(tmp_path)
    flood = sealed_files.opened(tmp_path, name, f" {secret.upper()}\n")
    assert flood.changes == (CHANGE,)
    assert flood.minutes == tuple(b"minute 127.0.0.1 %d" % number for number in range(12))
    assert flood.parts == (b"one 127.0.0.1", b"two 127.0.0.1")
    with pytest.raises(Invalid, match="another directory"):
        sealed_files.opened(tmp_path, name, sealed_files.found(tmp_path / "other"))
    for wrong in ("", "x", secret[:-1], secret[:-2] + ("a" if secret[-2] != "a" else "b") + secret[-1], "ą" * 60):
        with pytest.raises(Invalid, match="secret"):
            sealed_files.opened(tmp_path, name, wrong)


def test_no_address_lies_on_the_disk(tmp_path: Path) -> None:
    filled(tmp_path)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert any(b'"sources"' in one.read_bytes() for one in files), "the searcher sees what is not sealed"
    assert len(files) > 12
    assert not [one for one in files if b"127.0.0.1" in one.read_bytes()]


def test_what_was_changed_or_exchanged_is_refused(tmp_path: Path) -> None:
    secret, _ = filled(tmp_path)
    place = tmp_path / "evidence" / EVENT.hex()
    one, other = place / "book-6-0000-0002.sealed", place / "book-6-0001-0002.sealed"
    kept = one.read_bytes()
    flipped = kept[:40] + bytes([kept[40] ^ 1]) + kept[41:]
    for spoiled in (b"", kept[:-1], flipped, other.read_bytes(), os.urandom(2000)):
        one.write_bytes(spoiled)
        with pytest.raises(Tampered):
            sealed_files.opened(tmp_path, EVENT.hex(), secret)
    one.write_bytes(kept)
    assert sealed_files.opened(tmp_path, EVENT.hex(), secret).parts
    place.rename(tmp_path / "evidence" / ("f" * 32))
    with pytest.raises(Tampered):
        sealed_files.opened(tmp_path, "f" * 32, secret)


def test_a_key_is_made_once_and_a_broken_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="--upstream"):
        SealedFiles(tmp_path / "never")
    sealed_files.found(tmp_path)
    with pytest.raises(Conflict):
        sealed_files.found(tmp_path)
    for spoiled in (b"", b"{", b'{"site":"","public":""}', b"\xff"):
        (tmp_path / sealed_files.KEY).write_bytes(spoiled)
        with pytest.raises(Invalid, match="not whole"):
            SealedFiles(tmp_path)
    for name in ("..", "", "../evidence", "g" * 32):
        with pytest.raises(SeifasError):
            sealed_files.opened(tmp_path, name, "x")


def test_it_has_a_bound_and_keeps_what_came_first(tmp_path: Path) -> None:
    secret, files = filled(tmp_path, most_bytes=5000)
    assert files.lost > 0
    flood = sealed_files.opened(tmp_path, EVENT.hex(), secret)
    assert flood.minutes[0] == b"minute 127.0.0.1 0"
    assert sum(one.stat().st_size for one in (tmp_path / "evidence").rglob("*.*")) <= 5000
    assert SealedFiles(tmp_path, most_bytes=5000)._bytes == files._bytes


def test_orders_are_taken_up_and_nonsense_is_none(tmp_path: Path) -> None:
    sealed_files.found(tmp_path)
    files = SealedFiles(tmp_path)
    assert asyncio.run(files.told(STATE)).orders == {}
    sealed_files.order(tmp_path, {"public": ("siege", 99)})
    assert asyncio.run(files.told(STATE)).orders["public"].mode == 2
    assert msgspec.json.decode((tmp_path / sealed_files.STATE).read_bytes(), type=State) == STATE
    for nonsense in (b"", b"[1]", b'{"public": 3}', b"\xff\x00", b'{"public":{"mode":"x","until_ms":1}}'):
        (tmp_path / sealed_files.ORDERS).write_bytes(nonsense)
        assert asyncio.run(files.told(STATE)).orders == {}
