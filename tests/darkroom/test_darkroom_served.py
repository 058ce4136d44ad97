"""A photo's whole life in a served clinic: sent, decoded, sealed, kept, shown marked, aligned, published, withdrawn."""

import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from darkroom_stage import Desk, separated
from made_pictures import encoded, exif, jpeg, picture, scene
from PIL import Image

from seifas.darkroom.imaging import jpeg as our_jpeg
from seifas.darkroom.imaging.evidence import evidence
from seifas.darkroom.imaging.registration import working
from seifas.darkroom.imaging.watermark import grey_of
from seifas.drill.stage import Stage
from seifas.errors import Conflict, Invalid, Missing, TooLarge
from seifas.keeper.wire import request
from seifas.settings import load


@pytest.fixture(scope="module")
def desk(shared_stage: Stage) -> Iterator[Desk]:
    with Desk(shared_stage) as made:
        yield made


@pytest.fixture(scope="module")
def patient(desk: Desk) -> bytes:
    return desk.patient()


@pytest.fixture(scope="module")
def photo(desk: Desk, patient: bytes) -> bytes:
    return bytes(desk.send(patient, encoded(picture(3000, 2000), "JPEG", quality=92, exif=exif()))["photo"])


def test_what_is_kept_of_a_photo(desk: Desk, patient: bytes, photo: bytes) -> None:
    file = encoded(picture(1500, 1000, 3), "JPEG", quality=92, exif=exif())
    told = desk.send(patient, file)
    assert (told["width"], told["height"]) == (1500, 1000)
    assert told["taken_ms"] == 1_763_640_191_000 + 365 * 86_400_000, "the camera's local time in the clinic's zone"
    row = next(one for one in desk.ask("photo.list", patient=patient, reason="visit") if one["photo"] == told["photo"])
    assert row["sha256"] == hashlib.sha256(file).digest()


@pytest.mark.parametrize(
    ("rendition", "size"),
    [("full", (3000, 2000)), ("screen", (2048, 1365)), ("thumb", (512, 341)), ("blur", (320, 213))],
)
def test_every_picture_that_is_shown_is_marked_and_bare(
    desk: Desk, photo: bytes, rendition: str, size: tuple[int, int]
) -> None:
    one, other = desk.show(photo, rendition), desk.show(photo, rendition)
    assert one["kind"] == "image/jpeg"
    assert (one["width"], one["height"]) == size
    assert one["body"] != other["body"], "each view has a mark of its own"
    shown = Image.open(io.BytesIO(one["body"]))
    assert (shown.size, shown.format) == (size, "JPEG")
    assert not shown.getexif()
    assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
    if rendition != "blur":
        original = working(scene(3000, 2000))
        found = evidence(
            grey_of(working(our_jpeg.decoded(one["body"]))), grey_of(working(our_jpeg.decoded(other["body"])))
        )
        assert original.shape[1] == 1024
        assert np.linalg.norm(found) > 0, "the two differ by their marks"


def test_a_ticket_shows_one_picture_once(desk: Desk, photo: bytes) -> None:
    ticket = desk.ticket(photo, "thumb")
    assert desk.darkroom.show(ticket)["width"] == 512
    with pytest.raises(Missing):
        desk.darkroom.show(ticket)


def test_two_photos_are_laid_over_each_other(desk: Desk, patient: bytes) -> None:
    whole = scene(1400, 1100, 5)
    before = Image.fromarray(np.ascontiguousarray(whole[50:1050, 50:1250, ::-1]))
    after = Image.fromarray(np.ascontiguousarray(whole[80:1080, 90:1290, ::-1])).rotate(2)
    one, other = (desk.send(patient, encoded(each, "JPEG", quality=92))["photo"] for each in (before, after))
    told = desk.darkroom_op("align", ticket_a=desk.ticket(one, "screen"), ticket_b=desk.ticket(other, "screen"))
    assert told["aligned"] is True
    assert (told["b"]["width"], told["b"]["height"]) == (1200, 1000)
    laid, under = (grey_of(our_jpeg.decoded(told[name]["body"]))[200:800, 200:1000] for name in "ba")
    assert np.corrcoef(laid.ravel(), under.ravel())[0, 1] > 0.97
    strange = desk.send(patient, encoded(picture(1200, 1000, 77), "JPEG", quality=92))["photo"]
    told = desk.darkroom_op("align", ticket_a=desk.ticket(one, "screen"), ticket_b=desk.ticket(strange, "screen"))
    assert told["aligned"] is False
    assert {told["a"]["kind"], told["b"]["kind"]} == {"image/jpeg"}


