"""What a thief takes through a session that works, and how he publishes it: in English, names without diacritics."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any, Final

import msgspec
import numpy as np
from anyascii import anyascii

from seifas.demo.people import person
from seifas.demo.tables import rows
from seifas.drill.stage import Browser
from seifas.drill.thieves import word_of
from seifas.drill.thieves_truth import Truth

MOST_TRIED: Final = 400


class Taken(msgspec.Struct, frozen=True):
    """What the thief has of one patient, as FHIR told him."""

    patient: str
    family: str
    given: str
    birth: str
    procedure: str
    day: str


def in_order(truth: Truth, account: str, now_ms: int, photographed: list[str]) -> list[str]:
    """With whom the account meets in the day's work first; then strangers, those with photos before the others."""
    warm = truth.warm(account, now_ms)
    return sorted(truth.cards, key=lambda one: (one not in warm, one not in photographed, one))[:MOST_TRIED]


def theft(browser: Browser, order: list[str], enough: int) -> tuple[list[Taken], list[tuple[str, bytes]]]:
    """(what he read, pictures by photo), until he was stopped or had enough."""
    taken: list[Taken] = []
    pictures: list[tuple[str, bytes]] = []
    for patient in order:
        if len(taken) >= enough:
            break
        done = browser.read(f"/fhir/Procedure?subject=Patient/{patient}", reason="visit")
        if done.status != 200:
            if word_of(done) in ("frozen", "signed-out"):
                break
            continue
        card = browser.read(f"/fhir/Patient/{patient}", reason="visit").json
        taken.append(_read(patient, card, [one["resource"] for one in done.json.get("entry", [])]))
        shown = browser.read(f"/fhir/Media?subject=Patient/{patient}", reason="visit")
        for entry in shown.json.get("entry", []) if shown.status == 200 else ():
            picture = browser.ask("GET", f"/desk/photo/{entry['resource']['id']}/screen")
            if picture.status == 200:
                pictures.append((entry["resource"]["id"], picture.body))
    return taken, pictures


def _read(patient: str, card: dict[str, Any], procedures: list[dict[str, Any]]) -> Taken:
    name = card["name"][0]
    last = max(procedures, key=lambda one: str(one.get("performedDateTime", "")), default={})
    return Taken(
        patient, name["family"], name["given"][0], card.get("birthDate", ""),
        str(last.get("code", {}).get("text", "")), str(last.get("performedDateTime", ""))[:10],
    )  # fmt: skip


def english(one: Taken) -> list[str]:
    tongue = {row[-2]: row[-1] for row in rows("clinical", "procedures")}
    return [anyascii(one.given), anyascii(one.family), said(one.birth), tongue.get(one.procedure, ""), said(one.day)]


def said(day: str) -> str:
    return f"{date.fromisoformat(day):%d %B %Y}" if day else ""


def nobody(seed: int, many: int) -> list[list[str]]:
    """People of the same names as the clinic's, who are not its patients."""
    made = [person(seed + 1_000_003, n, 2026) for n in range(many)]
    return [[anyascii(one.given[0]), anyascii(one.family), said(one.birth.isoformat()), "", ""] for one in made]


def table(lines: list[list[str]], dice: np.random.Generator) -> bytes:
    """A CSV; whose row is whose, the drill knows by the names in it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("First name", "Last name", "Born", "Surgery", "Date"))
    writer.writerows(lines[n] for n in dice.permutation(len(lines)))
    return text.getvalue().encode()
