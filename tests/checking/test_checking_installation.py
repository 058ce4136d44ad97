"""A clean installation has no finding; each hole planted into it is found, and nothing else is; and with the vault
locked, off or asked in part it says what it does not see.

In one file: the installation is made once for whoever runs it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from clean_clinic import Clean, only_root
from click.testing import CliRunner, Result
from msgspec.structs import replace
from planted import HOLES
from planting import Plant

from seifas.checking import databases, listeners, looking
from seifas.checking.model import Report
from seifas.cli.verbs import VERBS, command_of
from seifas.errors import Invalid
from seifas.settings import Listen, Settings, Shield

ALLOWED = set() if only_root() else {"separation-off"}
INSIDE = {
    "one-way-in", "restore-not-rehearsed", "replica-failed", "clock-jumped", "accounts-without-passkey",
    "officer-missing", "officer-alone", "canaries-absent", "alarms-unanswered", "token-alone", "backup-keys-behind",
}
SERVED = {
    "program-not-restarted", "settings-not-in-force", "memory-unlocked", "headers-weak", "tls-old",
    "certificate-wrong",
}
NO_FILE = {"dependency-advisory", "advisories-old"}


def hidden(report: Report) -> set[str]:
    return {ident for one in report.unseen for ident in one.ids}


def check(*args: str) -> Result:
    return CliRunner().invoke(command_of(next(verb for verb in VERBS if verb.name == "check")), [*args])


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_clean_installation_has_no_finding(clean: Clean) -> None:
    report = looking.look(clean.sight())
    assert {one.id: one.seen for one in report.findings if one.id not in ALLOWED} == {}
    assert hidden(report) == NO_FILE
    assert len(report.looked) == len(looking.IDS) - len(NO_FILE)


@pytest.mark.parametrize(("ident", "plant"), [hole[1:] for hole in HOLES], ids=[hole[0] for hole in HOLES])
def test_a_planted_hole_is_its_own_finding_and_no_other(clean: Clean, ident: str, plant: Plant) -> None:
    with plant(clean) as sight:
        found = looking.look(sight).findings
    assert {one.id for one in found} - ALLOWED == {ident}, [(one.id, one.seen) for one in found]
    assert all(one.seen and one.why and one.fix for one in found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda now: replace(now, listen=replace(now.listen, staff="0.0.0.0:8443")), {"staff-open"}),
        (lambda now: replace(now, listen=replace(now.listen, staff="[::]:8443")), {"staff-open"}),
        (lambda now: replace(now, listen=replace(now.listen, staff="8.8.8.8:8443")), {"staff-open"}),
        (lambda now: replace(now, listen=replace(now.listen, staff="192.168.1.10:8443")), set()),
        (lambda now: replace(now, shield=Shield(on=False), listen=replace(now.listen, staff_url="https://a.test")),
         {"shield-off"}),
        (lambda now: replace(now, shield=Shield()), {"tls-off"}),
        (lambda now: replace(now, listen=Listen(unlock="0.0.0.0:8402"), shield=Shield(certificate="acme")),
         {"unlock-open"}),
    ],
)  # fmt: skip
def test_where_it_is_reached_from(clean: Clean, change: object, expected: set[str]) -> None:
    """Looked at alone: nobody listens there."""
    assert callable(change)
    settings: Settings = change(clean.sight().settings)
    found = {one.id for one in listeners.look(clean.sight(settings=settings)) if hasattr(one, "id")}
    assert found == expected


def test_every_finding_has_a_hole_that_shows_it() -> None:
    in_the_test_above = {"tls-off", "shield-off", "staff-open"}
    of_databases = {kind.id for kind in databases.KINDS}  # test_checking_databases.py
    assert looking.IDS - {hole[1] for hole in HOLES} == in_the_test_above | of_databases


def test_locked(clean: Clean) -> None:
    sight = clean.sight()
    assert sight.keeper is not None
    report = looking.look(replace(sight, keeper=replace(sight.keeper, inside=None)))
    assert report.findings == ()
    assert hidden(report) == INSIDE | NO_FILE
    assert all("locked" in one.reason for one in report.unseen if set(one.ids) <= INSIDE)


def test_off(clean: Clean) -> None:
    report = looking.look(clean.sight(keeper=None, served=False))
    assert report.findings == ()
    assert hidden(report) == INSIDE | SERVED | NO_FILE | {"separation-off"}


def test_a_node_that_stands_by(clean: Clean) -> None:
    report = looking.look(clean.sight(keeper=None, served=False, standby=True))
    assert report.findings == ()
    assert all("active one" in one.reason for one in report.unseen if set(one.ids) <= INSIDE)


def test_a_keeper_for_this_look_only(clean: Clean) -> None:
    """With --passphrase-file: everything from inside, nothing of processes."""
    report = looking.look(clean.sight(served=False))
    assert report.findings == ()
    assert hidden(report) == SERVED | NO_FILE | {"separation-off"}


def test_where_nobody_said_where_backups_lie_the_log_is_asked(clean: Clean) -> None:
    sight = clean.sight(backups=None, key_copies=None)
    report = looking.look(sight)
    assert report.findings == ()
    assert {"backup-beside-data", "backup-damaged"} <= hidden(report)
    assert not {"backup-none", "backup-old"} & hidden(report)
    never = replace(clean.with_inside(backup_ms=0), backups=None)
    assert [one.id for one in looking.look(never).findings] == ["backup-none"]
    late = replace(clean.with_inside(backup_ms=sight.now_ms - 5 * 86_400_000), backups=None)
    assert [one.id for one in looking.look(late).findings] == ["backup-old"]


def test_quick_still_sees_a_file_that_is_gone(clean: Clean) -> None:
    rows = next(one for one in (clean.at / "backups").glob("seifas-*")) / "data" / "rows.db"
    aside = rows.rename(rows.with_suffix(".aside"))
    try:
        found = looking.look(clean.sight(quick=True), looking.chosen("backup-damaged")).findings
    finally:
        aside.rename(rows)
    assert [one.id for one in found] == ["backup-damaged"]


def test_only_what_was_asked(clean: Clean) -> None:
    only = looking.chosen(" keys-beside-data, canaries-absent ,")
    report = looking.look(clean.sight(keeper=None, served=False), only)
    assert set(report.looked) == {"keys-beside-data"}
    assert hidden(report) == {"canaries-absent"}
    assert looking.chosen("") == looking.IDS
    for wrong in ("nothing", "keys-beside-data,x", "x" * 10_000, "../../etc"):
        with pytest.raises(Invalid):
            looking.chosen(wrong)


def test_the_command_on_the_served_clinic(clean: Clean) -> None:
    """As root on this machine would: what is left is this machine's own."""
    result = check("--data", str(clean.data), "--json", "--quick")
    found = {one["id"]: one for one in told(result)["findings"]}
    of_this_machine = {
        "keys-beside-data", "replica-beside-data", "backup-beside-data", "backup-with-keys", "witness-beside-log",
        "clock-not-kept", "ports-open", "memory-unlocked", "swap-open", "dumps-kept", "hibernation-on",
        "separation-off", "log-unverified", "program-writable",
    }
    assert set(found) <= of_this_machine, found
    assert {"keys-beside-data", "backup-with-keys"} <= set(found)
    assert result.exit_code == 1
    words = check("--data", str(clean.data), "--only", "keys-beside-data,dependency-advisory")
    assert words.exit_code == 1
    assert str(clean.at / "keys" / "seifas") in words.stderr
    assert "not seen: dependency-advisory" in words.stderr
    assert check("--data", str(clean.data), "--only", "officer-alone,tls-off").exit_code == 0