def test_an_upload_goes_on_where_it_stopped(desk: Desk, patient: bytes) -> None:
    file = jpeg(2500, 1800)
    grant = desk.begin(patient)["grant"]
    half = len(file) // 2
    assert desk.darkroom_op("upload.begin", grant=grant, size=len(file)) == {"received": 0}
    assert desk.darkroom_op("upload.part", grant=grant, offset=0, data=file[:half]) == {"received": half}
    with Desk(desk.stage, account="") as another:  # another connection: the page was loaded again
        assert another.darkroom_op("upload.begin", grant=grant, size=len(file)) == {"received": half}
        assert another.darkroom_op("upload.status", grant=grant) == {"received": half, "size": len(file)}
        with pytest.raises(Conflict) as gap:
            another.darkroom_op("upload.part", grant=grant, offset=half + 1, data=file[half:])
        assert gap.value.where == "offset"
        with pytest.raises(Conflict):
            another.darkroom_op("upload.finish", grant=grant)
        told = another.darkroom_op("upload.part", grant=grant, offset=half - 100, data=file[half - 100 :])
        assert told == {"received": len(file)}
        assert another.darkroom_op("upload.finish", grant=grant)["width"] == 2500
    with pytest.raises(Missing):
        desk.darkroom_op("upload.status", grant=grant)


def test_a_lost_answer_is_given_again_and_nothing_is_kept_twice(desk: Desk, patient: bytes) -> None:
    objects, file = desk.stage.data / "data" / "objects", jpeg(500, 400)
    grant = desk.begin(patient)["grant"]
    desk.darkroom_op("upload.begin", grant=grant, size=len(file))
    desk.darkroom_op("upload.part", grant=grant, offset=0, data=file)
    before = len(list(objects.iterdir()))
    with Desk(desk.stage, account="") as lost:  # hangs up before it is answered
        wire = lost.darkroom._wire._socket
        assert wire is not None
        wire.sendall(request(1, "upload.finish", {"grant": grant}))
    first = desk.darkroom_op("upload.finish", grant=grant)
    with Desk(desk.stage, account="") as another:
        for process in (desk, another, desk):
            assert process.darkroom_op("upload.finish", grant=grant) == first
    assert first["width"] == 500
    listed = desk.ask("photo.list", patient=patient, reason="visit")
    assert [one["photo"] for one in listed].count(first["photo"]) == 1
    assert len(list(objects.iterdir())) == before + 4
    for stranger in (bytes(32), os.urandom(32), grant[:-1] + bytes([grant[-1] ^ 1])):
        with pytest.raises(Missing):
            desk.darkroom_op("upload.finish", grant=stranger)


def test_refusals_say_why_and_leave_nothing(desk: Desk, patient: bytes) -> None:
    objects, uploads = desk.stage.data / "data" / "objects", desk.stage.data / "data" / "uploads"
    before = {path.name for path in objects.iterdir()}
    for file, kind, word in ((b"<svg xmlns='http://www.w3.org/2000/svg'/>", Invalid, "svg"), (b"%PDF-1.7 ...", Invalid,
            "unsupported"), (jpeg()[:9000], Invalid, "truncated"), (b"PK\x03\x04 not", Invalid, "not-a-picture")):
        with pytest.raises(kind) as refused:
            desk.send(patient, file)
        assert refused.value.where == word
    with pytest.raises(TooLarge) as refused:
        desk.darkroom_op("upload.begin", grant=desk.begin(patient)["grant"], size=50 * 2**20 + 1)
    assert refused.value.where == "too-large"
    assert {path.name for path in objects.iterdir()} == before
    assert not list(uploads.iterdir())


