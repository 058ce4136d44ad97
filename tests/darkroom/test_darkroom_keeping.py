"""Keeping a photo when parts fail: a full disk, a keeper that goes away, callers that never end."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_rig import Intake, running_intake
from made_pictures import encoded, exif, jpeg, picture

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.darkroom import receiving
from seifas.darkroom.imaging import fingerprint
from seifas.darkroom.imaging import jpeg as jpeg_of_pixels
from seifas.darkroom.intake import MOST_WORKERS
from seifas.darkroom.keeping import Keeping, taken_ms
from seifas.darkroom.peers import Peers
from seifas.darkroom.receiving import Receiving
from seifas.darkroom.spool import PIECE, Spool, swept
from seifas.darkroom.turns import Turns
from seifas.errors import Conflict, Invalid, Locked, Missing, SeifasError, Tampered, TooLarge, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.leaks.photo_index import PhotoIndex
from seifas.storage.objects import Objects, local_objects

ZONE = ZoneInfo("Europe/Vilnius")
GRANT = bytes(range(32))
RENDITIONS = ("original", "full", "screen", "thumb")


class FakeKeeper:
    """Answers as the keeper's darkroom ops do; `fails` raises once or always."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fails: dict[str, SeifasError] = {}
        self.granted = {
            "photo": os.urandom(16), "key": os.urandom(32), "clinic": os.urandom(16), "patient": os.urandom(16),
            "epoch": 3, "objects": {name: os.urandom(16) for name in RENDITIONS},
        }  # fmt: skip

    async def call(self, op: str, **args: Any) -> Any:
        self.calls.append((op, args))
        if op in self.fails:
            raise self.fails[op]
        return {"darkroom.grant": self.granted, "darkroom.stored": {"taken_ms": args.get("taken_ms")}}.get(op, {})

    @property
    def ops(self) -> list[str]:
        return [op for op, _ in self.calls]


class Room:
    def __init__(self, place: Path, intake: Path) -> None:
        self.keeper = FakeKeeper()
        self.objects: Objects = local_objects(place / "objects")
        self.uploads = place / "uploads"
        self.uploads.mkdir()
        self.turns = Turns(2, "test")
        keeper = cast(KeeperClient, self.keeper)
        self.receiving = Receiving(self.uploads, Keeping(keeper, self.objects, intake, ZONE, self.turns))

    async def send(self, file: bytes, part: int = 1 << 20) -> dict[str, Any]:
        await self.receiving.begin(GRANT, len(file))
        for at in range(0, len(file), part):
            await self.receiving.part(GRANT, at, file[at : at + part])
        return await self.receiving.finish("desk", GRANT)

    def stored(self) -> int:
        return len(list(self.objects.ids()))


@pytest.fixture(scope="module")
def intake(places: Path) -> Iterator[Intake]:
    with running_intake(places) as made:
        yield made


@pytest.fixture
def make_room(tmp_path: Path, intake: Intake) -> Iterator[Callable[[], Room]]:
    made: list[Room] = []

    def make() -> Room:
        made.append(Room(tmp_path, intake.path))
        return made[-1]

    yield make
    for room in made:
        room.receiving.close()
        room.turns.close()


def test_what_the_keeper_is_told_opens_what_was_stored(make_room: Callable[[], Room]) -> None:
    room = make_room()
    file = encoded(picture(800, 600), "JPEG", quality=92, exif=exif())
    told = asyncio.run(room.send(file, part=7_001))
    assert told == {"photo": room.keeper.granted["photo"], "width": 800, "height": 600, "taken_ms": told["taken_ms"]}
    facts = room.keeper.calls[-1][1]
    assert room.keeper.ops == ["darkroom.grant", "darkroom.stored"]
    assert facts["exif"]["ExposureTime"] == "1/125 s"
    place = {"clinic": room.keeper.granted["clinic"], "patient": room.keeper.granted["patient"]}
    for name, ident in room.keeper.granted["objects"].items():
        assert facts["objects"][name]["id"] == ident
        blob = b"".join(room.objects.get(ident))
        body = stream.open_object(
            room.keeper.granted["key"], blob, purpose=Purpose.PHOTO, record=ident, version=1, epoch=3, **place
        )
        assert len(body) == facts["objects"][name]["size"]
        assert (body == file) is (name == "original")
        assert body[:2] == b"\xff\xd8"
        assert b"Fotoaparatai" not in body or name == "original"
    assert not list(room.uploads.iterdir())


