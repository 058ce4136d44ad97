"""The thief of old backups: everything as it was before an erasure, every passphrase and custodian, and the token as it
is now, with its PIN. What was erased does not open, with our programs or without them; everybody else does.

First it is shown that the thief can open that very patient while the epoch's object is there: else nothing is proven.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from life_clinic import PASSPHRASES, Clinic, bodies, found_clinic, furnish, opened
from life_inside import inside
from soft_token import MODULE, PIN, PLACE, SoftToken

from seifas.crypto import keys, slots
from seifas.crypto.epoch_halves import half_challenge, joined, open_half
from seifas.crypto.slots import CustodianSlot
from seifas.errors import Refused, SeifasError, Tampered
from seifas.keeper import erasing, token_kit, unlocking
from seifas.keeper.founding import EPOCH_ROW
from seifas.keeper.keyring import Keyring
from seifas.keeper.model import CLINIC
from seifas.restoring.looking import Look
from seifas.settings import Hsm
from seifas.storage import tokens

PROOF = {"passphrase": PASSPHRASES["boss"]}


class Loot(NamedTuple):
    """`old` and `older` are copies of the whole vault, from before and from two epochs before the erasure."""

    clinic: Clinic
    token: SoftToken
    old: Path
    older: Path
    patient: bytes
    others: set[bytes]


@pytest.fixture(scope="module")
def loot() -> Iterator[Loot]:
    place = PLACE / "attacked"
    place.mkdir()
    token = SoftToken("seifas-1")
    clinic = found_clinic(place / "vault")
    clinic.set(hsm=Hsm(module=MODULE))
    clinic.start()
    furnish(clinic, 6)
    clinic.call("admin.hsm_bind", tokens=[token.serial], pin=PIN, proof=PROOF)
    clinic.stop()
    older, old = place / "older", place / "old"
    shutil.copytree(clinic.data, older, ignore=shutil.ignore_patterns("*.sock"))
    clinic.start(pin=PIN)
    clinic.call("admin.rotate")
    clinic.stop()
    shutil.copytree(clinic.data, old, ignore=shutil.ignore_patterns("*.sock"))
    with opened(old, PASSPHRASES["boss"], PIN) as thief:  # the thief can, today
        records = bodies(thief)
    patient, *others = sorted(records)
    assert len(records[patient]) == 3

    async def erase() -> None:
        async with inside(clinic, PIN) as keeper:
            await erasing.erase(keeper, patient, "mistake", asked_by="x", people=("a", "b"), request=None)

    asyncio.run(erase())
    yield Loot(clinic, token, old, older, patient, set(others))
    clinic.stop()
    token.gone()
    shutil.rmtree(place)


def roots(clinic: Clinic, data: Path) -> list[bytes]:
    """The root by every way there ever was."""
    raw = (data / "keys" / "slots.json").read_bytes()
    found = [unlocking.root_by_passphrase(data / "keys", secret) for secret in PASSPHRASES.values()]
    for slot in slots.decode_slots(raw):
        if isinstance(slot, CustodianSlot):
            found.append(slots.open_custodians(slot, clinic.secrets))
    return found


@pytest.mark.parametrize("which", ["old", "older"])
def test_old_copies_with_every_secret_and_the_token_of_now_open_nothing(loot: Loot, which: str) -> None:
    copy: Path = getattr(loot, which)
    for root in roots(loot.clinic, copy):
        with pytest.raises(Refused, match="destroyed when the next epoch began"):
            unlocking.open_keys(copy / "keys", loot.clinic.settings.clinic_id, root, token_kit.opener(MODULE, PIN))


def test_nor_by_hand_with_all_that_the_token_answers(loot: Loot) -> None:
    """Past our checks: the root's half is in the thief's hands; the token is asked under every object there is."""
    clinic = loot.clinic.settings.clinic_id
    for copy in (loot.old, loot.older):
        look = Look(sorted((copy / "keys").glob("keystore-*.db"))[-1])
        rows = look.epoch()
        half = token_kit.half_in(rows)
        assert half is not None
        epoch = int.from_bytes(rows[EPOCH_ROW][:4], "big")
        first = keys.unwrap_epoch(roots(loot.clinic, copy)[0], rows[EPOCH_ROW][4:], clinic=clinic, epoch=epoch)
        (one,) = half.tokens
        challenge = half_challenge(one, clinic=clinic, epoch=epoch)
        there = tokens.objects(MODULE, loot.token.serial, PIN, "")
        assert len(there) == 1  # of the present epoch
        answers = [tokens.answer(MODULE, loot.token.serial, ident, challenge, PIN) for ident in there]
        for answer in [*answers, bytes(32), hmac.digest(first, challenge, "sha256"), os.urandom(32)]:
            with pytest.raises(Tampered):
                open_half(half, one, answer, clinic=clinic, epoch=epoch)
        # The half alone is no key, and the halves of other epochs do not fit.
        bundles = list(look_keys(look, loot, copy))
        assert bundles
        for key in (first, joined(first, bytes(32), clinic=clinic, epoch=epoch), *present_halves(loot, first, epoch)):
            for bundle in bundles:
                with pytest.raises((InvalidTag, SeifasError)):
                    keys.open_patient_keys(
                        AESGCM(key), bundle, clinic=clinic, patient=loot.patient, epoch=epoch
                    )
        look.close()


def look_keys(look: Look, loot: Loot, copy: Path) -> Iterator[bytes]:
    """The erased patient's bundle in a copy, found with the clinic's keys of now: the thief has those, too."""
    tag = present(loot).tag(loot.patient)
    yield from look.get_many([tag]).values()


def present(loot: Loot) -> Keyring:
    settings = loot.clinic.settings
    root = roots(loot.clinic, loot.clinic.data)[0]
    keystore, keyring = unlocking.open_keys(
        settings.keys_at(loot.clinic.data), settings.clinic_id, root, token_kit.opener(MODULE, PIN)
    )
    keystore.close()
    return keyring


def present_halves(loot: Loot, first: bytes, epoch: int) -> Iterator[bytes]:
    """The token's half of the present epoch, joined to an old root's half."""
    settings = loot.clinic.settings
    look = Look(sorted(settings.keys_at(loot.clinic.data).glob("keystore-*.db"))[-1])
    rows = look.epoch()
    look.close()
    number = int.from_bytes(rows[EPOCH_ROW][:4], "big")
    half = token_kit.opener(MODULE, PIN)(rows[token_kit.TOKEN_ROW], settings.clinic_id, number)
    yield half
    yield joined(first, half, clinic=settings.clinic_id, epoch=epoch)


def test_the_rows_of_then_with_the_keys_of_now_lack_that_patient_only(loot: Loot) -> None:
    """Old data under the newest key store: what a restore does. Everybody opens but who was erased."""
    keyring = present(loot)
    look = Look(loot.old / "state" / "keeper.db")
    heads = unlocking.load_state(look, keyring).heads
    look.close()
    newest = Look(sorted(loot.clinic.settings.keys_at(loot.clinic.data).glob("keystore-*.db"))[-1])
    there = {patient for patient in heads if patient != CLINIC and newest.get_many([keyring.tag(patient)])}
    newest.close()
    assert there == loot.others


def test_the_living_vault_opens_and_has_forgotten(loot: Loot) -> None:
    with opened(loot.clinic.data, PASSPHRASES["boss"], PIN) as keeper:
        assert set(bodies(keeper)) == loot.others


def test_nothing_that_opens_lies_on_the_disk(loot: Loot) -> None:
    """No PIN and no key of a token in the vault's directory; first that the search sees what is there."""
    planted = loot.clinic.data / "planted"
    planted.write_bytes(b"x" + PIN.encode() + b"y")
    found = [path.name for path in loot.clinic.data.rglob("*") if path.is_file() and PIN.encode() in path.read_bytes()]
    planted.unlink()
    assert found == ["planted"]


def test_a_token_that_lets_itself_be_copied_keeps_no_promise(loot: Loot, tmp_path: Path) -> None:
    """The limit, said in docs/running/hsm.md: SoftHSM is a directory. Its copy of then opens what was erased since."""
    token = SoftToken("copied")
    data = PLACE / "copied-vault"
    clinic = found_clinic(data)
    try:
        clinic.set(hsm=Hsm(module=MODULE))
        clinic.start()
        clinic.call("admin.hsm_bind", tokens=[token.serial], pin=PIN, proof=PROOF)
        clinic.stop()
        shutil.copytree(data / "keys", tmp_path / "keys")
        token.copy(tmp_path / "token")
        clinic.start(pin=PIN)
        clinic.call("admin.rotate")
        clinic.stop()
        shutil.rmtree(token.place)
        shutil.copytree(tmp_path / "token", token.place)
        root = unlocking.root_by_passphrase(tmp_path / "keys", PASSPHRASES["boss"])
        keystore, keyring = unlocking.open_keys(
            tmp_path / "keys", clinic.settings.clinic_id, root, token_kit.opener(MODULE, PIN)
        )
        assert keyring.epoch == 2
        keystore.close()
    finally:
        clinic.stop()
        token.gone()
        shutil.rmtree(data)
