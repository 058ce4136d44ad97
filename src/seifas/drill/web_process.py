"""Step "web process taken over": somebody runs code of his own as the desk's user. What does he get?

He speaks the keeper's wire himself, with everything that the desk's process could: any op, any frame, a live user's
session, requests that went through it before; and he looks around on the machine as that user.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.stage import Stage
from seifas.drill.thieves import Hands, Thief, form_of, origin_of
from seifas.drill.thieves_truth import Truth, truth_of
from seifas.drill.web_process_code import Findings
from seifas.drill.web_process_parts import Beside, beside, carry_out, desk_uid, orders_for

QUIET: Final = ("ops", "forged", "replay", "other_hats", "frames", "knock", "captured")
AROUND: Final = ("take_files", "take_processes")
LOUD: Final = ("halves", "deaf", "flood", "crowd")
SLOWEST_S: Final = 1.0
"""For a call of somebody else while the desk's user does his worst."""

MOST_GROWN_MIB: Final = 400
_COLD_AN_HOUR, _WARM_A_DAY = 10, 30
_VICTIM: Final = "doctor2"


class Attacked(NamedTuple):
    """One clinic after the attack."""

    found: Findings
    separated: bool
    strangers: int
    booked: int
    loud: dict[str, Beside]
    alive: bool
    colleague: bool


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("web")
    truth = truth_of(stage.data)
    hands = Hands()
    stage.start()
    try:
        context.screen.say("somebody runs his own code as the desk's user")
        attacked = attack(stage, truth, hands, seconds=1.0 if context.quick else 5.0)
    finally:
        hands.close()
        stage.stop()
    return _told(attacked)


def attack(stage: Stage, truth: Truth, hands: Hands, *, seconds: float) -> Attacked:
    """Everything, one after another, on a served clinic."""
    keeper = stage.pids()["keeper"]
    now = time.time_ns() // 1_000_000
    live = hands.cookie(stage, _VICTIM)
    cold = list(itertools.islice(truth.strangers(_VICTIM, now), 300))
    # Taken from the end: as many strangers as one may have, then those who are booked, then whoever is left.
    victims = (*cold[_COLD_AN_HOUR:], *sorted(truth.warm(_VICTIM, now))[:300], *cold[:_COLD_AN_HOUR])
    separated = desk_uid(stage) >= 0
    deeds = QUIET + (AROUND if separated else ())
    found = carry_out(orders_for(
        stage, *deeds, token=live.browser.cookie.partition("=")[2], ended=_ended(hands, stage), victims=victims,
        seen=tuple(_seen(hands, stage)),
    ))
    out = set(found.charts) | set(found.cards)
    strangers = {one for one in out if not truth.is_warm(_VICTIM, one, now)}
    loud = {deed: beside(stage, orders_for(stage, deed, seconds=seconds)) for deed in LOUD}
    return Attacked(
        found, separated, len(strangers), len(set(found.charts) - strangers), loud,
        alive=stage.pids().get("keeper") == keeper, colleague=_works(hands, stage, truth, now),
    )


def _ended(hands: Hands, stage: Stage) -> str:
    """The token of a session whose owner has signed out."""
    gone = hands.cookie(stage, "doctor3").browser
    token = gone.cookie.partition("=")[2]
    gone.form("/auth/sign-out", {"form": form_of(gone)})
    return token


def _seen(hands: Hands, stage: Stage) -> Iterator[tuple[str, dict[str, str]]]:
    """Requests that went through the web process: a login link, a passkey's answer. Each was good once."""
    with stage.admin() as admin:
        link = admin.call("admin.login_link", name="nurse1")["token"]
    nurse = hands.with_browser(stage, stage.browser()).browser
    nurse.ask("GET", f"/auth/link/{link}")
    yield "session.link", {"token": link, "address": "127.0.0.1"}
    thief = hands.thief(stage, "nurse3", passkey=True)
    assert thief.passkey is not None
    begun = thief.browser.form("/auth/passkey/begin", {}).json
    touched = thief.passkey.get(begun["options"], origin_of(stage))
    sent = {"handle": begun["handle"], "credential": touched}
    thief.browser.form("/auth/passkey/finish", sent)
    yield "session.passkey_finish", {**sent, "address": "127.0.0.1"}
    token = thief.browser.cookie.partition("=")[2]
    form = form_of(thief.browser)
    begun = thief.browser.form("/auth/step-up/begin", {"form": form, "digest": "00" * 32}).json
    step: dict[str, Any] = {
        "handle": begun["handle"], "credential": thief.passkey.get(begun["options"], origin_of(stage))
    }
    thief.browser.form("/auth/step-up/finish", {"form": form, **step})
    yield "stepup.finish", {**step, "session": token}


