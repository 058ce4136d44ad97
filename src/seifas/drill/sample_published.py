"""Step "a sample of 35 is published": whose is it, which way did it go out, and how sure is that.

A thief rides a doctor's session until he is stopped, and publishes 35 of the patients he read: in English, names
without their diacritics, with some photos cropped, shrunk and compressed again. Rows of people who are nobody's
patients stand among them. The officer drops the files into a case; the drill holds what comes out against what the
thief did.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, Final

import cv2
import msgspec
import numpy as np
from anyascii import anyascii

from seifas.demo.photographs import chosen
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.sample_taken import Taken, english, in_order, nobody, said, table, theft
from seifas.drill.stage import Stage
from seifas.drill.thieves_truth import Truth, truth_of
from seifas.leaks.client import BlockingLeaks
from seifas.leaks.results import Explained, Matched, Result, Traced, read

PUBLISHED: Final = 35
STRANGERS: Final = 15
PHOTOS: Final = 6
_QUICK_PHOTOS: Final = 3
_THIEF: Final = "doctor1"
_ENOUGH: Final = 80
_SURE: Final = 0.9
_QUALITY: Final = 60


class Case(msgspec.Struct):
    """What came of the case, and how long each answer took, in seconds."""

    matched: Matched
    traced: Traced
    explained: Explained
    seconds: dict[str, float]


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("sample")
    truth = truth_of(stage.data)
    now = time.time_ns() // 1_000_000
    photographed = [one.hex() for one in chosen(context.seed, context.patients, context.today)]
    order = in_order(truth, _THIEF, now, photographed)
    context.screen.say("a thief reads charts and photos through a doctor's session")
    stage.start()
    try:
        browser = stage.sign_in(_THIEF)
        taken, pictures = theft(browser, order, _ENOUGH)
        dice = np.random.default_rng(context.seed)
        picked = [taken[n] for n in dice.permutation(len(taken))[:PUBLISHED]]
        stolen = [pictures[n] for n in dice.permutation(len(pictures))[: _QUICK_PHOTOS if context.quick else PHOTOS]]
        files = {
            "sample.csv": table([*map(english, picked), *nobody(context.seed, STRANGERS)], dice),
            **{f"photo-{n}.jpg": _edited(body) for n, (_, body) in enumerate(stolen)},
        }
        context.screen.say("the sample is dropped into a case")
        case = _investigated(stage, files)
    finally:
        stage.stop()
    return _told(context, case, picked, [photo for photo, _ in stolen], truth)


def _edited(body: bytes) -> bytes:
    """A quarter of the area cut off, half the size, compressed again."""
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    rows_cut, columns_cut = int(height * 0.067), int(width * 0.067)
    inner = picture[rows_cut : height - rows_cut, columns_cut : width - columns_cut]
    small = cv2.resize(inner, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


# -- the officer


def _investigated(stage: Stage, files: dict[str, bytes]) -> Case:
    with stage.admin() as admin, BlockingLeaks(stage.data / "run" / "samples.sock") as door:
        case = bytes(admin.call("leak.admin_begin", title="a sample of 35", ground="drill")["case"])

        def asked() -> dict[str, Any]:
            return {"admin_pass": admin.call("leak.admin_pass", case=case)["pass"]}

        for name, body in files.items():
            door.keep(asked, case, name, io.BytesIO(body), len(body))
        found: dict[str, Result] = {}
        seconds = {}
        for kind in ("match", "attribute", "explain"):
            began = time.monotonic()
            found[kind] = _searched(door, asked, case, kind)
            seconds[kind] = time.monotonic() - began
        admin.call("leak.admin_close", case=case)
    matched, traced, explained = found["match"], found["attribute"], found["explain"]
    assert isinstance(matched, Matched)
    assert isinstance(traced, Traced)
    assert isinstance(explained, Explained)
    return Case(matched, traced, explained, seconds)


def _searched(door: BlockingLeaks, asked: Callable[[], dict[str, Any]], case: bytes, kind: str) -> Result:
    job = door.call("search.begin", **asked(), case=case, kind=kind)["job"]
    told = door.followed(job)
    if told["state"] != "done":
        raise RuntimeError(f"the search for {kind} ended as {told['state']}: {told['error']}")
    return read(door.call("search.found", job=job, count=2_000))


# -- what came of it


def _told(context: Context, case: Case, picked: list[Taken], photos: list[str], truth: Truth) -> StepResult:
    whose = {(anyascii(one.given), anyascii(one.family), said(one.birth)): one.patient for one in picked}
    right = named = accused = 0
    for row in case.matched.rows:
        owner = next((patient for key, patient in whose.items() if all(part in row.text for part in key)), "")
        first = row.candidates[0] if row.candidates else None
        if owner:
            # Whoever the thief took for two who are alike in all he published cannot be told from the other.
            right += first is not None and first.patient.hex() == owner
            named += first is not None and first.patient.hex() == owner and first.probability >= _SURE
        else:
            accused += first is not None and first.probability >= _SURE
    traced = {one.photo.hex() for one in case.traced.traces if one.verdict == "named" and one.account == _THIEF}
    others = {one.account for one in case.traced.traces if one.verdict == "named"} - {_THIEF}
    led = sum(photo in traced for photo in photos)
    best = case.explained.ways[0] if case.explained.ways else None
    explained = case.explained.verdict == "opened" and best is not None and best.account == _THIEF
    kept = right >= len(picked) - 1 and not accused and led == len(photos) and not others and explained
    return StepResult(
        promise="A sample that turns up leads to the patients it shows and to the account it left through; people who "
                "are nobody's patients are not taken for some.",
        deed=f"Of what a thief read through a doctor's session he published {len(picked)} patients in English, among "
             f"{STRANGERS} people who are none, and {len(photos)} photos, cropped and compressed again.",
        loot=f"{right} of {len(picked)} rows led to their patient first, {accused} of {STRANGERS} strangers were taken "
             f"for one; {led} of {len(photos)} photos and the whole set named "
             f"{'the account' if explained else 'not the account'} it went through.",
        kept=kept,
        figures=(
            Figure("rows whose patient came first", f"{right} of {len(picked)}", f"at least {len(picked) - 1}"),
            Figure("of these, at a probability of 0.9 and more", str(named)),
            Figure("strangers taken for patients at 0.9 and more", str(accused), "0"),
            Figure("photos that named the account", f"{led} of {len(photos)}", str(len(photos))),
            Figure("other accounts that photos named", str(len(others)), "0"),
            Figure("weakest mark (z)", _weakest(case.traced)),
            Figure("what the log says of the whole set", case.explained.verdict, "opened"),
            Figure("the account it names first", best.account if best is not None else "none", _THIEF),
            Figure("seconds for whose, which way, and the set",
                   ", ".join(f"{one:.1f}" for one in case.seconds.values())),
        ),
        notes=(
            "A view and an account are named, never a thief: logins are stolen. The bound on naming a view wrongly is "
            "one in a million for the whole case.",
            f"{sum(one.patient in truth.cards for one in picked)} of the published patients are on the clinic's cards.",
            *([f"Quick: {_QUICK_PHOTOS} photos instead of {PHOTOS}."] if context.quick else []),
        ),
    )  # fmt: skip


def _weakest(traced: Traced) -> str:
    named = [one.z for one in traced.traces if one.verdict == "named"]
    return f"{min(named):.1f}" if named else "none"
