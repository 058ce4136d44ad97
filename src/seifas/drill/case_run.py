"""Step "the case": who is affected, what is due, what the authorities and the patients are told, and can it be proven.

A thief reads charts through a doctor's session and publishes 35 of them. An officer opens a case and lets the clinic
compute the rest: the affected set against what the thief did, the law's 72 hours to the minute, a filing that names no
patient, letters of which each holds one person's data, a bundle of evidence that its own script verifies, and that it
rejects with one byte changed.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import msgspec
import numpy as np

from seifas import settings as settings_module
from seifas.demo.clinic import accounts
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.letters_read import Letters, read_letters
from seifas.drill.officer_hands import Officer
from seifas.drill.sample_searched import searched
from seifas.drill.sample_taken import Taken, english, in_order, nobody, table, theft
from seifas.drill.stage import Stage
from seifas.drill.thieves_truth import Truth, truth_of
from seifas.errors import Unavailable

PUBLISHED: Final = 35
_STRANGERS: Final = 10
_KEPT_BACK: Final = 10
"""Charts at least that the thief read and did not publish."""

_THIEF: Final = "doctor1"
_ENOUGH: Final = 80
_HOURS: Final = 72  # GDPR art. 33(1)
_COUNTS: Final = re.compile(r'<ul class="counts four">(.*?)</ul>', re.DOTALL)
_NUMBER: Final = re.compile(r'<strong class="number">([^<]*)</strong>')
_FEED: Final = re.compile(r"/desk/cases/[0-9a-f]{32}/deadlines\.ics\?token=[A-Za-z0-9]{32}")


class Affected(msgspec.Struct, frozen=True):
    """How many the desk counts in each grade, and how long it took, in seconds."""

    published: int
    taken: int
    reachable: int
    sealed: int
    seconds: float


class Bundle(msgspec.Struct, frozen=True):
    """The bundle's size in bytes, whether its script accepts it, and what it says of one with a byte changed."""

    size: int
    accepted: bool
    named: bool


