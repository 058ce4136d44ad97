"""The officer's and auditor's pages over HTTP: what comes by itself, proofs that others can check, notices for all."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

from seifas.audit.checkpoint import parse_verifier_key
from seifas.audit.proof import verify_proof
from seifas.web.desk.officer.house import rows_of
from seifas.web.desk.officer.kinds import ACTS, KINDS, kind_of
from seifas.web.words import WORDS

SignedIn = Callable[[str], Browser]


def test_the_list_comes_anew_only_when_something_changed(vault: RunningVault, browser: SignedIn) -> None:
    officer = browser("pareigune")
    page = officer.get("/desk").text
    mark = re.search(r"/desk/alarms/live\?seen=([0-9a-f]{32})", page)
    assert mark is not None
    assert officer.get(f"/desk/alarms/live?seen={mark[1]}").status_code == 204
    browser("registratore")  # somebody signs in: a session more
    anew = officer.get(f"/desk/alarms/live?seen={mark[1]}")
    assert anew.status_code == 200
    assert "<html" not in anew.text
    assert 'id="live"' in anew.text


def test_a_proof_is_one_that_anybody_can_check(vault: RunningVault, browser: SignedIn) -> None:
    officer = browser("pareigune")
    lines = officer.get("/desk/log").text
    index = re.search(r'name="index" value="(\d+)"', lines)
    assert index is not None
    answer = officer.submit("/desk/log/proof", index=index[1])
    assert answer.headers["content-disposition"] == f'attachment; filename="line-{index[1]}.tlog-proof"'
    key = re.search(r"<code>(seifas\.[^<]+\+[^<]+)</code>", officer.get("/desk/log/whole").text)
    assert key is not None
    proven = verify_proof(answer.content, parse_verifier_key(key[1].replace("&#43;", "+")))
    assert proven.index == int(index[1])


def test_filters_lead_to_addresses_without_names(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    officer = browser("pareigune")
    account = re.search(r'<option value="([0-9a-f]{32})"[^>]*>[^<]*\(gydytoja\)', officer.get("/desk/log").text)
    assert account is not None
    found = officer.submit("/desk/log", account=account[1], deeds="deeds-changed", day="")
    assert found.status_code == 200
    assert str(found.url).endswith(f"/desk/log?account={account[1]}&deeds=deeds-changed")
    opened = officer.submit("/desk/log", patient=f"https://klinika.example/desk/patient/{ona}")
    assert str(opened.url).endswith(f"/desk/log?patient={ona}")
    assert "Who opened this patient" in opened.text
    assert officer.submit("/desk/log", patient="Žukauskienė").status_code == 400
    hits = officer.submit("/desk/log/find", query="Žukau")
    assert f"/desk/log?patient={ona}" in hits.text
    assert "Žukauskienė" not in hits.text


def test_the_auditor_reads_and_checks_and_no_more(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    auditor = browser("auditore")
    assert "Newest lines" in auditor.get("/desk").text
    assert "The log is whole" in auditor.submit("/desk/log/whole").text
    assert auditor.get(f"/desk/log?patient={ona}").status_code == 403
    assert "/desk/log/find" not in auditor.get("/desk/log").text
    for path in ("/desk/budgets", "/desk/erasures", "/desk/house", "/desk/programs"):
        assert auditor.get(path).status_code == 403


def test_undoing_asks_for_the_passkey_of_who_has_one(vault: RunningVault, browser: SignedIn) -> None:
    vault.account("rupestinga", "officer")
    officer = browser("rupestinga")
    key = Touching(vault, officer)
    asked = officer.submit("/desk/undo", do="undo", account="gydytoja", since=str(int(time.time() * 1000) - 1000))
    assert asked.status_code == 403
    key.step_up(asked.text)
    since = re.search(r'"since": "(\d+)"', asked.text) or re.search(r'name="since" value="(\d+)"', asked.text)
    assert since is not None
    assert "Undone" in officer.submit("/desk/undo", do="undo", account="gydytoja", since=since[1]).text


def test_holds_are_set_and_cleared_with_a_word(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    officer = browser("pareigune")
    assert officer.submit("/desk/erasures", do="hold", patient=ona, why="x").status_code == 400
    held = officer.submit("/desk/erasures", do="hold", patient=f"/desk/patient/{ona}", why="Byla 12/2026")
    assert "Byla 12/2026" in held.text
    assert officer.submit("/desk/erasures", do="ask", patient=ona, ground="patient-asked").status_code == 403
    assert "Byla 12/2026" not in officer.submit("/desk/erasures", do="clear", patient=ona, why="Baigta").text
    assert officer.submit("/desk/erasures", do="ask", patient=ona, ground="because").status_code == 400
    asked = officer.submit("/desk/erasures", do="ask", patient=ona, ground="patient-asked")
    assert asked.status_code == 200
    assert ona in asked.text
    # Everybody is told on their desk, and nobody is told of whom.
    clerk = browser("registratore")
    assert "/desk/notices" in clerk.get("/desk").text
    notice = clerk.get("/desk/notices").text
    assert ona not in notice
    ident = re.search(r'name="id" value="([0-9a-f]{32})"', notice)
    assert ident is not None
    assert clerk.submit("/desk/notices", do="read", id=ident[1]).status_code == 200
    assert clerk.submit("/desk/notices", do="stop", id=ident[1]).status_code == 403
    doctor = browser("gydytoja")
    assert doctor.submit("/desk/notices", do="stop", id=ident[1], word="Dar gydoma").status_code == 200
    assert "Dar gydoma" in officer.get("/desk/approvals").text


@pytest.mark.parametrize("kind", [*KINDS, "approval:00", "unheard-of"])
def test_every_alarm_says_what_it_means_and_what_to_do(kind: str) -> None:
    told = kind_of(kind)
    assert told.means in WORDS
    assert told.next in WORDS


def test_every_deed_has_words() -> None:
    assert all(key in WORDS for key in ACTS.values())


def test_the_house_says_what_mends_it() -> None:
    told = {
        "last": {"backup": 0, "rehearsal": 0}, "witness": {"watched": True, "behind": 3, "heard_s": -1},
        "replica": {"there": False}, "keys": {"apart": False},
        "ways": {"passphrases": 1, "custodians": 0, "needed": 0}, "retention": {"years": 0},
        "channels": {"mail": False, "webhook": False}, "people": {"officers": 1, "passkeys": 0, "able": 2},
        "canaries": {"number": 0}, "log": {"lines": 9, "checked": None},
    }  # fmt: skip
    bad = rows_of(told, 10**12)
    assert not [one for one in bad if one["state"] == "good"]
    day = 86_400_000
    told |= {
        "last": {"backup": 10**12 - day, "rehearsal": 10**12 - 30 * day},
        "witness": {"watched": True, "behind": 0, "heard_s": 5}, "replica": {"there": True}, "keys": {"apart": True},
        "ways": {"passphrases": 2, "custodians": 5, "needed": 3}, "retention": {"years": 15},
        "channels": {"mail": True, "webhook": True}, "people": {"officers": 2, "passkeys": 2, "able": 2},
        "canaries": {"number": 3}, "log": {"lines": 9, "checked": {"ok": True}},
    }  # fmt: skip
    fine = rows_of(told, 10**12)
    assert [one["head"] for one in fine] == [one["head"] for one in bad]
    assert all(one["state"] == "good" and not one["mend"] for one in fine)
    assert all(one["words"] in WORDS and one["head"] in WORDS for one in (*bad, *fine))
