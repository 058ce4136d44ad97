"""The clinic's own profile: contact, hours, holidays, prices, and who sees patients. Nothing of any patient."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.keeper.clinic_facts import COLOURS
from seifas.web import answers
from seifas.web.desk.officer.frame import number, of_hat, show, some_bytes
from seifas.web.desk.room import Room, Visit
from seifas.web.words import LANGUAGES

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


async def home(room: Room, exchange: Exchange, visit: Visit) -> None:
    """GET /desk for the administrator's hat: what is there, and what waits."""
    profile, people, approvals, templates, alarms = await asyncio.gather(
        room.client.call("clinic.profile", session=visit.token),
        room.client.call("account.list", session=visit.token),
        room.client.call("approval.list", session=visit.token),
        room.client.call("template.list", session=visit.token),
        room.client.call("alarm.list", session=visit.token),
    )
    await show(
        room, exchange, "administrator/home.html", visit, tab="/desk", profile=profile,
        people=[one for one in people if not one["disabled"]], templates=templates,
        without=[one for one in people if not one["disabled"] and not one["passkeys"] and not one["password"]],
        approvals=[one for one in approvals if one["state"] == "pending"],
        ringing=[one for one in alarms if not one["acknowledged_ms"]],
    )  # fmt: skip


async def clinic(room: Room, exchange: Exchange) -> None:
    """/desk/clinic: name, address, telephone, languages, hours, holidays."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        await room.client.call(
            "clinic.profile_set", session=visit.token, expect=number(sent.get("version", ""), "version"),
            contact=_contact(sent), hours=_hours(sent), holidays=_holidays(sent.get("holidays", "")),
        )
        await answers.see_other(exchange, "/desk/clinic")
        return
    profile = await room.client.call("clinic.profile", session=visit.token)
    await show(
        room, exchange, "administrator/clinic.html", visit, tab="/desk/clinic", profile=profile,
        days=[(day, key, _spells(profile["hours"], day)) for day, key in enumerate(_DAYS)], spoken=LANGUAGES,
        holidays="\n".join(_said_holiday(one) for one in profile["holidays"]),
    )  # fmt: skip


def _contact(sent: Mapping[str, str]) -> dict[str, Any]:
    plain = {name: sent.get(name, "") for name in ("name", "street", "postcode", "city", "country", "phone", "mail")}
    languages = [one.strip().lower() for one in sent.get("languages", "").split(",") if one.strip()]
    return {**plain, "languages": languages, "about": _words(sent, "about")}


def _words(sent: Mapping[str, str], name: str) -> dict[str, str]:
    """What was typed in each language, under `name-lt` and `name-en`."""
    return {one: text for one in LANGUAGES if (text := " ".join(sent.get(f"{name}-{one}", "").split()))}


def _hours(sent: Mapping[str, str]) -> list[dict[str, Any]]:
    """Spells as they are typed: "08:00-12:00, 13:00-18:00", a day a field."""
    found = []
    for day in range(7):
        for spell in sent.get(f"day-{day}", "").replace("–", "-").split(","):
            if spell.strip():
                opens, dash, closes = (part.strip() for part in spell.partition("-"))
                if not dash:
                    raise Invalid("Hours are typed as 08:00-18:00, several with commas.", where="hours")
                found.append({"day": day, "opens": opens.zfill(5), "closes": closes.zfill(5)})
    return found


def _spells(hours: list[dict[str, Any]], day: int) -> str:
    return ", ".join(f"{one['opens']}-{one['closes']}" for one in hours if one["day"] == day)


def _holidays(text: str) -> list[dict[str, Any]]:
    """A line a day: the date, then the name in Lithuanian and, after a bar, in English."""
    found = []
    for line in text.splitlines():
        day, _, names = line.strip().partition(" ")
        if day:
            parts = [part.strip() for part in names.split("|")]
            named = {one: part for one, part in zip(LANGUAGES, parts, strict=False) if part}
            found.append({"date": day, "words": named})
    return found


def _said_holiday(one: dict[str, Any]) -> str:
    names = " | ".join(one["words"].get(language, "") for language in LANGUAGES)
    return f"{one['date']} {names}".rstrip(" |")


async def prices(room: Room, exchange: Exchange) -> None:
    """/desk/prices: the public price list, a line changed, added, moved or taken out at a time."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    profile = await room.client.call("clinic.profile", session=visit.token)
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        rows = _changed(list(profile["prices"]), sent)
        await room.client.call(
            "clinic.profile_set", session=visit.token, expect=number(sent.get("version", ""), "version"), prices=rows
        )
        await answers.see_other(exchange, "/desk/prices")
        return
    rows = [{**one, "at": at, "from": _euros(one["from_cents"]), "to": _euros(one["to_cents"])}
            for at, one in enumerate(profile["prices"])]  # fmt: skip
    await show(
        room, exchange, "administrator/prices.html", visit, tab="/desk/prices", rows=rows, version=profile["version"],
        spoken=LANGUAGES,
    )  # fmt: skip