def test_a_broken_desk_gets_nothing_without_passes(desk: Desk, shared_stage: Stage, photo: bytes) -> None:
    with pytest.raises(Missing):
        desk.darkroom.show(bytes(32))
    grant = bytes(32)
    desk.darkroom_op("upload.begin", grant=grant, size=4)
    desk.darkroom_op("upload.part", grant=grant, offset=0, data=b"1234")
    with pytest.raises(Missing):
        desk.darkroom_op("upload.finish", grant=grant)
    with pytest.raises(Invalid):
        desk.darkroom_op("darkroom.ticket", ticket=bytes(32))
    with Desk(shared_stage, account="", role="public") as public:
        with pytest.raises(Invalid if separated(shared_stage) else Missing):
            public.darkroom_op("upload.status", grant=grant)
        if separated(shared_stage):
            with pytest.raises(Missing):
                public.darkroom.show(desk.ticket(photo, "thumb"))


def test_without_separation_everything_works_too(small_clinic: Path) -> None:
    # No other user can enter it, and its name is short: those of HAProxy's sockets are bounded.
    own = Path(tempfile.mkdtemp(prefix="seifas-own-"))
    stage = Stage(own / "c")
    stage.copy_from(small_clinic)
    try:
        stage.start()
        assert not separated(stage)
        with Desk(stage) as desk:
            patient = desk.patient()
            told = desk.send(patient, jpeg(900, 700))
            assert desk.show(told["photo"], "screen")["width"] == 900
            with pytest.raises(Invalid):
                desk.send(patient, b"<svg/>")
            for path in (stage.data / "data" / "objects").iterdir():
                assert path.stat().st_mode & 0o777 == 0o600
    finally:
        stage.remove()
        shutil.rmtree(own)


def test_objects_belong_to_keeper_and_darkroom_alone(desk: Desk, shared_stage: Stage, photo: bytes) -> None:
    if not separated(shared_stage):
        pytest.skip("separation is off without root")
    first = load(shared_stage.data).separation.first_uid
    objects = shared_stage.data / "data" / "objects"
    found = [objects, *objects.iterdir()]
    assert len(found) >= 5
    assert {path.stat().st_gid for path in found} == {first + 10}
    assert not {path.stat().st_mode & 0o007 for path in found} - {0}
    assert all(path.stat().st_mode & 0o060 == 0o060 for path in found)
    uploads = (shared_stage.data / "data" / "uploads").stat()
    assert (uploads.st_uid, uploads.st_mode & 0o777) == (first + 5, 0o700)
    for role, reaches in (("keeper", True), ("darkroom", True), ("desk", False), ("intake", False)):
        pid = shared_stage.pids()[role]
        groups = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Group"))
        assert (str(first + 10) in groups.split()) is reaches


def test_parts_that_end_come_back_by_themselves(desk: Desk, patient: bytes, photo: bytes) -> None:
    desk.stage.kill("intake")
    assert desk.send(patient, jpeg(700, 500))["width"] == 700
    ended, give_up = desk.stage.kill("darkroom"), time.monotonic() + 60
    while desk.stage.pids().get("darkroom", ended) == ended and time.monotonic() < give_up:
        time.sleep(0.02)
    with Desk(desk.stage) as again:
        assert again.send(patient, jpeg(700, 500))["width"] == 700
        assert again.show(photo, "thumb")["width"] == 512


def test_a_backup_takes_photos_and_a_restart_keeps_them(desk: Desk, patient: bytes, photo: bytes, places: Path) -> None:
    stage, to = desk.stage, places / f"backup-{os.urandom(4).hex()}"
    to.mkdir(mode=0o777)
    to.chmod(0o777)
    stage.seifas("backup", "--to", str(to / "data"), "--keys-to", str(to / "keys"))
    stored = {path.name for path in (stage.data / "data" / "objects").iterdir()}
    assert len(stored) >= 8
    assert {path.name.split(".")[0] for path in (to / "data" / "objects").iterdir()} >= stored
    assert not list(to.rglob("uploads"))
    stage.stop()
    stage.start()
    with Desk(stage) as again:
        assert again.show(photo, "screen")["width"] == 2048
        assert again.send(patient, jpeg(400, 300))["width"] == 400
