"""Showing: nothing without a mark, nothing that is not what was sealed, and a door that takes hostile frames."""

import asyncio
import contextlib
import hashlib
import os
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_pictures import scene

from seifas.darkroom.client import DarkroomClient
from seifas.darkroom.door import MOST_CONNECTIONS, MOST_FRAME, Door, op
from seifas.darkroom.imaging import jpeg, registration
from seifas.darkroom.imaging.evidence import NAMED, evidence, score
from seifas.darkroom.imaging.watermark import grey_of
from seifas.darkroom.peers import Peers
from seifas.darkroom.renditions import Place, seal_into
from seifas.darkroom.showing import Showing
from seifas.darkroom.sockets import bound
from seifas.darkroom.turns import Turns
from seifas.errors import Invalid, Missing, SeifasError, Tampered, TooLarge, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.storage.objects import Objects, local_objects

SEED = hashlib.sha256(b"this view").digest()
OTHER = hashlib.sha256(b"another view").digest()


class FakeKeeper:
    """Gives out what it was told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, name: str, **args: Any) -> Any:
        self.calls.append((name, args))
        answer = self.answers.get(name, {})
        if isinstance(answer, SeifasError):
            raise answer
        return answer


class Room:
    def __init__(self, place: Path) -> None:
        self.keeper = FakeKeeper()
        self.objects: Objects = local_objects(place / "objects")
        self.turns = Turns(2, "test")
        self.showing = Showing(cast(KeeperClient, self.keeper), self.objects, self.turns)
        self.picture = scene(1200, 900, 21)

    def place(self, **changed: Any) -> Place:
        made = Place(os.urandom(16), os.urandom(32), os.urandom(16), os.urandom(16), 5)
        return msgspec.structs.replace(made, **changed)

    def ticket(self, place: Place, **more: Any) -> dict[str, Any]:
        told = {
            "photo": os.urandom(16), "rendition": "screen", "seed": SEED, "visible": "",
            **msgspec.structs.asdict(place), **more,
        }  # fmt: skip
        self.keeper.answers["darkroom.ticket"] = told
        return told

    def kept(self) -> Place:
        place = self.place()
        seal_into(self.objects, place, (jpeg.encoded(self.picture, 95, full_colour=True),))
        return place

    def show(self, role: str = "desk") -> dict[str, Any]:
        return asyncio.run(self.showing.show(role, bytes(32)))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.turns.close()


def _scores(room: Room, body: bytes) -> tuple[float, float]:
    fixed, moving = registration.working(room.picture), registration.working(jpeg.decoded(body))
    fit = registration.register(fixed, moving)
    assert fit is not None
    laid, there = registration.laid_on(moving, fit.warp, fixed.shape[1], fixed.shape[0])
    found = evidence(grey_of(fixed), grey_of(laid), there)
    return score(found, SEED), score(found, OTHER)


def test_what_is_shown_names_its_view(room: Room) -> None:
    place = room.kept()
    for rendition in ("full", "thumb"):
        room.ticket(place, rendition=rendition)
        mine, another = _scores(room, room.show()["body"])
        assert mine > 3 * NAMED
        assert abs(another) < 5
    assert room.keeper.calls[0] == ("darkroom.ticket", {"ticket": bytes(32), "peer": "desk"})
    room.show("any")
    assert room.keeper.calls[-1][1]["peer"] == ""


def test_both_of_an_aligned_pair_name_their_views(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    about = cv2.getRotationMatrix2D((600, 450), 4.0, 1.1)
    later = np.asarray(cv2.warpAffine(room.picture, about, (1200, 900), borderMode=cv2.BORDER_REFLECT), np.uint8)
    place = room.place()
    seal_into(room.objects, place, (jpeg.encoded(later, 95, full_colour=True),))
    tickets = {
        b"a" * 32: room.ticket(place, seed=OTHER, visible="Ona 2026-11-22"),
        b"b" * 32: room.ticket(room.kept(), visible="Ona 2026-11-22"),
    }

    async def call(name: str, **args: Any) -> Any:
        return tickets[args["ticket"]]

    monkeypatch.setattr(room.keeper, "call", call)
    told = asyncio.run(room.showing.align("desk", *tickets))
    assert told["aligned"] is True
    assert (told["b"]["width"], told["b"]["height"]) == (1200, 900)
    mine, another = _scores(room, told["b"]["body"])
    assert mine > 3 * NAMED, "against its own original, though it was moved"
    assert abs(another) < 5
    room.picture = later
    another, mine = _scores(room, told["a"]["body"])
    assert mine > 3 * NAMED
    assert abs(another) < 5


def test_nothing_leaves_without_a_mark(room: Room) -> None:
    place = room.kept()
    for seed in (b"", b"short", SEED + b"x"):
        for rendition in ("full", "screen", "thumb", "blur"):
            room.ticket(place, rendition=rendition, seed=seed)
            with pytest.raises(Tampered):
                room.show()
    for rendition in ("original", "", "PUBLISHED"):
        room.ticket(place, rendition=rendition)
        with pytest.raises(Unavailable):
            room.show()


def test_a_wrong_key_place_or_object_shows_nothing(room: Room) -> None:
    place = room.kept()
    for name, value in (("key", os.urandom(32)), ("patient", os.urandom(16)), ("clinic", os.urandom(16)), ("epoch", 6)):
        room.ticket(msgspec.structs.replace(place, **{name: value}))
        with pytest.raises(Tampered):
            room.show()
    room.ticket(msgspec.structs.replace(place, object=os.urandom(16)))
    with pytest.raises(Missing):
        room.show()
    other = room.place(key=place.key, clinic=place.clinic, patient=place.patient)
    room.objects.put(other.object, [b"".join(bytes(one) for one in room.objects.get(place.object))])
    room.ticket(other)
    with pytest.raises(Tampered):
        room.show()


def test_a_visible_line_is_written_where_the_ticket_says_so(room: Room) -> None:
    place = room.kept()
    room.ticket(place)
    plain = jpeg.decoded(room.show()["body"])
    room.ticket(place, visible="Ž. Ąžuolaitė 2026-11-22 14:03")
    lettered = jpeg.decoded(room.show()["body"])
    assert abs(plain[:830].astype(int) - lettered[:830]).mean() < 2
    assert abs(plain[870:].astype(int) - lettered[870:]).mean() > 20


def test_a_published_copy_is_made_marked_and_shown_as_it_was_made(room: Room) -> None:
    source, target = room.kept(), room.place(patient=bytes(16))
    room.keeper.answers["darkroom.publish_grant"] = {
        "source": msgspec.structs.asdict(source), "seed": SEED, "publication": msgspec.structs.asdict(target),
    }  # fmt: skip
    assert asyncio.run(room.showing.publish("desk", bytes(32))) == {"width": 1200, "height": 900}
    assert room.keeper.calls[-1] == ("darkroom.published", {"grant": bytes(32), "width": 1200, "height": 900})
    room.ticket(target, rendition="published", seed=b"")
    one, other = room.show("public"), room.show("public")
    assert one == other
    assert _scores(room, one["body"])[0] > 3 * NAMED
    with pytest.raises(Invalid):
        asyncio.run(room.showing.align("desk", bytes(32), bytes(32)))


def test_a_publication_that_fails_leaves_nothing(room: Room) -> None:
    target = room.place()
    room.keeper.answers["darkroom.publish_grant"] = {
        "source": msgspec.structs.asdict(room.place()), "seed": SEED, "publication": msgspec.structs.asdict(target),
    }  # fmt: skip
    with pytest.raises(Missing):
        asyncio.run(room.showing.publish("desk", bytes(32)))
    assert room.keeper.calls[-1] == ("darkroom.publish_failed", {"grant": bytes(32)})
    assert list(room.objects.ids()) == []


# -- the door


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


def _with_door(tmp_path: Path, deed: Callable[[Path], Awaitable[None]], roles: tuple[str, ...] = ("desk",)) -> None:
    async def fine(role: str, args: Any) -> dict[str, Any]:
        return {"role": role}

    async def broken(role: str, args: Any) -> dict[str, Any]:
        raise ZeroDivisionError("Ona Petrauskienė")

    async def large(role: str, args: Any) -> bytes:
        return bytes(4 * 2**20)

    async def run() -> None:
        path = tmp_path / f"{os.urandom(4).hex()}.sock"
        handlers = {"fine": fine, "broken": broken, "large": large}
        table = {name: op(Empty, handler, *roles) for name, handler in handlers.items()}
        table["closed"] = op(Empty, fine)
        door = Door(table, Peers({"desk": os.geteuid()}, os.geteuid() + 1))
        await door.listen(bound(path))
        try:
            await deed(path)
        finally:
            await door.close()

    asyncio.run(run())


def test_ops_are_for_the_roles_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def deed(path: Path) -> None:
        client = KeeperClient(path)
        assert await client.call("fine") == {"role": "desk"}
        for name in ("closed", "no such op", "darkroom.ticket"):
            with pytest.raises(Invalid):
                await client.call(name)
        with pytest.raises(Invalid):
            await client.call("fine", more=1)
        with pytest.raises(SeifasError) as failed:
            await client.call("broken")
        assert "Petrauskien" not in failed.value.message + caplog.text
        answers = await asyncio.gather(*(client.call("large") for _ in range(60)))
        assert {len(one) for one in answers} == {4 * 2**20}
        with pytest.raises(TooLarge):
            await client.call("fine", more=bytes(MOST_FRAME))
        await client.close()

    async def too_large(path: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(struct.pack(">I", MOST_FRAME + 1))
        assert b"too-large" in await reader.read()
        writer.close()

    _with_door(tmp_path, too_large)
    with pytest.raises(Unavailable):
        _with_door(tmp_path, deed)


async def _answered(path: Path) -> Any:
    """What the door says as soon as there is room: those that hung up are let go one after the other."""
    give_up = time.monotonic() + 60
    while True:
        client = KeeperClient(path)
        try:
            return await client.call("fine")
        except Unavailable:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.02)
        finally:
            await client.close()


def test_one_role_cannot_hold_more_than_its_share(tmp_path: Path) -> None:
    async def deed(path: Path) -> None:
        writers = []
        for _ in range(MOST_CONNECTIONS + 8):
            _, writer = await asyncio.open_unix_connection(path)
            writer.write(struct.pack(">I", MOST_FRAME) + bytes(2000))  # and never the rest
            writers.append(writer)
        await asyncio.sleep(0.1)
        with pytest.raises(Unavailable):
            await KeeperClient(path, patience=0.2).call("fine")
        for writer in writers:
            writer.close()
        assert await _answered(path) == {"role": "desk"}

    _with_door(tmp_path, deed)


@given(junk=st.binary(max_size=300))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_junk_is_answered_or_ignored(tmp_path: Path, junk: bytes) -> None:
    async def deed(path: Path) -> None:
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(junk)
        writer.write(struct.pack(">I", len(junk)) + junk)
        await writer.drain()
        writer.close()
        client = KeeperClient(path)
        assert await client.call("fine") == {"role": "desk"}
        await client.close()

    _with_door(tmp_path, deed)


def test_strangers_are_turned_away(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "door.sock"
        door = Door({}, Peers({"desk": os.geteuid() + 7}, os.geteuid() + 1))
        door._peers._roles.pop(0, None)
        await door.listen(bound(path))
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(path))
            stranger.setblocking(False)
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(stranger, 1), 60) == b""
        await door.close()

    asyncio.run(run())


def test_a_client_of_a_darkroom_that_is_away(tmp_path: Path) -> None:
    async def run() -> None:
        client = DarkroomClient(tmp_path / "none.sock", patience=0.1)
        with pytest.raises(Unavailable) as away:
            await client.show(bytes(32))
        assert "darkroom" in away.value.message

    asyncio.run(run())
