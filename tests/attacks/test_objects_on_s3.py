"""Objects in a bucket of somebody else's: whoever runs the service can take, swap, cut and refuse them, and
no picture opens as another, no record is held up, and nobody but those who need it reach the service."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import obstore
import pytest
import seaweed_server
from keeper_rig import Asked, Rig
from obstore.store import S3Store
from photo_rig import opened, patient_of, take
from seaweed_server import Weed

from seifas import settings as settings_module
from seifas.darkroom import jail
from seifas.errors import Invalid, Missing, Refused, SeifasError, Tampered, Unavailable
from seifas.keeper import object_store, photo_model
from seifas.storage.object_places import S3At, checked, tcp_ports
from seifas.storage.objects import Objects
from seifas.storage.objects_s3 import require_create_only, s3_store


@pytest.fixture(scope="module")
def weed() -> Iterator[Weed]:
    with seaweed_server.server() as running:
        yield running


@pytest.fixture
def rig(tmp_path: Path, weed: Weed) -> Rig:
    return Rig(tmp_path / "vault", storage=weed.settings(f"rig-{os.urandom(4).hex()}"))


def test_objects_swapped_cut_and_taken_in_the_bucket_do_not_open(rig: Rig) -> None:
    thief: S3Store = s3_store(rig.settings.objects_at(rig.data))  # type: ignore[arg-type]  # it is a bucket

    def fetched(name: str) -> bytes:
        return bytes(obstore.get(thief, name).bytes())

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        one, two = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        photos = [await take(asked, doctor, patient) for patient in (one, one, two)]
        vault = asked.keeper.require_unlocked().vault
        facts = {}
        for patient, photo in zip((one, one, two), photos, strict=True):
            head = vault.head(patient)
            facts[photo] = photo_model.facts_of(vault, head, photo_model.photo_entries(vault, head, photo)[1])
        first, second, third = photos
        name = {
            (photo, size): facts[photo].objects[size].id.hex() for photo in photos for size in ("full", "screen")
        }
        target = name[first, "full"]
        true = fetched(target)

        async def shown() -> bytes:
            told = await asked.desk("photo.open", session=doctor, photo=first, rendition="full")
            return bytes(await opened(asked, told["ticket"]))

        assert (await shown()).endswith(b"full")
        swaps = [fetched(name[second, "full"]), fetched(name[third, "full"]), fetched(name[first, "screen"])]
        cuts = [true[:-1], true[: len(true) // 2], true[:16], b"\x00", true + b"\x00", true[1:], b""]
        flips = [bytes((true[0] ^ 1,)) + true[1:], true[:-1] + bytes((true[-1] ^ 128,))]
        for forged in (*swaps, *cuts, *flips):
            obstore.put(thief, target, forged)
            with pytest.raises(Tampered):
                await shown()
        obstore.delete(thief, target)
        with pytest.raises(Missing):
            await shown()
        obstore.put(thief, target, true)
        assert (await shown()).endswith(b"full")

    rig.run(deed)


def test_the_bucket_holds_nothing_that_can_be_read_or_tells_whose_it_is(rig: Rig) -> None:
    thief: S3Store = s3_store(rig.settings.objects_at(rig.data))  # type: ignore[arg-type]

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        await take(asked, doctor, await patient_of(asked, doctor, "Planktonaitė"))

    rig.run(deed)
    listed = [found for batch in obstore.list(thief) for found in batch]
    assert len(listed) >= 4
    bodies = b"".join(bytes(obstore.get(thief, found["path"]).bytes()) for found in listed)
    marks = (b"Planktonait", b"JFIF", b"full", b"screen", rig.settings.clinic.id.encode())
    assert not any(mark in bodies for mark in marks)
    assert all(mark in bodies + b"Planktonait JFIF full screen" for mark in marks[:4]), "the searcher sees"
    assert all(len(found["path"]) == 32 for found in listed)
    attributes = [obstore.get(thief, found["path"]).attributes for found in listed]
    assert len({str(sorted(one.items())) for one in attributes}) == 1, "no header tells one object from another"


def test_a_store_that_writes_over_what_is_there_is_refused(weed: Weed, monkeypatch: pytest.MonkeyPatch) -> None:
    place = weed.place("overwrites")
    real = obstore.put

    def careless(*args: object, mode: str = "overwrite", **kept: object) -> object:
        return real(*args, **kept)  # type: ignore[call-overload]

    require_create_only(Objects(s3_store(place)))
    monkeypatch.setattr(obstore, "put", careless)
    with pytest.raises(Refused):
        asyncio.run(object_store.tried(place))
    monkeypatch.undo()
    monkeypatch.setattr(obstore, "copy", lambda *_, **__: None)
    with pytest.raises(Refused):
        asyncio.run(object_store.tried(place))
    monkeypatch.undo()
    assert list(Objects(s3_store(place)).ids()) == []


def test_records_open_though_no_object_store_answers(rig: Rig, weed: Weed) -> None:
    port = seaweed_server.free_port()
    rig.settings = settings_module.replaced(rig.settings, storage=msgspec.structs.replace(
        rig.settings.storage, s3_endpoint=f"http://127.0.0.1:{port}"
    ))  # fmt: skip

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        assert asked.bodies(patient)
        with pytest.raises(Unavailable):
            asked.keeper.require_unlocked().objects.put(os.urandom(16), [b"x"])

    began = time.monotonic()
    rig.run(deed)
    assert time.monotonic() - began < 40


@pytest.mark.parametrize(
    "endpoint",
    ["http://s3.example.lt", "http://10.0.0.7:9000", "ftp://127.0.0.1", "127.0.0.1:9000", "", "https://", "https://a/b",
     "https://user:word@a", "https://a:0", "https://a:99999", "https://a?x=1", "http://127.0.0.1.example.lt"],
)  # fmt: skip
def test_no_service_is_reached_in_the_clear_or_by_half_an_address(endpoint: str, tmp_path: Path) -> None:
    place = S3At(endpoint, "seifas", "us-east-1", "", tmp_path / "key")
    with pytest.raises(Invalid):
        checked(place)
    with pytest.raises(Invalid):
        s3_store(place)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"one", b"one\ntwo\nthree\n", "raktas\nžodis\n".encode(), b"a\n" + b"b" * 5000]
)
def test_a_key_file_that_is_none_is_named_and_not_shown(content: bytes, tmp_path: Path, weed: Weed) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(Invalid) as caught:
        s3_store(msgspec.structs.replace(weed.place(), key_file=tmp_path / "key"))
    assert "key_file" in f"{caught.value.message} {caught.value.where}"
    assert "three" not in str(caught.value)
    with pytest.raises(Unavailable):
        s3_store(msgspec.structs.replace(weed.place(), key_file=tmp_path / "gone"))


def test_a_wrong_key_opens_nothing_and_no_error_tells_the_key(
    weed: Weed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the environment offers is not taken instead.
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", weed.secret)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "seifas-tests")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    (tmp_path / "key").write_text("seifas-tests\nnotthesecretatall\n")
    objects = Objects(s3_store(msgspec.structs.replace(weed.place(), key_file=tmp_path / "key")))
    for attempt in (
        lambda: objects.put(bytes(16), [b"x"]), lambda: list(objects.ids()), lambda: objects.size(bytes(16)),
        lambda: objects.get(bytes(16)), lambda: objects.delete(bytes(16)),
    ):  # fmt: skip
        with pytest.raises(SeifasError) as caught:
            attempt()
        assert "notthesecret" not in f"{caught.value.message}{caught.value.where}{caught.value.__cause__}"
    Objects(s3_store(weed.place("right"))).put(bytes(16), [b"x"])


def test_the_leaks_process_reaches_the_buckets_port_and_no_other(weed: Weed) -> None:
    if jail.landlock_version() < 4:
        pytest.skip("this kernel cannot forbid TCP")
    (port,) = tcp_ports(weed.place())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        other = listener.getsockname()[1]
        pid = os.fork()
        if pid == 0:
            verdict = 1
            try:
                assert jail.forbid_ports((port,))
                with socket.socket() as allowed:
                    assert allowed.connect_ex(("127.0.0.1", port)) == 0
                with socket.socket() as forbidden:
                    assert forbidden.connect_ex(("127.0.0.1", other)) == 13
                with socket.socket() as bound, pytest.raises(PermissionError):
                    bound.bind(("127.0.0.1", port))
                verdict = 0
            finally:
                os._exit(verdict)
        assert os.waitpid(pid, 0)[1] == 0


FORKED = """
import os, sys
from pathlib import Path
from seifas.keeper import unlocking
from seifas.keeper.keeper import Keeper
from seifas.settings import load
from seifas.storage.opening_objects import open_objects

data = Path(sys.argv[1])
keeper = Keeper(data, load(data))
keeper.open = unlocking.unlock(keeper, bytes.fromhex(sys.stdin.readline()))
unlocking.lock(keeper)
pid = os.fork()
if pid == 0:
    open_objects(keeper.settings.objects_at(data)).put(bytes(16), [b"by the child"])
    os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_a_command_that_opened_the_vault_can_fork_a_keeper_that_reaches_the_bucket(rig: Rig) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, rig.data], input=rig.root.hex() + "\n", text=True, timeout=60, check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert b"".join(Objects(s3_store(rig.settings.objects_at(rig.data))).get(bytes(16))) == b"by the child"
