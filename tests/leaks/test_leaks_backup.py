"""What a leak case holds is in a backup and comes back: files, results, decoys, watches; and no search does."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from leaks_stage import PEOPLE, begun, door_of, ended, registered, searched, sent, table

from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Stage
from seifas.errors import Missing


@pytest.mark.slow
def test_a_case_comes_back_from_a_backup(make_stage: Callable[[], Stage], places: Path) -> None:
    stage, place = make_stage(), places / f"backup-{os.urandom(4).hex()}"
    place.mkdir()
    stage.start()
    patients = registered(stage)
    sample = table(list(PEOPLE), ("Surname", "Name", "Born"))
    case = begun(stage)
    with door_of(stage) as door:
        sent(stage, door, case, "sample.csv", sample)
        assert ended(door, searched(stage, door, case))["state"] == "done"
    with stage.admin() as admin:
        given = admin.call("leak.admin_pass", case=case)["pass"]
        admin.call("watch.admin_add", case=case, url="http://watched.example/", every_min=60)
        planted = admin.call("decoy.admin_plant", label="draudikas", count=3, kind="export")
        before = admin.call("leak.admin_status", case=case)
        (result,) = before["results"]
        found = admin.call("leak.admin_results", case=case, result=result["id"])
    assert bytes.fromhex(patients[PEOPLE[0]]) in found["body"]
    backup = stage.seifas("backup", "--to", str(place / "data"), "--keys-to", str(place / "keys"))
    shutil.copyfile(stage.data / "kit" / "tombstones.note", place / "tombstones.note")
    stage.stop()

    new = Stage(place / "restored")
    try:
        secret = demo_passphrase_file(stage.data)
        new.seifas(
            "restore",
            "--from",
            backup["directory"],
            "--keys-from",
            backup["keys_directory"],
            "--passphrase-file",
            str(secret),
            "--tombstones",
            str(place / "tombstones.note"),
        )
        shutil.copyfile(secret, demo_passphrase_file(new.data))
        new.start()
        with new.admin() as admin:
            after = admin.call("leak.admin_status", case=case)
            for name in (
                "title",
                "ground",
                "made_ms",
                "mentions_left",
                "spent",
                "approved_until_ms",
                "files",
                "results",
            ):
                assert after[name] == before[name], name
            assert after["searches"] == 0
            assert after["files"][0]["sha256"] == hashlib.sha256(sample).digest()
            again = admin.call("leak.admin_results", case=case, result=result["id"])
            assert again["body"] == found["body"]
            (decoys,) = admin.call("decoy.admin_list")
            assert (decoys["export"], decoys["count"]) == (planted["export"], 3)
            (watch,) = admin.call("watch.admin_list")
            assert (watch["url"], watch["case"]) == ("http://watched.example/", case)
        with door_of(new) as door:
            with pytest.raises(Missing):  # what was given before does not open what came back
                door.call("search.begin", admin_pass=given, case=case, kind="match")
            # The file itself is there, and opens: it is searched once more.
            told = ended(door, searched(new, door, case))
            assert (told["state"], told["matched"]) == ("done", len(PEOPLE))
    finally:
        new.remove()
