"""Sealed objects put in each other's place on the disk: none opens as another's picture."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from keeper_rig import Asked, Rig
from photo_rig import opened, patient_of, take

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Tampered
from seifas.keeper import photo_model


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def test_objects_swapped_between_photos_do_not_open(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        one, two = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        first, second, third = [await take(asked, doctor, patient) for patient in (one, one, two)]
        vault = asked.keeper.require_unlocked().vault
        facts = {
            photo: photo_model.facts_of(
                vault, vault.head(patient), photo_model.photo_entries(vault, vault.head(patient), photo)[1])
            for patient, photo in ((one, first), (one, second), (two, third))
        }
        directory = rig.data / "data" / "objects"

        def file(photo: bytes, rendition: str) -> Path:
            return directory / facts[photo].objects[rendition].id.hex()

        before = {path.name: path.read_bytes() for path in directory.iterdir()}
        for other, rendition in ((second, "full"), (third, "full"), (first, "screen")):
            shutil.copyfile(file(other, rendition), file(first, "full"))
            told = await asked.desk("photo.open", session=doctor, photo=first, rendition="full")
            with pytest.raises(Tampered):
                await opened(asked, told["ticket"])
        # Even whoever had the right key of another photo cannot pass a picture off as this one's.
        forged = stream.seal_object(
            facts[second].key, b"forged", purpose=Purpose.PHOTO, clinic=rig.settings.clinic_id, patient=one,
            record=facts[first].objects["full"].id, version=1, epoch=1,
        )
        file(first, "full").write_bytes(forged)
        told = await asked.desk("photo.open", session=doctor, photo=first, rendition="full")
        with pytest.raises(Tampered):
            await opened(asked, told["ticket"])
        file(first, "full").write_bytes(before[file(first, "full").name])
        told = await asked.desk("photo.open", session=doctor, photo=first, rendition="full")
        assert (await opened(asked, told["ticket"])).endswith(b"full")

    rig.run(deed)
