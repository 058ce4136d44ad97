"""An incident case in a served clinic: what it queues goes out through the jobs process, each once; the command line
shows it; and it comes back from a backup without sending anything again."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from darkroom_stage import Desk
from evidence_rig import Authority, served
from sending_servers import Post, serving

from seifas import settings as settings_module
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.stage import Stage
from seifas.incidents import timestamping
from seifas.keeper.case_sending import send_digest
from seifas.settings import Incidents

WORD = "ŽODIS-KURIO-NIEKAS-NEMATO-4716"


def mail(to: str) -> bytes:
    return json.dumps({"to": to, "subject": "Pranešimas", "text": WORD}).encode()


def send(stage: Stage, officer: Desk, case: bytes, payload: bytes, key: SoftAuthenticator) -> None:
    """A mail, with the touch that it takes."""
    touched = officer.ask("stepup.begin", digest=send_digest(case, "mail", payload))
    made = key.get(touched["options"], f"http://localhost:{stage.staff}")
    officer.ask("stepup.finish", handle=touched["handle"], credential=made)
    officer.ask("case.send", case=case, kind="mail", payload=payload)


def passkey(stage: Stage, officer: Desk) -> SoftAuthenticator:
    key = SoftAuthenticator()
    begun = officer.ask("passkey.add_begin")
    made = key.create(begun["options"], f"http://localhost:{stage.staff}")
    officer.ask("passkey.add_finish", handle=begun["handle"], credential=made)
    return key


def cases(stage: Stage, *args: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "cases", *args, "--data", str(stage.data), "--json"],
        capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
    )
    return done.returncode, json.loads(done.stdout)


def states(officer: Desk, case: bytes) -> list[tuple[str, str]]:
    return [(one["state"], one["word"]) for one in officer.ask("case.sendings", case=case)]


def until(officer: Desk, case: bytes, wanted: list[tuple[str, str]]) -> None:
    give_up = time.monotonic() + 60
    while states(officer, case) != wanted:
        assert time.monotonic() < give_up, states(officer, case)
        time.sleep(0.1)


@pytest.mark.slow
def test_a_case_goes_out_once_and_comes_back_from_a_backup(
    make_stage: Callable[[], Stage], places: Path, tmp_path: Path
) -> None:
    stage, place = make_stage(), places / f"backup-{os.urandom(4).hex()}"
    place.mkdir()
    authority = Authority(tmp_path / "tsa")
    with serving(Post()) as post, served(authority) as tsa:
        ours = settings_module.load(stage.data)
        alarms = msgspec.structs.replace(ours.alarms, smtp_host="127.0.0.1", smtp_port=post.port)
        settings_module.write(stage.data, settings_module.replaced(
            ours, alarms=alarms, incidents=Incidents(tsa_url=tsa, mail_from="dap@klinika.example"),
        ))  # fmt: skip
        stage.start()
        with Desk(stage, "officer1") as officer:
            case = officer.ask("case.open", title="Pavogti įrašai", kind="hand")["case"]
            note = officer.ask("case.append", case=case, kind="note", body=json.dumps({"text": WORD}).encode())
            key = passkey(stage, officer)
            send(stage, officer, case, mail("ada@ada.example"), key)
            query = timestamping.query(b"manifest")
            stamp = json.dumps({"query": base64.b64encode(query).decode()}).encode()
            officer.ask("case.send", case=case, kind="stamp", payload=stamp)
            until(officer, case, [("sent", ""), ("sent", "")])
            assert [to for _, to, _ in post.letters if to == "ada@ada.example"] == ["ada@ada.example"]
            answer = officer.ask("case.sendings", case=case)[1]["answer"]
            assert timestamping.stamped(answer, b"manifest", authority.root) > 0
            post.mood = "gone"
            send(stage, officer, case, mail("police@ada.example"), key)
            until(officer, case, [("sent", ""), ("sent", ""), ("queued", "no-answer")])
        stage.kill("keeper")
        stage.wait_ready()
        with Desk(stage, "officer1") as officer:
            assert states(officer, case) == [("sent", ""), ("sent", ""), ("queued", "no-answer")]
        code, listed = cases(stage, "list")
        assert (code, [one["title"] for one in listed["cases"]]) == (0, ["Pavogti įrašai"])
        code, shown = cases(stage, "show", case.hex())
        assert code == 0
        (entry,) = shown["entries"]
        assert (entry["entry"], entry["body"], entry["kind"]) == (note["entry"].hex(), {"text": WORD}, "note")
        assert [one["state"] for one in shown["sendings"]] == ["sent", "sent", "queued"]
        assert "case-entry" in [one["deed"] for one in shown["lines"]]
        assert cases(stage, "show", "00" * 16)[1]["error"] == "missing"
        assert cases(stage, "show", "kas")[1]["error"] == "invalid"
        backup = stage.seifas("backup", "--to", str(place / "data"), "--keys-to", str(place / "keys"))
        shutil.copyfile(stage.data / "kit" / "tombstones.note", place / "tombstones.note")
        stage.stop()
        assert WORD.encode() not in stage.log.read_bytes()
        post.mood = ""
        restored(stage, place, backup, case, post)


def restored(stage: Stage, place: Path, backup: dict[str, Any], case: bytes, post: Post) -> None:
    new, secret = Stage(place / "restored"), demo_passphrase_file(stage.data)
    before = len(post.letters)
    try:
        new.seifas(
            "restore", "--from", backup["directory"], "--keys-from", backup["keys_directory"], "--passphrase-file",
            str(secret), "--tombstones", str(place / "tombstones.note"),
        )
        shutil.copyfile(secret, demo_passphrase_file(new.data))
        new.start()
        with Desk(new, "officer1") as officer:
            until(officer, case, [("sent", ""), ("sent", ""), ("failed", "unsure")])
            (entry,) = officer.ask("case.entries", case=case)
            assert (json.loads(entry["body"]), entry["line"]) == ({"text": WORD}, -1)
            assert officer.ask("case.append", case=case, kind="note", body=b"{}")["seq"] == 2
            assert officer.ask("case.entries", case=case, after=1)[0]["line"] > 0
            assert [to for _, to, _ in post.letters[before:] if to.endswith("@ada.example")] == []
    finally:
        new.remove()
