"""Every key of an unlocked vault, ready for use: the epoch, the clinic's keys, the patients' keys as they are needed.

Opened keys of the last patients are kept, as bytes: fetching and opening a bundle costs 40 µs, a cipher of a key 0.8 µs
but 2.5 KB of memory.
Nothing here leaves the keeper's process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from seifas.crypto import keys
from seifas.crypto.keys import ClinicKeys, PatientKeys
from seifas.errors import Missing, Tampered

_KEPT = 65_536


def _sub(key: bytes, use: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, b"seifas/1/clinic/" + use).derive(key)


class Opened(NamedTuple):
    """One patient's keys in use; `clinical` and `card` as ciphers, each made when it is asked for."""

    clinical_key: bytes
    card_key: bytes
    photos: bytes
    audit: bytes
    check: bytes

    @property
    def clinical(self) -> AESGCM:
        return AESGCM(self.clinical_key)

    @property
    def card(self) -> AESGCM:
        return AESGCM(self.card_key)


class Keyring:
    """Keys of one clinic at one epoch. `read` fetches a sealed key bundle by its tag (storage.keystore)."""

    def __init__(
        self, *, clinic: bytes, epoch: int, epoch_key: bytes, clinic_keys: ClinicKeys, read: Callable[[bytes], bytes]
    ) -> None:
        self.clinic = clinic
        self.epoch = epoch
        self.under_epoch = AESGCM(epoch_key)
        self.clinic_keys = clinic_keys
        self.audit = clinic_keys.audit
        # One key, one use: names and ciphers under keys of their own (RFC 5869, Expand).
        self.routing = _sub(clinic_keys.routing, b"names")
        self.routes = AESGCM(_sub(clinic_keys.routing, b"routes"))
        self.state_key = _sub(clinic_keys.state, b"names")
        self.state = AESGCM(_sub(clinic_keys.state, b"rows"))
        self.copies = AESGCM(_sub(clinic_keys.state, b"copies"))
        # Once and not per patient: reading one costs three of these.
        self.tag = keys.tagger(self.routing, b"patient keys")
        """Under which tag a patient's bundle lies in the key store."""
        self._check = keys.checker(self.state_key)
        self._pseudonym = keys.tagger(_sub(clinic_keys.audit, b"pseudonyms"), b"patient")
        self._read = read
        self._opened: OrderedDict[bytes, Opened] = OrderedDict()

    def patient(self, patient: bytes, check: bytes) -> Opened:
        """The patient's keys. `check` is the commitment from the head: a bundle put back from before, or another
        patient's, does not pass. Raises Missing where the keys are gone, Tampered where they are not the right ones."""
        opened = self._opened.get(patient)
        if opened is None:
            try:
                sealed = self._read(self.tag(patient))
            except Missing:
                raise Tampered("a patient's keys are gone from the key store", where=patient.hex()) from None
            bundle = keys.open_patient_keys(
                self.under_epoch, sealed, clinic=self.clinic, patient=patient, epoch=self.epoch
            )
            opened = self._use(patient, bundle)
        elif len(self._opened) > 1:
            self._opened.move_to_end(patient)
        if opened.check != check:
            raise Tampered("a patient's keys are not those that the records were sealed under", where=patient.hex())
        return opened

    def passing(self, patient: bytes, check: bytes) -> Opened:
        """The patient's keys, read and not kept: for a job that passes over all patients, on a thread of its own."""
        bundle = keys.open_patient_keys(
            self.under_epoch, self._read(self.tag(patient)), clinic=self.clinic, patient=patient, epoch=self.epoch
        )
        if self._check(patient, bundle) != check:
            raise Tampered("a patient's keys are not those that the records were sealed under", where=patient.hex())
        return Opened(bundle.clinical, bundle.card, bundle.photos, bundle.audit, check)

    def create(self, patient: bytes) -> tuple[Opened, PatientKeys]:
        """New keys for a patient; `sealed` makes of them what must be durable before anything is sealed with them."""
        bundle = keys.new_patient_keys()
        return self._use(patient, bundle), bundle

    def sealed(self, patient: bytes, bundle: PatientKeys) -> tuple[bytes, bytes]:
        """(tag, bundle sealed under the epoch of this moment) for the key store."""
        sealed = keys.seal_patient_keys(
            self.under_epoch, bundle, clinic=self.clinic, patient=patient, epoch=self.epoch
        )
        return self.tag(patient), sealed

    def turn(self, epoch: int, epoch_key: bytes) -> None:
        """Goes over to the next epoch, whose key store generation `read` serves from now on.

        The patients' own keys stay, so what is opened stays open.
        """
        self.under_epoch = AESGCM(epoch_key)
        self.epoch = epoch

    def card_key(self, patient: bytes, check: bytes, sealed: bytes) -> AESGCM:
        """The card's cipher alone, from a bundle at hand: for reading all cards at unlock without keeping all keys."""
        bundle = keys.open_patient_keys(
            self.under_epoch, sealed, clinic=self.clinic, patient=patient, epoch=self.epoch
        )
        if self._check(patient, bundle) != check:
            raise Tampered("a patient's keys are not those that the records were sealed under", where=patient.hex())
        return AESGCM(bundle.card)

    def forget(self, patient: bytes) -> None:
        self._opened.pop(patient, None)

    def pseudonym(self, patient: bytes) -> bytes:
        """The 16 bytes that stand for a patient in the audit log."""
        return self._pseudonym(patient)[:16]

    def _use(self, patient: bytes, bundle: PatientKeys) -> Opened:
        opened = Opened(
            bundle.clinical, bundle.card, bundle.photos, bundle.audit, self._check(patient, bundle)
        )
        self._opened[patient] = opened
        if len(self._opened) > _KEPT:
            self._opened.popitem(last=False)
        return opened