def _works(hands: Hands, stage: Stage, truth: Truth, now: int) -> bool:
    colleague = hands.cookie(stage, "nurse2")
    booked = sorted(truth.warm("nurse2", now))[-5:]
    return all(Thief.everything(colleague, patient).status == 200 for patient in booked)


# -- what is told


def broken(attacked: Attacked) -> list[str]:
    """What should not have worked, in words."""
    found = attacked.found
    told = [
        f"{what}: {', '.join(sorted(set(which))[:8])}"
        for what, which in (
            ("answered without a session", found.answered), ("answered to a session that is none", found.sessions),
            ("sockets of others", found.sockets), ("files", found.files), ("processes", found.processes),
            ("requests that served twice", found.replayed), ("ops of other hats", found.rights),
            ("the keeper fell silent after", found.silent),
        )
        if which
    ]
    if attacked.strangers > _COLD_AN_HOUR or attacked.booked > _WARM_A_DAY:
        told.append(f"one user's session gave {attacked.strangers} strangers and {attacked.booked} booked patients")
    if not found.charts:
        told.append("the captured session gave nothing at all: the attack itself does not work")
    told += [
        f"under '{deed}' others waited {max(seen.slowest_admin_s, seen.slowest_public_s):.1f} s, "
        f"memory grew by {seen.grew_mib} MiB"
        for deed, seen in attacked.loud.items()
        if max(seen.slowest_admin_s, seen.slowest_public_s) > SLOWEST_S or seen.grew_mib > MOST_GROWN_MIB
        or seen.failed or not seen.alive
    ]
    if not attacked.alive:
        told.append("the keeper did not live through it")
    if not attacked.colleague:
        told.append("a colleague could not work on afterwards")
    return told


def _told(attacked: Attacked) -> StepResult:
    wrong = broken(attacked)
    found = attacked.found
    loud = attacked.loud.values()
    return StepResult(
        promise="Whoever takes over a web process gets no keys, invents no person, and sees no more than the people "
                "see who use it at that moment.",
        deed="Code of a stranger ran as the desk's user: every call of the keeper with every kind of rubbish, forged "
             "and old sessions, calls of other roles, files, memory and sockets of the machine, floods, and the live "
             "session of one doctor.",
        loot=f"What that doctor could have opened: {attacked.strangers} strangers and {attacked.booked} patients who "
             "were booked. No key, no other session, no other right; the others worked on.",
        kept=not wrong,
        figures=(
            Figure("strangers opened through one live session", str(attacked.strangers), f"at most {_COLD_AN_HOUR}"),
            Figure("booked patients opened through it", str(attacked.booked), f"at most {_WARM_A_DAY}"),
            Figure("calls that were refused", f"{sum(found.refused.values()):,}"),
            Figure("calls that should not have been answered",
                   str(sum(map(len, (found.answered, found.sessions, found.rights, found.replayed)))), "none"),
            Figure("files, processes and sockets of others reached",
                   str(sum(map(len, (found.files, found.processes, found.sockets)))), "none"),
            Figure("slowest answer to somebody else under floods",
                   f"{max(max(one.slowest_admin_s, one.slowest_public_s) for one in loud) * 1000:.0f} ms",
                   f"at most {SLOWEST_S:.0f} s"),
            Figure("memory that the floods took", f"{max(one.grew_mib for one in loud)} MiB",
                   f"at most {MOST_GROWN_MIB} MiB"),
        ),
        notes=(
            *wrong,
            *([] if attacked.separated else [
                "Separation was off (not started as root, or in a directory that other users cannot enter): the "
                "attacker ran as the keeper's own user, and files and processes were not tried. Outside a trial, start "
                "the server as root or with its systemd units.",
            ]),
            "A passkey shows no text: a broken page can have its users sign for another patient than they think. One "
            "gesture still opens one patient, and the budget is the bound.",
        ),
    )
