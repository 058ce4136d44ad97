"""Notices to patients at the officer's desk: waves are worded, approved, watched, downloaded, told of what came back.

The page shows numbers and references; who is behind them it does not know. What a wave says to everybody is looked
through for patients' names before anybody is asked to approve it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.incidents.notices.composing import CaseWords, Finding, checked
from seifas.incidents.notices.setting import Addressed, pdf_of
from seifas.incidents.notices.wording import fill, wording_of
from seifas.web import answers
from seifas.web.desk.cases.affected_shown import GRADE_WORDS
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.reading import now_here
from seifas.web.desk.cases.writing import Sent, lines, one_line, typed_of
from seifas.web.desk.confirming import confirm
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

SAID: Final = {
    "grades": "notice-said-grades", "channels": "notice-said-channels", "channels-mail": "notice-said-mail",
    "happened": "notice-said-texts", "measures": "notice-said-texts", "dpo": "notice-said-dpo",
    "phone": "notice-said-dpo", "known_on": "notice-said-day", "wave-nobody": "notice-said-nobody",
    "named": "notice-said-named", "batch-untaken": "notice-said-untaken", "batch-handed": "notice-said-handed",
    "wave-stopped": "notice-said-stopped", "refs": "notice-said-refs", "state": "notice-said-refs",
    "waves": "notice-said-full", "approvals": "notice-said-approvals", "snapshot": "notice-said-snapshot",
    "reason": "leak-said-reason",
}  # fmt: skip
ORDERS: Final = {
    "mail sms letter": "notice-order-all", "letter": "notice-order-letter", "mail letter": "notice-order-mail",
    "sms letter": "notice-order-sms",
}  # fmt: skip
STATES: Final = {
    "asked": "notice-asked", "refused": "notice-refused", "over": "notice-over", "approved": "notice-approved",
    "going": "notice-going", "done": "notice-done", "stopped": "notice-stopped",
}  # fmt: skip
LETTER_STATES: Final = {
    "queued": "notice-queued", "given": "notice-given", "made": "notice-made", "sent": "notice-sent",
    "delivered": "notice-delivered", "bounced": "notice-bounced", "returned": "notice-returned",
    "unsure": "notice-unsure", "nowhere": "notice-nowhere", "held": "notice-held", "gone": "notice-gone",
    "stopped": "notice-stopped",
}  # fmt: skip
CHANNELS: Final = {"mail": "notice-by-mail", "sms": "notice-by-sms", "letter": "notice-by-letter"}
BACK: Final = {"returned": "notice-returned", "bounced": "notice-bounced", "delivered": "notice-delivered"}
_SAMPLE_CODE: Final = "0000-0000-0000-0000-0000-0000"
_FIELDS: Final = 60


async def notices(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/notices: waves and how far they are; a POST asks for one, stops one, hands a batch over, or
    tells what came back."""
    visit, _, told = await of_case(room, exchange, case)
    if exchange.method != "POST":
        await page(room, exchange, visit, told)
        return
    sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
    try:
        unknown = await _do(room, visit, told, sent)
    except SeifasError as error:
        said = room.words(exchange, said_of(error, SAID))
        await page(room, exchange, visit, told, said=said, status=error.http, typed=sent)
        return
    if unknown:
        await page(room, exchange, visit, told, unknown=unknown)
        return
    await answers.see_other(exchange, exchange.path)