def test_the_keeper_is_told_what_finds_the_photo_again(make_room: Callable[[], Room]) -> None:
    room = make_room()
    asyncio.run(room.send(encoded(picture(2400, 1800), "JPEG", quality=92, exif=exif())))
    blob = room.keeper.calls[-1][1]["fingerprint"]
    assert len(blob) <= fingerprint.MOST
    assert fingerprint.read(blob).shown == (2048, 1536), "where a copy is placed in is the rendition for screens"
    part = jpeg_of_pixels.decoded(encoded(picture(2400, 1800).crop((300, 200, 1900, 1500)), "JPEG", quality=50))
    (found,) = PhotoIndex([(b"one", blob)]).find(part)
    assert abs(found.warp[0, 2] - 300 * 2048 / 2400) < 3
    assert abs(found.warp[1, 2] - 200 * 2048 / 2400) < 3


@pytest.mark.parametrize("error", [Unavailable("gone"), Locked("locked")])
def test_a_keeper_that_is_away_before_leaves_the_upload(make_room: Callable[[], Room], error: SeifasError) -> None:
    async def run(room: Room) -> None:
        room.keeper.fails["darkroom.grant"] = error
        with pytest.raises(type(error)):
            await room.send(jpeg())
        room.keeper.fails.clear()
        assert (await room.receiving.finish("desk", GRANT))["width"] == 640

    asyncio.run(run(make_room()))


def test_a_keeper_that_is_lost_after_leaves_the_objects_to_it(make_room: Callable[[], Room]) -> None:
    room = make_room()
    room.keeper.fails["darkroom.stored"] = Unavailable("gone: the commit may stand")
    with pytest.raises(Unavailable):
        asyncio.run(room.send(jpeg()))
    assert room.stored() == 4
    assert "darkroom.failed" not in room.keeper.ops
    assert not list(room.uploads.iterdir())


def test_what_fails_before_is_taken_away_and_told(make_room: Callable[[], Room]) -> None:
    room = make_room()
    taken = room.keeper.granted["objects"]["original"]  # put last
    room.objects.put(taken, [b"somebody's"])
    with pytest.raises(Conflict):
        asyncio.run(room.send(jpeg()))
    assert room.keeper.calls[-1] == ("darkroom.failed", {"grant": GRANT, "why": "conflict"})
    assert room.stored() == 0


@pytest.mark.parametrize(("file", "word"), [(b"<svg/>", "svg"), (jpeg()[:5000], "truncated")])
def test_a_refused_picture_is_given_back_by_its_word(make_room: Callable[[], Room], file: bytes, word: str) -> None:
    room = make_room()
    with pytest.raises(Invalid) as refused:
        asyncio.run(room.send(file))
    assert refused.value.where == word
    assert room.keeper.calls[-1] == ("darkroom.failed", {"grant": GRANT, "why": word})
    assert room.stored() == 0
    assert not list(room.uploads.iterdir())


def test_uploads_that_nobody_goes_on_with_are_swept(make_room: Callable[[], Room]) -> None:
    async def run(room: Room) -> None:
        await room.receiving.begin(GRANT, 10)
        await room.receiving.sweep()
        assert (await room.receiving.status(GRANT))["received"] == 0
        room.receiving._idle_s = -1.0
        await room.receiving.sweep()
        with pytest.raises(Missing):
            await room.receiving.status(GRANT)
        assert not list(room.uploads.iterdir())
        assert room.keeper.calls[-1] == ("darkroom.failed", {"grant": GRANT, "why": "idle"})

    asyncio.run(run(make_room()))


