"""`seifas move` as it is typed: a served clinic goes to PostgreSQL and S3, works there, and comes back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
import seaweed_server
from darkroom_stage import Desk, separated
from made_pictures import jpeg
from moved_vault import content
from seaweed_server import Weed

from seifas.drill.stage import Stage
from seifas.keeper import backup_manifest
from seifas.settings import Storage, load
from seifas.storage.objects import Objects
from seifas.storage.objects_s3 import s3_store


@pytest.fixture(scope="module")
def weed() -> Iterator[Weed]:
    with seaweed_server.server() as running:
        yield running


@pytest.mark.slow
def test_a_clinic_is_served_from_postgresql_and_s3_and_again_from_files(
    make_stage: Callable[[], Stage], weed: Weed, places: Path
) -> None:
    stage, prefix = make_stage(), f"stage-{os.urandom(4).hex()}"
    there = [
        "move", "--to", "postgresql", "--database", postgres_server.shared().database().conninfo, "--keys-database",
        postgres_server.shared().database().conninfo, "--objects", "s3", "--s3-endpoint", weed.endpoint, "--s3-bucket",
        seaweed_server.BUCKET, "--s3-prefix", prefix, "--s3-key-file", str(weed.key_file),
    ]
    bare = stage.seifas("move", fine=False)
    assert (bare["error"], bare["exit"]) == ("invalid", 2)
    told = stage.seifas(*there)
    assert told["moved"] == ["databases", "keys", "objects"]
    assert told["patients"] >= 300
    stage.start()
    assert stage.seifas("move", "--to", "sqlite", fine=False)["exit"] == 7, "not while it is served"
    with Desk(stage) as desk:
        patient = desk.patient()
        photo = bytes(desk.send(patient, jpeg(1600, 1200))["photo"])
        assert desk.show(photo, "screen")["width"] == 1600
        backup = stage.seifas("backup", "--to", str(places / prefix))
        held = {path.name[:32] for path in (places / prefix / "objects").iterdir()}
        before = set(Objects(s3_store(weed.place(prefix))).ids())
        assert held == {ident.hex() for ident in before}
        stage.seifas("erase", patient.hex(), "--now")
        assert len(before - set(Objects(s3_store(weed.place(prefix))).ids())) >= 4
        if separated(stage):
            assert weed.key_file.stat().st_mode & 0o777 == 0o640
    stage.stop()
    assert not [path for path in (stage.data / "data" / "objects").iterdir() if len(path.name) == 32]
    assert backup_manifest.check(Path(backup["directory"])).problems == ()
    shutil.rmtree(places / prefix)

    settings = load(stage.data)
    whole = content(stage.data, settings)
    stage.seifas("move", "--to", "sqlite", "--objects", "files")
    assert load(stage.data).storage == Storage()
    back = content(stage.data, load(stage.data))
    for part in ("rows", "keys", "slots", "epoch", "objects"):
        assert back[part] == whole[part]
    stage.start()
    with Desk(stage) as desk:
        photo = bytes(desk.send(desk.patient(), jpeg(800, 600))["photo"])
        assert desk.show(photo, "thumb")["width"] == 512
        with stage.admin() as admin:
            assert admin.call("health")["locked"] is False