async def _do(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> list[str]:
    """References that are of no letter."""
    of: dict[str, Any] = {"session": visit.token, "case": told["case"]}
    match sent.get("do", ""):
        case "ask":
            await _ask(room, visit, told, sent)
        case "stop":
            await room.client.call("case.wave_stop", **of, wave=ident(sent.get("wave", "")))
        case "hand":
            await room.client.call(
                "case.wave_handed", **of, wave=ident(sent.get("wave", "")), number=_number(sent)
            )
        case "back":
            refs = sent.get("refs", "").replace(",", " ").replace(";", " ").split()
            answer = await room.client.call("case.wave_came_back", **of, state=sent.get("state", ""), refs=refs)
            return list(answer["unknown"])
        case "public":
            await _made_public(room, visit, told)
        case _:
            raise Invalid("There is no such button.", where="do")
    return []


async def _ask(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> None:
    words = checked(CaseWords(
        known_on=one_line(sent, "known_on"), happened={one: lines(sent, f"happened_{one}") for one in ("lt", "en")},
        measures={one: lines(sent, f"measures_{one}") for one in ("lt", "en")}, dpo=one_line(sent, "dpo"),
        phone=one_line(sent, "phone"), address="", clinic=_clinic(room, sent), back=one_line(sent, "back")[:120],
    ))  # fmt: skip
    text = "\n".join((*words.happened.values(), *words.measures.values()))
    found = await room.client.call("case.scan", session=visit.token, case=told["case"], text=text)
    if found["found"]:
        raise Invalid("a patient is named in this", where="named")
    if not sent.get("snapshot"):
        raise Invalid("compute who is affected first", where="snapshot")
    await room.client.call(
        "case.wave_make", session=visit.token, case=told["case"], snapshot=ident(sent["snapshot"]),
        grades=[one for one in GRADE_WORDS if sent.get(f"grade-{one}") == "1"],
        channels=sent.get("order", "").split(), body=msgspec.json.encode(words), exempt=sent.get("exempt") == "1",
    )


def _clinic(room: Room, sent: Sent) -> tuple[str, ...]:
    return tuple(one for one in (room.settings.clinic.name, one_line(sent, "clinic")) if one)


def _number(sent: Sent) -> int:
    text = sent.get("number", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise Invalid("There is no such batch.", where="number")
    return int(text)


async def _made_public(room: Room, visit: Visit, told: dict[str, Any]) -> None:
    """That those who were not reached are told in public (GDPR 34(3)(c)): how many, and why, as of now."""
    seen = await room.client.call("case.waves", session=visit.token, case=told["case"])
    body = {"unreached": seen["unreached"], "count": sum(seen["unreached"].values())}
    await room.client.call(
        "case.append", session=visit.token, case=told["case"], kind="notice-public", body=msgspec.json.encode(body)
    )


async def batch(room: Room, exchange: Exchange, case: str) -> None:
    """POST …/notices/batch with `wave` and `number`: a zip of letters, or a CSV of text messages."""
    visit, key, told = await of_case(room, exchange, case)
    sent = await room.guard.fields(exchange, visit.token)
    try:
        got = await room.client.call(
            "case.wave_batch", session=visit.token, case=key, wave=ident(sent.get("wave", "")), number=_number(sent)
        )
    except StepUp as error:
        fields = {"wave": sent.get("wave", ""), "number": sent.get("number", "")}
        await confirm(room, exchange, visit, error, exchange.path, fields, deed="touch-notice-batch")
        return
    except SeifasError as error:
        said = room.words(exchange, said_of(error, SAID))
        await page(room, exchange, visit, told, said=said, status=error.http)
        return
    number = _number(sent)
    if got["channel"] == "letter":
        await download(exchange, f"letters-{number}.zip", got["body"], b"application/zip")
    else:
        await download(exchange, f"messages-{number}.csv", got["body"], b"text/csv; charset=utf-8")


async def preview(room: Room, exchange: Exchange, case: str, wave: str) -> None:
    """GET …/notices/{wave}/preview: the letter of a wave as somebody whom there is not would get it."""
    visit, key, told = await of_case(room, exchange, case)
    seen = await room.client.call("case.waves", session=visit.token, case=key)
    one = next((each for each in seen["waves"] if each["wave"] == ident(wave)), None)
    if one is None:
        await page(room, exchange, visit, told, status=404)
        return
    language = language_of(exchange, room.pages.languages)
    words = msgspec.json.decode(one["body"], type=CaseWords)
    words = msgspec.structs.replace(words, address=_page_of_codes(room, language), exercise=told["exercise"])
    day, _ = now_here(room, told)
    finding = Finding(one["grades"][0], 1.0, ("identity", "contact", "health", "photos"), day)
    name = room.words(exchange, "notice-sample")
    pdf = await asyncio.to_thread(pdf_of, words, Addressed(
        "0000-0000", language, (name, "—"), finding, _SAMPLE_CODE, day, day
    ))  # fmt: skip
    await download(exchange, "letter.pdf", pdf, b"application/pdf")


def _page_of_codes(room: Room, language: str) -> str:
    return room.settings.incidents.notice_address or f"{room.settings.portal_url}/{language}/code"


async def page(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], *, said: str = "", status: int = 200,
    typed: Sent | None = None, unknown: list[str] | None = None,
) -> None:  # fmt: skip
    """The page itself, with what is said above it and what was typed still in its form."""
    of = {"session": visit.token, "case": told["case"]}
    seen = await room.client.call("case.waves", **of)
    snapshots = await room.client.call("case.snapshots", **of)
    zone_day, _ = now_here(room, told)
    before = _as_before(seen["waves"], zone_day)
    language = language_of(exchange, room.pages.languages)
    unreached = sum(seen["unreached"].values())
    public = wording_of(language).public
    await show(
        room, exchange, "notices", visit, told, section="notices", said=said, status=status,
        waves=[_shown(one) for one in reversed(seen["waves"])], snapshots=snapshots, grades=GRADE_WORDS,
        orders=ORDERS, states=STATES, letter_states=LETTER_STATES, channels=CHANNELS, back=BACK,
        typed=typed_of(before, typed), unknown=unknown or [], unreached=seen["unreached"],
        public_title=public.title, public_text=" ".join((
            fill(public.text, count=str(unreached), dpo=before["dpo"] or "…"),
            fill(public.check, address=_page_of_codes(room, language).removesuffix("code") + "affected"),
        )), count=unreached,
    )  # fmt: skip


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    over = sum(many for states in one["counts"].values() for state, many in states.items()
               if state in ("sent", "delivered", "held", "gone", "stopped"))  # fmt: skip
    over += sum(one["counts"].get("unreached", {}).values())
    return {
        **one, "id": one["wave"].hex(), "over": over, "total": one["letters"] or one["people"],
        "left": {channel: many for channel, many in one["counts"].items() if channel in CHANNELS},
    }


def _as_before(waves: list[dict[str, Any]], day: str) -> Sent:
    """The form as the last wave was worded; of a case's first, what is common."""
    typed: Sent = {"known_on": day, "order": "mail sms letter", "dpo": ""}
    if waves:
        words = msgspec.json.decode(waves[-1]["body"], type=CaseWords)
        typed |= {
            "known_on": words.known_on, "dpo": words.dpo, "phone": words.phone, "back": words.back,
            "clinic": words.clinic[-1] if len(words.clinic) > 1 else "",
            **{f"happened_{one}": text for one, text in words.happened.items()},
            **{f"measures_{one}": text for one, text in words.measures.items()},
        }
    return typed
