"""Step "photos stolen": a doctor's session is stolen and used for pictures; every one that left leads back to it.

The thief knows who has photos, which no thief does, and takes theirs first. What he gets is bounded by the same budget
as charts; each picture has its line and bears the mark of its view, by which the drill finds that line from the picture
alone.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from seifas.demo.photographs import chosen
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.photo_truth import PhotoTruth
from seifas.drill.stage import Browser
from seifas.drill.thieves import Stopped, word_of
from seifas.drill.thieves_truth import truth_of

STRANGERS: Final = 20
"""Patients without an appointment whose photos a session without a passkey may see."""

_THIEF: Final = "doctor1"
_MOST_TRIED: Final = 400
_LOOKED_AT: Final = 40
_LOOKED_AT_QUICK: Final = 8
_RENDITIONS: Final = ("screen", "full", "thumb")
_KINDS: Final = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


class Theft(msgspec.Struct):
    """What came out: (photo, picture) in order, whose they are, and the words of refusals."""

    pictures: list[tuple[bytes, bytes]] = []
    patients: set[str] = set()
    opened: set[str] = set()
    refused: list[str] = []
    frozen: bool = False


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("photos")
    truth = truth_of(stage.data)
    now = time.time_ns() // 1_000_000
    with_photos = [patient.hex() for patient in chosen(context.seed, context.patients, context.today)]
    warm = truth.warm(_THIEF, now)
    order = [one for one in with_photos if one in warm] + [one for one in with_photos if one not in warm]
    strangers = itertools.islice((one for one in truth.strangers(_THIEF, now) if one not in with_photos), _MOST_TRIED)
    context.screen.say("a thief takes photos through a doctor's session")
    stage.start()
    theft = Theft()
    try:
        browser = stage.sign_in(_THIEF)
        with contextlib.suppress(Stopped):
            for patient in (*order, *strangers):
                _take(browser, patient, theft)
    finally:
        stage.stop()
    beyond = {patient for patient in theft.opened if patient not in warm}
    context.screen.say("the drill reads the marks of the pictures that left")
    known = PhotoTruth(stage.data)
    try:
        most = _LOOKED_AT_QUICK if context.quick else _LOOKED_AT
        return _told(context, theft, beyond, known, most)
    finally:
        known.close()


def _take(browser: Browser, patient: str, theft: Theft) -> None:
    """All pictures of one patient: the chart by FHIR, which names them, then each as the desk shows it."""
    answer = browser.read(f"/fhir/Media?subject=Patient/{patient}", reason="visit")
    if answer.status != 200:
        _refused(word_of(answer), theft)
        return
    theft.opened.add(patient)
    for entry in answer.json.get("entry", []):
        photo: dict[str, Any] = entry["resource"]
        rendition = _RENDITIONS[len(theft.pictures) % len(_RENDITIONS)]
        shown = browser.ask("GET", f"/desk/photo/{photo['id']}/{rendition}")
        if shown.status == 200 and shown.body.startswith(_KINDS):
            theft.pictures.append((bytes.fromhex(photo["id"]), shown.body))
            theft.patients.add(patient)
        else:
            _refused(f"page-{shown.status}", theft)


def _refused(word: str, theft: Theft) -> None:
    theft.refused.append(word)
    if word in ("frozen", "signed-out"):
        theft.frozen = True
        raise Stopped


def _told(context: Context, theft: Theft, beyond: set[str], known: PhotoTruth, most: int) -> StepResult:
    step = max(1, len(theft.pictures) // most)
    sample = theft.pictures[::step][:most]
    led = 0
    weakest = float("inf")
    thief = known.accounts[_THIEF]
    by_view = {line.objects[-1]: line for line in known.shown}
    found: set[bytes] = set()
    for photo, picture in sample:
        view, sure = known.view_in(photo, picture)
        weakest = min(weakest, sure)
        line = by_view.get(view)
        if line is not None and view not in found and line.account == thief and photo in line.objects:
            led += line.pseudonym == known.pseudonym(known.patient_of(photo))
            found.add(view)
    lines = sum(line.account == thief for line in known.shown)
    broken = list(_broken(theft, beyond, lines, led, len(sample)))
    return StepResult(
        promise="Photos that leave through somebody's account are as few as charts, and each of them says through "
                "which session it left, and when.",
        deed="With a doctor's stolen session a thief took pictures, those of patients with photos first, until he was "
             f"{'stopped' if theft.frozen else 'through'}.",
        loot=f"{len(theft.pictures)} pictures of {len(theft.patients)} patients, "
             f"{len(theft.patients & beyond)} of them strangers; all {led} that were looked at led to their lines.",
        kept=not broken,
        figures=(
            Figure("strangers whose charts he opened", str(len(beyond)), f"at most {STRANGERS}"),
            Figure("pictures that left", str(len(theft.pictures))),
            Figure("lines in the log for them", str(lines), f"at least {len(theft.pictures)}"),
            Figure("pictures whose mark was read", str(len(sample))),
            Figure("of these, led to their own line", str(led), str(len(sample))),
            Figure("weakest of these marks (z; 6.79 names one of 10,000)", f"{weakest:.1f}" if sample else "none"),
        ),
        notes=(
            *broken,
            "The thief knew who has photos. Patients who come these days are the day's work and are not counted as "
            "strangers.",
            *([f"Quick: {_LOOKED_AT_QUICK} pictures were looked at."] if context.quick else []),
        ),
    )


def _broken(theft: Theft, beyond: set[str], lines: int, led: int, looked: int) -> Iterator[str]:
    if len(beyond) > STRANGERS:
        yield f"a session opened {len(beyond)} strangers; {STRANGERS} is the most"
    if not theft.pictures:
        yield "no picture left at all: the attack itself does not work"
    if lines < len(theft.pictures):
        yield f"{len(theft.pictures) - lines} pictures left without a line"
    if led != looked:
        yield f"{looked - led} pictures did not lead to their lines"
    if not theft.frozen:
        yield "the session was not stopped"