def test_parts_that_do_not_fit(make_room: Callable[[], Room]) -> None:
    async def run(room: Room) -> None:
        begin, part = room.receiving.begin, room.receiving.part
        await begin(GRANT, 100)
        with pytest.raises(Conflict):
            await begin(GRANT, 101)
        for offset, data, kind in (
            (1, b"x", Conflict), (-1, b"x", Conflict), (0, bytes(101), Invalid),
            (0, bytes(receiving.PART + 1), TooLarge), (1 << 62, b"", Conflict),
        ):  # fmt: skip
            with pytest.raises(kind):
                await part(GRANT, offset, data)
        assert await part(GRANT, 0, b"") == {"received": 0}
        both = await asyncio.gather(part(GRANT, 0, bytes(60)), part(GRANT, 0, bytes(60)))
        assert both == [{"received": 60}] * 2
        with pytest.raises(Missing):
            await part(bytes(32), 0, b"x")
        for size, word in ((0, "empty"), (-5, "empty"), (50 * 2**20 + 1, "too-large")):
            with pytest.raises(Invalid) as refused:
                await begin(os.urandom(32), size)
            assert refused.value.where == word

    asyncio.run(run(make_room()))


def test_a_full_disk_is_left_to_the_keeper(make_room: Callable[[], Room], monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(room: Room) -> None:
        monkeypatch.setattr(receiving, "LEFT_FREE", 1 << 60)
        with pytest.raises(Unavailable) as full:
            await room.receiving.begin(GRANT, 10)
        assert full.value.where == "full"

    asyncio.run(run(make_room()))


def test_all_who_finish_one_upload_are_told_the_same(make_room: Callable[[], Room]) -> None:
    async def run(room: Room) -> None:
        file = jpeg()
        await room.receiving.begin(GRANT, len(file))
        await room.receiving.part(GRANT, 0, file)
        done = await asyncio.gather(*(room.receiving.finish("desk", GRANT) for _ in range(4)))
        done.append(await room.receiving.finish("desk", GRANT))
        assert all(one == done[0] for one in done)
        assert done[0]["photo"] == room.keeper.granted["photo"]
        assert (room.keeper.ops.count("darkroom.grant"), room.keeper.ops.count("darkroom.stored")) == (1, 1)
        assert room.stored() == 4
        with pytest.raises(Missing):
            await room.receiving.begin(GRANT, len(file))
        with pytest.raises(Missing):
            await room.receiving.finish("desk", bytes(32))

    asyncio.run(run(make_room()))


def test_whoever_asks_is_gone_and_the_answer_waits(make_room: Callable[[], Room]) -> None:
    async def run(room: Room) -> None:
        file = jpeg()
        await room.receiving.begin(GRANT, len(file))
        await room.receiving.part(GRANT, 0, file)
        asking = asyncio.ensure_future(room.receiving.finish("desk", GRANT))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await room.receiving.finish("desk", GRANT))["width"] == 640
        assert room.keeper.ops.count("darkroom.stored") == 1

    asyncio.run(run(make_room()))


@pytest.mark.parametrize("error", [Unavailable("gone: the commit may stand"), Locked("locked meanwhile")])
def test_a_lost_answer_of_the_keepers_is_asked_for_again(make_room: Callable[[], Room], error: SeifasError) -> None:
    async def run(room: Room) -> None:
        room.keeper.fails["darkroom.stored"] = error
        for _ in range(2):
            with pytest.raises(type(error)):
                await (room.send(jpeg()) if not room.keeper.calls else room.receiving.finish("desk", GRANT))
        room.keeper.fails.clear()
        assert (await room.receiving.finish("desk", GRANT))["photo"] == room.keeper.granted["photo"]
        told = [args for op, args in room.keeper.calls if op == "darkroom.stored"]
        assert len(told) == 3
        assert all(args == told[0] for args in told), "the same photo, never another"
        assert "darkroom.failed" not in room.keeper.ops
        assert room.stored() == 4

    asyncio.run(run(make_room()))


