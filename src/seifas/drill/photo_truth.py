"""What a stopped clinic knows of its photos, read with its root: which lines there are, and whose mark a picture bears.

For the drill's own count; no thief gets this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from seifas.audit.tiles import TileReader
from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.darkroom.imaging import evidence, jpeg, watermark
from seifas.demo.secret import demo_passphrase_file
from seifas.keeper import photo_model, unlocking
from seifas.keeper.lines import Action, Line, Outcome
from seifas.keeper.log import AuditLog
from seifas.keeper.model import Kind
from seifas.keeper.photo_showing import seed
from seifas.keeper.vault import Vault
from seifas.settings import load
from seifas.storage.opening import open_rows, open_state
from seifas.storage.opening_objects import open_objects

_LONG_SIDE: Final = 1024


class PhotoTruth:
    """Of a clinic that no keeper has open. `shown` are the lines of pictures that left, oldest first; `accounts` the
    ids of logins; `publications` the rows that live."""

    def __init__(self, data: Path) -> None:
        settings = load(data)
        root = unlocking.root_by_passphrase(settings.keys_at(data), demo_passphrase_file(data).read_text().strip())
        self._keystore, self._keyring = unlocking.open_keys(settings.keys_at(data), settings.clinic_id, root)
        state = open_state(settings.state_at(data))
        try:
            loaded = unlocking.load_state(state, self._keyring)
            audit = AuditLog(
                audit_key=self._keyring.clinic_keys.audit, signing=self._keyring.clinic_keys.signing,
                clinic=settings.clinic_id, directory=data / "audit", origin=loaded.structs[Kind.FACTS][0].log_origin,
            )
            audit.resume(state, state.root)
            audit.publish(state)
            leaves = TileReader(audit.directory, audit.size).entries(0)
            lines = [audit.read(leaf, index)[0] for index, leaf in enumerate(leaves)]
        finally:
            state.close()
        self.shown: list[Line] = [
            line for line in lines if line.action == Action.PHOTO_SHOWN and line.outcome == Outcome.DONE
        ]
        self.accounts = {one.name: one.id for one in loaded.structs[Kind.ACCOUNT]}
        self.publications: list[photo_model.Publication] = loaded.structs[Kind.PUBLICATION]
        self._objects = open_objects(settings.objects_at(data))
        self._rows = open_rows(settings.rows_at(data))
        self._vault = Vault(self._rows, self._keyring)
        self._vault.heads = loaded.heads

    def close(self) -> None:
        self._rows.close()
        self._keystore.close()

    def patient_of(self, photo: bytes) -> bytes:
        return photo_model.located(self._vault, photo).patient

    def photos_of(self, patient: bytes) -> list[bytes]:
        """The photos of a patient, oldest first."""
        found = photo_model.photos_of(self._vault, self._vault.head(patient))
        return [facts.media for _, facts in found]

    def pseudonym(self, patient: bytes) -> bytes:
        """What stands for the patient in a line."""
        return self._keyring.pseudonym(patient)

    def view_in(self, photo: bytes, picture: bytes) -> tuple[bytes, float]:
        """The logged view whose mark a copy of this photo bears, and how sure that is (z); empty where none is named.

        Every view of the whole log is tried, so that a wrong name would show.
        """
        original = self._grey(self.original(photo))
        leaked = cv2.resize(
            self._grey(picture), (original.shape[1], original.shape[0]), interpolation=cv2.INTER_CUBIC
        )
        found = evidence.evidence(original, np.asarray(leaked, np.float32))
        scores = {
            view: evidence.score(found, seed(self._keyring, photo, view))
            for view in (line.objects[-1] for line in self.shown)
        }
        best = max(scores, key=lambda view: scores[view], default=b"")
        sure = scores.get(best, 0.0)
        return (best, sure) if sure > evidence.NAMED else (b"", sure)

    def original(self, photo: bytes) -> bytes:
        """A photo's largest rendition, unmarked, as JPEG."""
        head = photo_model.located(self._vault, photo)
        facts = photo_model.facts_of(self._vault, head, photo_model.photo_entries(self._vault, head, photo)[1])
        ident = facts.objects["full"].id
        return stream.open_object(
            facts.key, b"".join(self._objects.get(ident)), purpose=Purpose.PHOTO, clinic=self._keyring.clinic,
            patient=head.patient, record=ident, version=1, epoch=facts.epoch,
        )

    @staticmethod
    def _grey(body: bytes) -> watermark.Plane:
        grey = watermark.grey_of(jpeg.decoded(body))
        factor = _LONG_SIDE / max(grey.shape)
        if factor >= 1:
            return grey
        size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
        return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)
