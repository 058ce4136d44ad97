"""The tombstone list as bytes: what is signed, what continues what, and what is refused."""

from __future__ import annotations

import asyncio
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.audit.checkpoint import LogSigner, log_origin
from seifas.errors import Invalid, Tampered
from seifas.keeper import notes, tombstones
from seifas.keeper.noting import open_note, seal_note
from seifas.keeper.schedule.pages import NOTE_LIMIT, Entry
from seifas.keeper.shared_lock import SharedLock
from seifas.keeper.tombstones import Mark

CLINIC = bytes(range(16))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()

stones = st.lists(
    st.builds(tombstones.stone, st.binary(min_size=32, max_size=32), st.integers(0, 4_000_000_000_000)), max_size=12
)


def signed(listed: tombstones.List, clinic: bytes = CLINIC) -> bytes:
    return notes.sign(KEY, tombstones.name_of(clinic), tombstones.body(listed))


def read(note: bytes) -> tombstones.List:
    return tombstones.read(note, clinic=CLINIC, public=PUBLIC)


@settings(max_examples=40)
@given(stones)
def test_what_is_signed_is_what_is_read(lines: list) -> None:
    listed = tombstones.listed(lines)
    assert read(signed(listed)) == listed
    assert tombstones.stated([tombstones.extension(listed.mark)]) == listed.mark


@settings(max_examples=40)
@given(stones, stones)
def test_only_a_beginning_is_continued(first: list, more: list) -> None:
    early, late = tombstones.listed(first), tombstones.listed([*first, *more])
    assert late.continues(early.mark)
    assert early.continues(late.mark) == (not more)
    if first:
        changed = tombstones.listed([tombstones.stone(os.urandom(32), 0), *first[1:], *more])
        assert not changed.continues(early.mark)


@settings(max_examples=60)
@given(stones, st.data())
def test_any_changed_byte_is_refused(lines: list, data: st.DataObject) -> None:
    note = signed(tombstones.listed(lines))
    at = data.draw(st.integers(0, len(note) - 1))
    spoilt = bytearray(note)
    spoilt[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Tampered):
        read(bytes(spoilt))


@pytest.mark.parametrize("note", [
    b"", b"\n\n", b"x", b"\xff" * 100, b"\n" * 1000, b"a" * 1_000_000,
    signed(tombstones.listed(()))[:-1], signed(tombstones.listed(()), bytes(16)),
])
def test_what_is_no_list_of_ours(note: bytes) -> None:
    with pytest.raises(Tampered):
        read(note)


def test_one_kind_of_note_passes_for_no_other() -> None:
    listed = tombstones.listed([tombstones.stone(bytes(32), 0)])
    as_backup = notes.sign(KEY, f"seifas.invalid/backup/{CLINIC.hex()}", tombstones.body(listed))
    checkpoint = LogSigner(KEY, log_origin(CLINIC)).sign(0, bytes(32))
    for other in (as_backup, checkpoint):
        with pytest.raises(Tampered):
            read(other)
    renamed = as_backup.replace(b"/backup/", b"/tombstones/")
    with pytest.raises(Tampered):
        read(renamed)
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(Tampered):
        tombstones.read(signed(listed), clinic=CLINIC, public=stranger)


def test_a_checkpoint_without_the_line_says_nobody_and_with_two_is_refused() -> None:
    assert tombstones.stated(["state abc"]) == tombstones.NONE
    line = tombstones.extension(Mark(3, bytes(32)))
    for lines in ([line, line], *([f"tombstones {rest}"] for rest in ("3", f"x {'A' * 44}", "-1 AAAA", ""))):
        with pytest.raises(Tampered):
            tombstones.stated(lines)


def test_notes_of_appointments_open_with_the_patient_s_key_only() -> None:
    card, other = AESGCM(bytes(32)), AESGCM(bytes([1]) * 32)
    entry = Entry(b"e" * 16, bytes(16), 0, 30, b"p" * 16, b"a" * 16, 0)
    for text in ("", "kontrolė po operacijos", "\x01fake", "ž" * NOTE_LIMIT):
        sealed = seal_note(card, text, clinic=CLINIC, patient=entry.patient, entry=entry.id, epoch=1)
        assert (text == "") == (sealed == "")
        assert text == "" or text not in sealed
        stored = Entry(*[getattr(entry, name) for name in Entry.__struct_fields__][:10], note=sealed)
        assert open_note(card, stored, clinic=CLINIC) == text
        if text:
            for key, whose in ((other, stored), (card, Entry(b"f" * 16, *[
                getattr(stored, name) for name in Entry.__struct_fields__
            ][1:]))):
                with pytest.raises(Tampered):
                    open_note(key, whose, clinic=CLINIC)
    with pytest.raises(Invalid):
        seal_note(card, "x" * (NOTE_LIMIT + 1), clinic=CLINIC, patient=bytes(16), entry=bytes(16), epoch=1)
    with pytest.raises(Invalid):
        seal_note(card, "\ud800", clinic=CLINIC, patient=bytes(16), entry=bytes(16), epoch=1)


def test_many_share_a_lock_and_one_holds_it_alone() -> None:
    async def story() -> list[str]:
        lock, told = SharedLock(), []

        async def share(name: str, wait: float) -> None:
            async with lock.shared():
                told.append(f"+{name}")
                await asyncio.sleep(wait)
                told.append(f"-{name}")

        async def alone() -> None:
            async with lock.alone():
                told.append("alone")
                await asyncio.sleep(0.01)
                told.append("done")

        early = [asyncio.create_task(share(name, 0.02)) for name in "ab"]
        await asyncio.sleep(0.005)
        one = asyncio.create_task(alone())
        await asyncio.sleep(0)
        late = asyncio.create_task(share("c", 0.0))
        await asyncio.gather(*early, one, late)
        return told

    told = asyncio.run(story())
    assert told[:2] == ["+a", "+b"]
    assert told[-4:] == ["alone", "done", "+c", "-c"], "a newcomer does not overtake who waits to be alone"