def test_a_refusal_is_said_again_and_what_passes_is_not(make_room: Callable[[], Room]) -> None:
    async def run(room: Room) -> None:
        said = []
        for again in (False, True):
            with pytest.raises(Invalid) as refused:
                await (room.receiving.finish("desk", GRANT) if again else room.send(b"<svg/>"))
            said.append((refused.value.message, refused.value.where))
        assert said[0] == said[1]
        assert room.keeper.ops.count("darkroom.failed") == 1

    asyncio.run(run(make_room()))


def test_an_end_is_remembered_for_half_an_hour(
    make_room: Callable[[], Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(room: Room) -> None:
        await room.send(jpeg())
        await room.receiving.sweep()
        assert (await room.receiving.finish("desk", GRANT))["width"] == 640
        monkeypatch.setattr(receiving, "REMEMBERED_S", 0.0)
        with pytest.raises(Missing):
            await room.receiving.finish("desk", GRANT)
        await room.receiving.sweep()
        assert not room.receiving._finished
        monkeypatch.setattr(receiving, "_MOST_FINISHED", 3)
        for number in range(5):
            room.receiving._remember(bytes([number]) * 32, receiving._Finished(answer={}))
        assert len(room.receiving._finished) == 3

    asyncio.run(run(make_room()))


def test_a_spool_file_that_was_changed_is_noticed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    data = os.urandom(3 * PIECE + 1000)
    for at in range(0, len(data), 99_999):
        spool.add(data[at : at + 99_999])
    assert b"".join(spool.pieces()) == data
    [path] = tmp_path.iterdir()
    assert data[:100] not in path.read_bytes()
    whole = path.read_bytes()
    size = len(whole) // 3
    for changed in (whole[size:] + whole[:size], whole[:-1] + bytes((whole[-1] ^ 1,)), bytes(len(whole))):
        path.write_bytes(changed)
        with pytest.raises(Tampered):
            list(spool.pieces())
    spool.remove()
    spool.remove()
    assert not list(tmp_path.iterdir())
    (tmp_path / "left").write_bytes(b"noise")
    assert swept(tmp_path) == 1


@given(taken=st.text(max_size=30), offset=st.text(max_size=8))
def test_any_moment_of_taking_is_a_moment_or_none(taken: str, offset: str) -> None:
    assert 0 <= taken_ms(taken, offset, ZONE) < (time.time() + 90_000) * 1000


def test_moments_of_taking() -> None:
    assert taken_ms("2026-07-01T12:00:00", "", ZONE) == 1_782_896_400_000
    assert taken_ms("2026-07-01T12:00:00", "+00:00", ZONE) == 1_782_907_200_000
    for never in ("", "2999-01-01T00:00:00", "2026-13-45T99:99:99", "0001-01-01T00:00:00"):
        assert taken_ms(never, "", ZONE) == 0


def test_the_desk_goes_before_the_public_and_nobody_takes_all() -> None:
    async def run() -> list[str]:
        turns, order = Turns(1, "test"), []
        held = threading.Event()
        first = asyncio.create_task(turns.take("desk", lambda: held.wait(5)))
        await asyncio.sleep(0.05)
        asked = [
            asyncio.create_task(turns.take(role, lambda role=role: order.append(role)))  # type: ignore[misc]
            for role in ("public", "portal", "public", "desk")
        ]
        await asyncio.sleep(0.05)
        asked[2].cancel()
        more = [asyncio.create_task(turns.take("public", lambda: None)) for _ in range(40)]
        await asyncio.sleep(0.05)
        held.set()
        done = await asyncio.gather(*more, return_exceptions=True)
        await asyncio.gather(first, *asked, return_exceptions=True)
        assert sum(isinstance(one, Unavailable) for one in done) == 40 - 23
        assert await turns.take("public", lambda: 7) == 7
        turns.close()
        return order

    assert asyncio.run(run()) == ["desk", "portal", "public"]


def test_who_may_ask_is_told_by_user_alone() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        own = os.geteuid()
        assert Peers(None, own).role(one) == "any"
        assert Peers({"desk": own + 1}, own + 2).role(one) == ("admin" if own == 0 else None)
        assert Peers({"desk": own}, own + 2).role(one) == "desk"
    assert MOST_WORKERS >= 1
