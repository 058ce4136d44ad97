"""When the leaks process ends: ten minutes after its last search, and at once when the keeper wants it gone. The keeper
is a stand-in behind the true door, so that minutes are fractions of a second and it can be locked in between."""

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seifas.darkroom.door import Door, op
from seifas.darkroom.peers import Peers
from seifas.darkroom.sockets import bound
from seifas.errors import Locked, Missing, Refused, SeifasError, SignIn, Unavailable
from seifas.leaks import main as leaks_main
from seifas.leaks.client import RENEWED, LeaksClient
from seifas.leaks.results import Candidate, Matched, Row, body_of
from seifas.storage.object_places import FilesAt
from seifas.storage.objects import local_objects

CASE = b"c" * 16
WARM_S = 1.5
FOUND = body_of(Matched((Row("a.csv", 1, (0, 5), "Jonas", (Candidate(b"p" * 16, 0.9, ("surname",)),), 0.1),)))


class _Any(msgspec.Struct):
    """Whatever is asked."""


class Keeper:
    """Lets everything be explained, over a case with one row found, until `says` is an error."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.says: SeifasError | None = None
        self.asked: list[str] = []
        self.when: dict[str, float] = {}
        self.slow_s = 0.0
        self.refused: set[str] = set()

    async def open(self) -> None:
        answers: dict[str, Any] = {
            "leak.start": {"search": b"s" * 32, "mentions_left": 5000}, "leak.end": {}, "leak.check": {},
            "leak.files": [], "leak.so_far": {"results": [{"kind": "match", "body": FOUND}], "patients": 9},
            "leak.lines": {"lines": [], "next": -1, "accounts": {}}, "leak.found": {"result": b"r" * 16},
            "leak.file_begin": {"file": b"f" * 16, "object": b"o" * 16, "key": b"k" * 32, "clinic": b"c" * 16,
                                "epoch": 1},
            "leak.keep_file": {},
        }  # fmt: skip
        self._door = Door({name: op(_Any, self._answer(name, told)) for name, told in answers.items()},
                          Peers(None, os.geteuid()))  # fmt: skip
        self._socket = bound(self.path)
        await self._door.listen(self._socket)

    async def close(self) -> None:
        await self._door.close()
        self._socket.close()

    def _answer(self, name: str, told: Any) -> Callable[[str, Any], Awaitable[Any]]:
        async def answer(role: str, args: Any) -> Any:
            self.asked.append(name)
            self.when[name] = time.monotonic()
            if name in ("leak.so_far", "leak.keep_file"):
                await asyncio.sleep(self.slow_s)
            if name in self.refused:
                raise Refused("two people have to approve this case first")
            if self.says is not None:
                raise self.says
            return told

        return answer


@pytest.fixture(autouse=True)
def _quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the keeper every second, not every three."""
    monkeypatch.setattr(leaks_main, "_TICK_S", 0.33)


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        place = Path(made)
        for name in ("run/leaks", "run/reading", "data/objects"):
            (place / name).mkdir(parents=True)
        local_objects(place / "data" / "objects")
        yield place


def lived(
    data: Path, deed: Callable[[LeaksClient, Keeper], Awaitable[Any]], *, warm_s: float = WARM_S,
    uploads_s: float = 60.0,
) -> float:
    """When the process ended, on the monotonic clock: it does, and in no long time."""
    async def main() -> float:
        keeper = Keeper(data / "run" / "leaks.sock")
        await keeper.open()
        process = asyncio.create_task(
            leaks_main._serve(
                data, Peers(None, os.geteuid()), FilesAt(data / "data" / "objects"), warm_s=warm_s, uploads_s=uploads_s
            )
        )
        client = LeaksClient(data / "run" / "leaks" / "samples.sock")
        await deed(client, keeper)
        done, _ = await asyncio.wait([process], timeout=60)
        assert done, "it lives on"
        ended = time.monotonic()
        await client.close()
        await keeper.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:  # they would wait for the next process
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        process.result()
        return ended

    return asyncio.run(main())


async def begun_and_done(client: LeaksClient) -> bytes:
    """A whole search."""
    job = await client.explain("s", CASE)
    told = {"state": "", "version": -1}
    while told["state"] not in ("done", "failed", "cancelled"):
        told = await client.progress("s", job, told["version"])
    assert told["state"] == "done", told
    return job


def test_it_ends_some_minutes_after_its_last_search_and_not_before(data: Path) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        await begun_and_done(client)
        found.append(keeper.when["leak.found"])

    found: list[float] = []
    assert lived(data, deed) - found[0] >= WARM_S


