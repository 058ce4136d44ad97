"""A photo from its beginning to its end: taken in, listed, shown, described, deleted, put back, erased."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from keeper_rig import Asked, Rig
from photo_rig import keep, lines, opened, patient_of, sealed, supervised, take

from seifas.errors import Conflict, Invalid, Missing, OverBudget
from seifas.keeper import photographing, sweeping_objects
from seifas.keeper.lines import Action
from seifas.keeper.photo_passes import GRANT_MS, MOST_GRANTS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def test_a_photo_is_taken_listed_and_shown(rig: Rig) -> None:
    picture = os.urandom(100_000)
    kept: dict[str, bytes] = {}

    async def take_it(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        kept["patient"] = await patient_of(asked, doctor)
        about = {"body_site": "Veidas", "view": "left", "note": "prieš"}
        kept["photo"] = await take(asked, doctor, kept["patient"], picture, about=about)

    async def show_it(asked: Asked) -> None:
        doctor = await asked.sign_in("gydytoja")
        (one,) = await asked.desk("photo.list", session=doctor, patient=kept["patient"], reason="visit")
        media = msgspec.json.decode(one["media"])
        assert one["photo"] == kept["photo"]
        assert one["version"] == 1
        assert one["uses"] == []
        assert one["sha256"] == sha256(picture).digest()
        assert one["taken_ms"] == 1_700_000_000_000
        assert media["subject"] == {"reference": f"Patient/{kept['patient'].hex()}"}
        assert media["bodySite"] == {"text": "Veidas"}
        assert media["view"]["coding"][0]["code"] == "left"
        assert media["createdDateTime"].startswith("2023-11-15T00:13:20+02:00")
        assert media["content"] == {"contentType": "image/jpeg", "url": f"Binary/{kept['photo'].hex()}-screen"}
        for rendition, suffix in (("blur", b"thumb"), ("thumb", b"thumb"), ("screen", b"screen"), ("full", b"full")):
            told = await asked.desk("photo.open", session=doctor, photo=kept["photo"], rendition=rendition)
            assert await opened(asked, told["ticket"]) == picture + suffix
        with pytest.raises(Invalid):
            await asked.desk("photo.open", session=doctor, photo=kept["photo"], rendition="original")
        (many,) = await asked.desk(
            "photo.open_many", session=doctor, patient=kept["patient"], photos=[kept["photo"]], rendition="thumb"
        )
        assert await opened(asked, many["ticket"]) == picture + b"thumb"
        shown = await lines(asked, Action.PHOTO_SHOWN)
        assert len(shown) == 5
        assert all(line.objects[0] == kept["photo"] for line in shown)
        assert len({line.objects[-1] for line in shown}) == 5, "each has a view of its own"
        assert not asked.keeper.underway

    rig.run(take_it)
    rig.run(show_it)  # read again from the disk


def test_what_is_said_of_a_photo_is_corrected_and_kept(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        words = {"body_site": "Nosis", "view": "front", "note": "po operacijos"}
        assert await asked.desk("photo.describe", session=doctor, photo=photo, expect=1, **words) == {"version": 2}
        with pytest.raises(Conflict):
            await asked.desk("photo.describe", session=doctor, photo=photo, expect=1, **words)
        with pytest.raises(Invalid):
            await asked.desk("photo.describe", session=doctor, photo=photo, expect=2, **{**words, "view": "inside"})
        (one,) = await asked.desk("photo.list", session=doctor, patient=patient)
        media = msgspec.json.decode(one["media"])
        assert media["bodySite"] == {"text": "Nosis"}
        assert media["note"] == [{"text": "po operacijos"}]
        assert media["meta"]["versionId"] == "2"
        assert media["width"] == 40

    rig.run(deed)


def test_a_vandals_deletions_and_pictures_are_undone(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        vandal = await asked.person("vandalas", "doctor")
        patient = await patient_of(asked, doctor)
        picture = os.urandom(64)
        photo = await take(asked, doctor, patient, picture)
        since = asked.keeper.now().wall_ms
        await take(asked, vandal, patient)
        await asked.desk("photo.delete", session=vandal, photo=photo, expect=1)
        with pytest.raises(Missing):
            await asked.desk("photo.open", session=doctor, photo=photo, rendition="thumb")
        await asked.desk("change.undo", session=officer, account="vandalas", since_ms=since)
        (one,) = await asked.desk("photo.list", session=doctor, patient=patient)
        assert one["photo"] == photo
        told = await asked.desk("photo.open", session=doctor, photo=photo, rendition="thumb")
        assert await opened(asked, told["ticket"]) == picture + b"thumb"

    rig.run(deed)


def test_ones_own_deletion_is_taken_back(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, other = await asked.person("gydytoja", "doctor"), await asked.person("kolega", "doctor")
        patient = await patient_of(asked, doctor)
        picture = os.urandom(64)
        photo = await take(asked, doctor, patient, picture)
        with pytest.raises(Missing):
            await asked.desk("photo.restore", session=doctor, photo=photo)
        await asked.desk("photo.delete", session=doctor, photo=photo, expect=1)
        with pytest.raises(Missing):
            await asked.desk("photo.restore", session=other, photo=photo)
        assert await asked.desk("photo.restore", session=doctor, photo=photo) == {"version": 2}
        told = await asked.desk("photo.open", session=doctor, photo=photo, rendition="full")
        assert await opened(asked, told["ticket"]) == picture + b"full"

    rig.run(deed)


def test_erasing_a_patient_takes_the_objects_too(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        gone, stays = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        await take(asked, doctor, gone)
        deleted = await take(asked, doctor, gone)
        await asked.desk("photo.delete", session=doctor, photo=deleted, expect=1)
        begun = await asked.desk("photo.begin", session=doctor, patient=gone, reason="visit")
        await sealed(asked, begun["grant"], b"half done")
        kept = await take(asked, doctor, stays)
        store = asked.keeper.require_unlocked().objects
        assert len(list(store.ids())) == 16
        with supervised(asked, rig.root):
            await asked.admin("erase_now", patient=gone)
        assert len(list(store.ids())) == 4
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], objects={}, sha256=b"", format="jpeg",
                           width=1, height=1)
        told = await asked.desk("photo.open", session=doctor, photo=kept, rendition="screen")
        assert (await opened(asked, told["ticket"])).endswith(b"screen")
        assert await sweeping_objects.sweep(asked.keeper) == 0

    rig.run(deed)


def test_objects_that_no_record_came_to_name_are_swept(rig: Rig) -> None:
    async def begin(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        await take(asked, doctor, patient)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        await sealed(asked, begun["grant"], b"never finished")

    async def later(asked: Asked) -> None:
        store = asked.keeper.require_unlocked().objects
        assert len(list(store.ids())) == 8
        assert len(asked.keeper.underway) == 1
        await photographing.sweep_stale(asked.keeper)
        assert len(list(store.ids())) == 8, "the darkroom may still be at it"
        assert await sweeping_objects.sweep(asked.keeper) == 0, "so the sweep of everything leaves it too"
        (key, one), = asked.keeper.underway.items()
        asked.keeper.underway[key] = msgspec.structs.replace(one, began_ms=one.began_ms - GRANT_MS - 600_001)
        await photographing.sweep_stale(asked.keeper)
        assert len(list(store.ids())) == 4
        assert not asked.keeper.underway
        store.put(os.urandom(16), [b"from a backup that was made while it was written"])
        assert await sweeping_objects.sweep(asked.keeper) == 1
        assert len(list(store.ids())) == 4

    rig.run(begin)
    rig.run(later)


def test_a_photo_that_is_told_of_twice_is_kept_once(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        facts = await sealed(asked, begun["grant"], b"a picture")
        first = await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **facts)
        size = asked.keeper.require_unlocked().audit.size
        for told in (facts, {**facts, "width": 41}):
            assert await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **told) == first
        assert asked.keeper.require_unlocked().audit.size == size, "no line, for nothing was done"
        assert len(await asked.desk("photo.list", session=doctor, patient=patient)) == 1
        for op, args in (("darkroom.grant", {}), ("darkroom.failed", {"why": "bomb"})):
            with pytest.raises(Missing):
                await asked.op("darkroom", op, grant=begun["grant"], **args)
        assert len(list(asked.keeper.require_unlocked().objects.ids())) == 4
        asked.keeper.passes.sweep(asked.keeper.now().boot_ms + GRANT_MS)
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **facts)

    rig.run(deed)


def test_a_refused_photo_is_not_kept_by_telling_of_it_again(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        facts = await sealed(asked, begun["grant"], b"a picture")
        with pytest.raises(Invalid):
            await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **{**facts, "width": 0})
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **facts)
        assert await asked.desk("photo.list", session=doctor, patient=patient) == []

    rig.run(deed)


def test_a_failed_photo_leaves_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        await sealed(asked, begun["grant"], b"a bomb")
        with pytest.raises(Invalid):
            await asked.op("darkroom", "darkroom.failed", grant=begun["grant"], why="Some Text")
        await asked.op("darkroom", "darkroom.failed", grant=begun["grant"], why="bomb")
        assert list(asked.keeper.require_unlocked().objects.ids()) == []
        assert not asked.keeper.underway
        assert await asked.desk("photo.list", session=doctor, patient=patient) == []
        assert [line.note for line in await lines(asked, Action.PHOTO_KEPT)] == ["bomb"]

    rig.run(deed)


@pytest.mark.parametrize("wrong", [
    {"sha256": b"short"}, {"format": "svg"}, {"width": 0}, {"height": 1 << 40}, {"exif": {"x": "y" * 10_000}},
    {"taken_ms": -1}, {"objects": {}},
])
def test_facts_that_are_none_end_the_photo(rig: Rig, wrong: dict[str, object]) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        facts = await sealed(asked, begun["grant"], b"picture")
        with pytest.raises(Invalid):
            await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **{**facts, **wrong})
        assert list(asked.keeper.require_unlocked().objects.ids()) == []
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **facts)

    rig.run(deed)


def test_photos_under_way_are_bounded(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        grants = [
            (await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit"))["grant"]
            for _ in range(MOST_GRANTS)
        ]
        with pytest.raises(OverBudget):
            await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        await keep(asked, grants[0], b"one is done")
        await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")

    rig.run(deed)
