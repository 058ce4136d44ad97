"""Step "consent withdrawn": a published picture is gone from the public site within seconds, its key for good."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Final

from seifas.demo.photographs import chosen
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.photo_truth import PhotoTruth
from seifas.drill.stage import Browser, Stage
from seifas.drill.thieves import form_of
from seifas.errors import Unavailable
from seifas.keeper.photo_model import Publication

MOST_S: Final = 5.0
_PATIENCE_S: Final = 30.0
_PICTURE: Final = re.compile(rb'src="(/gallery/[0-9a-f]{32})"')


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("consent")
    before = _truth(stage)
    one = next((row for row in before if row.patient == _first(context)), None)
    if one is None:
        raise Unavailable("the demo has published no photo")
    context.screen.say("a patient withdraws a consent to a published photo")
    stage.start()
    try:
        public = Browser(stage.port)
        shown = _waited(public, len(before))
        desk = stage.sign_in("doctor1")
        form = form_of(desk)
        began = time.monotonic()
        answer = desk.form(
            f"/desk/patient/{one.patient.hex()}/consents/withdraw", {"form": form, "consent": one.consent.hex()}
        )
        gone_after = _gone(public, f"/gallery/{one.id.hex()}", began)
        left = _named(public)
        public.close()
    finally:
        stage.stop()
    rows = _truth(stage)
    object_there = (stage.data / "data" / "objects" / one.object.hex()).exists()
    others = sorted(path for path in shown if not path.endswith(one.id.hex()))
    broken = [
        text for text, wrong in (
            (f"the withdrawal was answered with {answer.status}", answer.status not in (200, 303)),
            (f"the picture was served for {gone_after:.1f} s more", gone_after > MOST_S),
            ("its key's row is still there", any(row.id == one.id for row in rows)),
            ("its sealed copy is still there", object_there),
            ("other pictures went with it", sorted(left) != others or len(rows) != len(before) - 1),
        ) if wrong
    ]
    return StepResult(
        promise="Whoever takes a consent back is seen no more within five seconds, and our copy dies with its key.",
        deed="A picture stood in the clinic's public gallery. Its patient's consent was withdrawn at the desk.",
        loot=f"It was gone from the public site after {gone_after:.1f} s, with its key and its sealed copy; the other "
             f"{len(left)} pictures stayed." if not broken else "The picture outlived its consent: see the figures.",
        kept=not broken,
        figures=(
            Figure("from the withdrawal to the last answer with the picture", f"{gone_after:.1f} s",
                   f"at most {MOST_S:.0f} s"),
            Figure("keys of that publication left", str(sum(row.id == one.id for row in rows)), "0"),
            Figure("sealed copies of it left", str(int(object_there)), "0"),
            Figure("other pictures still shown", str(len(left)), str(len(others))),
        ),
        notes=(
            *broken,
            "What visitors have copied meanwhile is theirs: it bears the publication's mark, which leads to this line.",
        ),
    )


def _first(context: Context) -> bytes:
    return next(iter(chosen(context.seed, context.patients, context.today)), b"")


def _truth(stage: Stage) -> list[Publication]:
    known = PhotoTruth(stage.data)
    known.close()
    return known.publications


def _named(public: Browser) -> list[str]:
    """The addresses of the pictures that the gallery names."""
    return [found.decode() for found in _PICTURE.findall(public.read("/lt/gallery").body)]


def _waited(public: Browser, number: int) -> list[str]:
    """What the gallery names once all of it is there and is served."""
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError):  # the public process may come up after the desk
            named = _named(public)
            if len(named) == number and all(public.read(path).status == 200 for path in named):
                return named
        time.sleep(0.2)
    raise Unavailable("the public site did not show what is published")


def _gone(public: Browser, path: str, began: float) -> float:
    """Seconds from `began` to the last answer that still held the picture."""
    last = began
    give_up = began + _PATIENCE_S
    while time.monotonic() < give_up:
        if public.read(path).status != 200:
            return last - began
        last = time.monotonic()
        time.sleep(0.05)
    return _PATIENCE_S