class Outcome(msgspec.Struct, frozen=True):
    """What came of the case."""

    affected: Affected
    due: bool
    filing: str
    letters: Letters
    bundle: Bundle


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("case")
    truth = truth_of(stage.data)
    order = in_order(truth, _THIEF, time.time_ns() // 1_000_000, [])
    stage.start()
    try:
        context.screen.say("a thief reads charts and publishes a part of them")
        zone = ZoneInfo(settings_module.load(stage.data).clinic.zone)
        since = datetime.now(zone)
        taken, _ = theft(stage.sign_in(_THIEF), order, _ENOUGH)
        dice = np.random.default_rng(context.seed)
        many = min(PUBLISHED, len(taken) - _KEPT_BACK)
        picked = [taken[n] for n in dice.permutation(len(taken))[:many]]
        sample = table([*map(english, picked), *nobody(context.seed, _STRANGERS)], dice)
        context.screen.say("an officer works the case")
        outcome = _worked(stage, sample, since, truth)
    finally:
        stage.stop()
    staff = tuple(one.display for one in accounts(context.seed))
    return _told(outcome, named_in(outcome.filing, taken, staff), (taken, picked), truth)


def _worked(stage: Stage, sample: bytes, since: datetime, truth: Truth) -> Outcome:
    leak, _, _ = searched(stage, "a sample of 35", {"sample.csv": sample})
    officer, second = Officer(stage, "officer1"), Officer(stage, "officer2")
    try:
        opened = officer.post("/desk/cases", {"title": "A sample of 35", "kind": "leak", "link": leak.hex()})
        case = opened.headers["location"]
        return Outcome(
            _affected(officer, case, since), _due(officer, case, since.tzinfo), _filed(officer, case),
            read_letters(officer, second, case, truth, since.date()), _bundled(officer, second, case),
        )  # fmt: skip
    finally:
        officer.close()
        second.close()


def _affected(officer: Officer, case: str, since: datetime) -> Affected:
    page = officer.page(f"{case}/affected")
    account = re.search(
        rf'name="account-([0-9a-f]{{32}})"(?:(?!</label>).)*translate="no">{_THIEF}\s*<', page, re.DOTALL
    )
    if account is None:
        raise Unavailable("the desk does not offer the account that was stolen")
    began = time.monotonic()
    officer.post(f"{case}/affected", {
        "since-day": f"{since:%Y-%m-%d}", "since-time": f"{since:%H:%M}", "until-day": "", "until-time": "",
        f"account-{account[1]}": "1", "keys": "", "sessions": "", "exports": "",
    })  # fmt: skip
    seconds = time.monotonic() - began
    shown = _COUNTS.search(officer.page(f"{case}/affected"))
    numbers = [int(re.sub(r"\D", "", one)) for one in _NUMBER.findall(shown[1] if shown else "")]
    if len(numbers) != 4:
        raise Unavailable("the desk does not show how many are affected")
    published, taken, reachable, sealed = numbers
    return Affected(published, taken, reachable, sealed, seconds)


def _due(officer: Officer, case: str, zone: Any) -> bool:
    """Whether what is due lies exactly 72 hours of time after the signed awareness."""
    aware = datetime.now(zone).replace(second=0, microsecond=0)
    officer.post(f"{case}/events", {
        "what": "It is certain that records left the clinic", "word": "aware", "day": f"{aware:%Y-%m-%d}",
        "time": f"{aware:%H:%M}", "precision": "minute", "source": "the drill",
    })  # fmt: skip
    officer.post(f"{case}/deadlines", {"do": "issue", "reason": ""})
    address = _FEED.search(officer.post(f"{case}/deadlines", {"do": "feed"}).body.decode())
    if address is None:
        raise Unavailable("the desk gives no calendar")
    calendar = icalendar.Calendar.from_ical(officer.page(address[0]))
    wanted = aware.astimezone(ZoneInfo("UTC")) + timedelta(hours=_HOURS)
    return any(event.get("dtstart").dt == wanted for event in calendar.walk("VEVENT"))


def _filed(officer: Officer, case: str) -> str:
    """What the sealed notification to the data-protection authority says, both languages."""
    made = officer.post(f"{case}/filings/vdai", {"later": "1"}).headers["location"]
    return "".join(officer.page(f"{made}/{language}.json") for language in ("lt", "en"))


def _bundled(officer: Officer, second: Officer, case: str) -> Bundle:
    officer.post(f"{case}/evidence", {"do": "export", "purpose": "for the police"})
    second.approve_all()
    approval = re.search(r'name="approval" value="([0-9a-f]{32})"', officer.page(f"{case}/evidence"))
    if approval is None:
        raise Unavailable("the desk does not offer the bundle")
    officer.post(f"{case}/evidence/bundle", {"do": "prepare", "approval": approval[1]})
    entry = re.search(r'name="entry" value="([0-9a-f]{32})"', officer.page(f"{case}/evidence"))
    if entry is None:
        raise Unavailable("the desk did not prepare the bundle")
    body = officer.post(f"{case}/evidence/bundle", {"do": "fetch", "entry": entry[1]}).body
    with tempfile.TemporaryDirectory(prefix="seifas-drill-") as name:
        place = Path(name)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            archive.extractall(place)
        [root] = [one for one in place.iterdir() if one.is_dir()]
        accepted, _ = _verified(root)
        victim = max((one for one in (root / "data").rglob("*") if one.is_file()), key=lambda one: one.stat().st_size)
        spoilt = bytearray(victim.read_bytes())
        spoilt[len(spoilt) // 2] ^= 1
        victim.write_bytes(spoilt)
        refused, words = _verified(root)
    return Bundle(len(body), accepted, not refused and victim.name in words)


def _verified(root: Path) -> tuple[bool, str]:
    """Whether the bundle's own script accepts it, and its words. It runs isolated: the standard library and openssl."""
    done = subprocess.run(
        [sys.executable, "-I", str(root / "verify.py")], cwd=root, capture_output=True, text=True, timeout=120,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


# -- what came of it


def named_in(filing: str, taken: Iterable[Taken], staff: Iterable[str]) -> int:
    """How many of these patients' surnames stand in a filing. It names the officer who answers for it, and a clinic has
    patients of the officer's surname: full names of staff are left out first."""
    for name in staff:
        filing = re.sub(rf"\b{re.escape(name)}\b", "", filing)
    return sum(bool(re.search(rf"\b{re.escape(one.family)}\b", filing)) for one in taken)


def _told(outcome: Outcome, named: int, thief: tuple[list[Taken], list[Taken]], truth: Truth) -> StepResult:
    """`thief`: what he took, and what he published of it."""
    taken, picked = thief
    affected, letters, bundle = outcome.affected, outcome.letters, outcome.bundle
    wanted = {one.patient for one in taken}
    rest = len(truth.cards) - len(wanted)
    exact = (
        affected.published == len(picked) and affected.taken == len(wanted) - len(picked)
        and affected.reachable + affected.sealed == rest
    )  # fmt: skip
    kept = exact and outcome.due and not named and letters.right and bundle.accepted and bundle.named
    return StepResult(
        promise="Who is affected is computed from the clinic's own log; what is due is known to the minute; no filing "
                "names a patient, no letter another one's data; the evidence verifies without us.",
        deed=f"A thief read {len(wanted)} charts through a doctor's session and published {len(picked)} of them.",
        loot=f"The desk counted {affected.published} published and {affected.taken} taken in {affected.seconds:.1f} s; "
             f"{letters.made} letters were made, {letters.foreign} of them with somebody else's name.",
        kept=kept,
        figures=(
            Figure("patients who count as affected", str(affected.published + affected.taken), str(len(wanted))),
            Figure("published", str(affected.published), str(len(picked))),
            Figure("taken beside these", str(affected.taken), str(len(wanted) - len(picked))),
            Figure("reachable through the account", str(affected.reachable)),
            Figure("ciphertext only", str(affected.sealed)),
            Figure("seconds to compute it", f"{affected.seconds:.1f}", "5"),
            Figure("72 hours from the signed awareness, to the minute", "yes" if outcome.due else "no", "yes"),
            Figure("patients named in the filing", str(named), "0"),
            Figure("letters made, of those published", f"{letters.made} of {letters.wanted}", str(letters.wanted)),
            Figure("letters with another patient's name or code", str(letters.foreign), "0"),
            Figure("letters a second", f"{letters.a_second:.0f}"),
            Figure("bundle verified by its own script", "yes" if bundle.accepted else "no", "yes"),
            Figure("one byte of it changed: named", "yes" if bundle.named else "no", "yes"),
        ),
        notes=("Deadlines that no lawyer has checked are shown as such; a filing is sealed with what is still missing "
               "named in it.",),
    )  # fmt: skip
