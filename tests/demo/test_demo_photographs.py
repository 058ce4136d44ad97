"""The demo's photos can be found again like any other."""

from datetime import date
from pathlib import Path

import numpy as np
from keeper_rig import Asked, Rig

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.darkroom.imaging import jpeg
from seifas.darkroom.imaging.scaling import Pixels
from seifas.demo.photographs import photographs
from seifas.demo.pictures import HEIGHT, WIDTH
from seifas.keeper import photo_model
from seifas.keeper.keyring import Keyring
from seifas.keeper.photo_model import PhotoFacts
from seifas.leaks.photo_index import PhotoIndex

PATIENT = bytes(15) + b"\1"


def _screen(keyring: Keyring, objects: list[tuple[bytes, bytes]], facts: PhotoFacts) -> Pixels:
    stored = facts.objects["screen"]
    assert (stored.width, stored.height) == (WIDTH, HEIGHT)
    body = stream.open_object(
        facts.key, dict(objects)[stored.id], purpose=Purpose.PHOTO, clinic=keyring.clinic, patient=PATIENT,
        record=stored.id, version=1, epoch=facts.epoch,
    )  # fmt: skip
    return jpeg.decoded(body)


def test_a_part_of_a_demo_photo_leads_to_it(tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        keyring = asked.keeper.require_unlocked().keyring
        made = photographs(keyring, "Europe/Vilnius", PATIENT, 7, 1, date(2026, 11, 22))
        bodies = [change.body for change in made.changes if change.type == photo_model.TYPE]
        facts = [photo_model._decode(body) for body in bodies]
        assert len(facts) >= 2
        index = PhotoIndex([(one.media, one.fingerprint) for one in facts])
        assert index.missing == []
        for one in facts:
            part = _screen(keyring, made.objects, one)[100:600, 200:800]
            found = index.find(jpeg.decoded(jpeg.encoded(np.ascontiguousarray(part), 60)))
            assert found[0].photo == one.media, "the same patch at another time is not taken for it"
            assert np.abs(found[0].warp[:2, 2] - [200, 100]).max() < 4

    Rig(tmp_path / "vault").run(deed)