@pytest.mark.skipif(
    not all(one.stat().st_mode & 0o001 for one in Path(looking.__file__).parents),
    reason="only root can enter the program's place, so nobody else can run it",
)
def test_as_a_user_who_may_read_little(clean: Clean) -> None:
    """It says what it did not see, and takes nothing that it may not read for something that is not there."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if only_root():
                os.setgid(65534)
                os.setuid(65534)
            report = looking.look(clean.sight(keeper=None, served=False))
            os.write(writable, json.dumps([[one.id for one in report.findings], sorted(hidden(report))]).encode())
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        found, blind = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert found == []
    assert not only_root() or {"data-open", "backup-none", "backup-damaged", "log-damaged", "schema-old"} <= set(blind)


@pytest.mark.parametrize(
    ("args", "exit_code"),
    [
        (("--only", "nothing"), 2),
        (("--advisories", "/nowhere"), 2),
        (("--backups", "/nowhere"), 2),
        (("--key-copies", "/nowhere"), 2),
        (("--port", "70000"), 2),
        (("--data", "/nowhere"), 6),
    ],
)
def test_wrong_input(clean: Clean, args: tuple[str, ...], exit_code: int) -> None:
    result = check("--data", str(clean.data), "--json", *args)
    assert result.exit_code == exit_code
    assert told(result)["message"]


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff\xfe", b"[" * 5000])
def test_wrong_advisories(clean: Clean, tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "advisories"
    file.write_bytes(raw)
    result = check("--data", str(clean.data), "--json", "--only", "dependency-advisory", "--advisories", str(file))
    assert (result.exit_code, told(result)["error"]) == (2, "invalid")


def test_nothing_that_it_says_names_anybody(clean: Clean) -> None:
    """Accounts, addresses, custodians and secrets stand in the vault and its settings; not in what is told."""
    text = check("--data", str(clean.data), "--json").stdout
    texts = [text, *_everything_wrong(clean)]
    for name in ("ona", "jonas", "rasa", "petras", "slaptažodis", "akmuo", "@klinika"):
        assert all(f" {name}" not in one and f"{name}@" not in one for one in texts), name


def _everything_wrong(clean: Clean) -> list[str]:
    sight = clean.with_inside(
        officers=0, accounts=9, canaries=0, alarms_unanswered=3, replica_failed=True, rehearsal_ms=0, passphrases=1,
        custodians=0,
    )
    return [f"{one.seen} {one.fix}" for one in looking.look(sight).findings]


def test_all_holes_taken_out_again_nothing_is_left(clean: Clean) -> None:
    assert {one.id for one in looking.look(clean.sight()).findings} - ALLOWED == set()