def test_looking_at_it_for_ever_does_not_keep_it(data: Path) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        job = await begun_and_done(client)
        keeper.refused.add("leak.start")

        async def look() -> None:
            while True:
                with pytest.raises(Refused):
                    await client.match("s", CASE)
                await client.progress("s", job, -1)
                await client.running("s", CASE)
                await asyncio.sleep(0.2)

        looking.append(asyncio.create_task(look()))

    looking: list[asyncio.Task[None]] = []
    lived(data, deed)


@pytest.mark.parametrize("error", [Locked("locked"), SignIn("sign in"), Refused("closed"), Missing("gone")])
def test_it_ends_at_once_when_the_keeper_wants_it_gone(data: Path, error: SeifasError) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        await begun_and_done(client)
        await client.upload_begin("s", CASE, "half.csv", 100)  # which nobody will ever finish
        keeper.says = error

    lived(data, deed, warm_s=600)
    assert not list((data / "data" / "samples").iterdir())


def test_what_is_being_finished_is_finished_though_the_keeper_wants_it_gone(data: Path) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        await begun_and_done(client)
        upload = (await client.upload_begin("s", CASE, "whole.csv", 5))["upload"]
        await client.upload_part(upload, 0, b"hello")
        keeper.refused.add("leak.files")
        keeper.slow_s = 2.5  # longer than it takes to be told
        assert (await client.upload_finish("s", upload))["sha256"] == hashlib.sha256(b"hello").digest()
        assert "leak.files" in keeper.asked[keeper.asked.index("leak.keep_file") :]

    lived(data, deed, warm_s=600)


def test_what_is_begun_at_its_end_is_begun_with_the_next_process() -> None:
    async def main(path: Path) -> list[str]:
        asked: list[str] = []

        async def begin(role: str, args: Any) -> dict[str, bytes]:
            asked.append("begin")
            if len(asked) == 1:
                raise Unavailable("it ends", where=RENEWED)
            if len(asked) == 2:
                ending.set()
                await doors[0].close()
                return {"upload": b"lost"}
            return {"upload": b"u" * 32}

        async def full(role: str, args: Any) -> None:
            asked.append("full")
            raise Unavailable("no room", where="full")

        doors: list[Door] = []
        ending = asyncio.Event()
        client = LeaksClient(path)
        beginning = asyncio.create_task(client.upload_begin("s", CASE, "a.csv", 5))
        for over in (ending.wait(), beginning):
            ops = {"upload.begin": op(_Any, begin), "upload.part": op(_Any, full)}
            doors.append(Door(ops, Peers(None, os.geteuid())))
            await doors[-1].listen(bound(path))
            await asyncio.wait_for(over, 60)
        assert (await beginning)["upload"] == b"u" * 32
        with pytest.raises(Unavailable):
            await client.upload_part(b"u" * 32, 0, b"x")
        await client.close()
        await doors[-1].close()
        await asyncio.sleep(0.05)
        return asked

    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        assert asyncio.run(main(Path(place) / "samples.sock")) == ["begin", "begin", "begin", "full"]


def test_a_search_that_runs_is_ended_too(data: Path) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        keeper.slow_s = 2.5
        await client.explain("s", CASE)
        await asyncio.sleep(0.5)
        keeper.says = Locked("the vault is locked")

    lived(data, deed, warm_s=600)


def test_an_upload_puts_the_end_off_but_not_for_ever(data: Path) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        upload = (await client.upload_begin("s", CASE, "half.csv", 1000))["upload"]
        job = await begun_and_done(client)
        await client.forget("s", job)
        forgotten.append(time.monotonic())

        async def drip() -> None:
            for offset in range(1000):
                await client.upload_part(upload, offset, b"x")
                await asyncio.sleep(0.2)

        dripping.append(asyncio.create_task(drip()))

    dripping: list[asyncio.Task[None]] = []
    forgotten: list[float] = []
    assert lived(data, deed, warm_s=600, uploads_s=5.0) - forgotten[0] > 3.5, "longer than without it"


def test_where_nothing_was_read_it_waits(data: Path) -> None:
    async def deed(client: LeaksClient, keeper: Keeper) -> None:
        keeper.says = Locked("the vault is locked")
        with pytest.raises(Locked):
            await client.upload_begin("s", CASE, "a.csv", 100)
        with pytest.raises(Locked):
            await client.explain("s", CASE)
        await asyncio.sleep(WARM_S + 2)
        assert await client.running("", CASE) == []
        keeper.says = None
        await begun_and_done(client)

    lived(data, deed)