def _changed(rows: list[dict[str, Any]], sent: Mapping[str, str]) -> list[dict[str, Any]]:
    do = sent.get("do", "")
    at = number(sent.get("at", "0"), "at")
    if do == "add":
        return [*rows, _price(sent)]
    if at >= len(rows):
        raise Invalid("There is no such line.", where="at")
    if do == "save":
        rows[at] = _price(sent)
    elif do == "remove":
        del rows[at]
    elif do == "up" and at:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    elif do != "up":
        raise Invalid("There is no such button.", where="do")
    return rows


def _price(sent: Mapping[str, str]) -> dict[str, Any]:
    return {
        "group": _words(sent, "group"), "name": _words(sent, "name"), "note": _words(sent, "note"),
        "from_cents": _cents(sent.get("from", "")), "to_cents": _cents(sent.get("to", "") or "0"),
    }


def _cents(text: str) -> int:
    """Euros as they are typed, 150 or 149,50, in cents."""
    whole, _, rest = text.strip().replace(",", ".").partition(".")
    return number(whole, "price", 1_000_000) * 100 + number(rest.ljust(2, "0") if rest else "0", "price", 99)


def _euros(cents: int) -> str:
    return f"{cents // 100}" if cents % 100 == 0 else f"{cents // 100}.{cents % 100:02d}"


async def team(room: Room, exchange: Exchange) -> None:
    """/desk/team: who sees patients, under which login, in which colour, for how long."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        await room.client.call(
            "clinic.doctor_set", session=visit.token, expect=number(sent.get("version", ""), "version"),
            practitioner=some_bytes(sent.get("practitioner", "")), account=sent.get("account", ""),
            name=sent.get("name", ""), role=_words(sent, "role"), colour=sent.get("colour", ""),
            minutes=number(sent.get("minutes", ""), "minutes"), shown=bool(sent.get("shown")),
            active=bool(sent.get("active")),
        )
        await answers.see_other(exchange, "/desk/team")
        return
    profile, people = await asyncio.gather(
        room.client.call("clinic.profile", session=visit.token), room.client.call("account.list", session=visit.token)
    )
    rows = [{**one, "practitioner": one["practitioner"].hex()} for one in profile["doctors"]]
    able = [one for one in people if {"doctor", "nurse"} & set(one["hats"]) and not one["disabled"]]
    await show(
        room, exchange, "administrator/team.html", visit, tab="/desk/team", rows=rows, version=profile["version"],
        able=able, colours=[(one, COLOUR_WORDS[one]) for one in COLOURS], spoken=LANGUAGES,
    )  # fmt: skip


COLOUR_WORDS = {
    "slate": "colour-slate", "blue": "colour-blue", "teal": "colour-teal", "green": "colour-green",
    "olive": "colour-olive", "amber": "colour-amber", "rust": "colour-rust", "rose": "colour-rose",
    "plum": "colour-plum", "violet": "colour-violet", "brown": "colour-brown", "sky": "colour-sky",
}
