"""Leak cases: the list of them, and one with all that stands in it and what is to be done next."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, SeifasError, Unavailable
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.leaks.frame import AT, officer, said_of, said_word, show
from seifas.web.desk.officer.frame import asked, ident, some_bytes
from seifas.web.desk.room import Room, Visit

STATES: Final = {
    "new": "leak-state-new", "asked": "leak-state-asked", "approved": "leak-state-approved",
    "used-up": "leak-state-used-up", "over": "leak-state-over", "refused": "leak-state-refused",
    "closed": "leak-state-closed",
}
_JOBS: Final = {
    "waiting": "leak-job-waiting", "loading": "leak-job-loading", "searching": "leak-job-searching",
    "keeping": "leak-job-keeping", "failed": "leak-job-failed", "cancelled": "leak-job-cancelled",
}
RESULTS: Final = {"match": "leak-result-match", "attribute": "leak-result-attribute", "explain": "leak-result-explain"}
_SEARCHES: Final = ("match", "attribute", "explain")
_COUNTERS: Final = (
    ("people", "leak-count-people"), ("photos", "leak-count-photos"), ("mentions", "leak-count-mentions"),
    ("pictures", "leak-count-pictures"), ("compared", "leak-count-compared"), ("lines", "leak-count-lines"),
    ("unread", "leak-count-unread"), ("left_out", "leak-count-left-out"),
)  # fmt: skip
_FIELDS: Final = 640  # a form with a box for each of 500 files
_ENDED: Final = ("failed", "cancelled")


async def cases(room: Room, exchange: Exchange) -> None:
    """/desk/leaks: all cases, with a form that begins one."""
    visit = await officer(room, exchange)
    said, status, typed = "", 200, {"title": "", "ground": ""}
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        typed = {name: sent.get(name, "")[:400] for name in typed}
        try:
            made = await room.client.call("leak.begin", session=visit.token, **typed)
            await answers.see_other(exchange, f"{AT}/{made['case'].hex()}")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error)), error.http
    rows = await room.client.call("leak.list", session=visit.token)
    watches = await room.client.call("watch.list", session=visit.token)
    sets = await room.client.call("decoy.list", session=visit.token)
    await show(
        room, exchange, "cases", visit, said=said, status=status, typed=typed, rows=[as_shown(one) for one in rows],
        watched=[one for one in watches if not one["stopped_ms"]], sets=sets,
        silent=sum(bool(one["failed"]) for one in watches if not one["stopped_ms"]),
        planted=sum(one["count"] for one in sets), rung=[one for one in sets if one["rung_ms"]],
    )  # fmt: skip


async def case(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/leaks/{case}: one case, and its buttons."""
    visit = await officer(room, exchange)
    key, said, status = ident(case), "", 200
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
        try:
            await _do(room, visit, key, sent)
            await answers.see_other(exchange, f"{AT}/{case}")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error)), error.http
    values = await _now(room, visit, key, watch=False)
    watches = [
        one for one in await room.client.call("watch.list", session=visit.token)
        if one["case"] == key and not one["stopped_ms"]
    ]  # fmt: skip
    good = room.words(exchange, "leak-kept") if asked(exchange).get("kept") == "1" else ""
    await show(room, exchange, "case", visit, said=said, good=good, status=status, watches=watches, **values)


async def live(room: Room, exchange: Exchange, case: str) -> None:
    """GET /desk/leaks/{case}/live?seen=MARK: what runs and what was found, if it is other than the page has (else 204).
    Asking by itself keeps no session awake."""
    visit = await officer(room, exchange)
    values = await _now(room, visit, ident(case), watch=True)
    if asked(exchange).get("seen") == values["mark"]:
        await exchange.answer(204, b"", answers.PAGE_GUARDS)
        return
    await show(room, exchange, "live", visit, **values)


async def _do(room: Room, visit: Visit, key: bytes, sent: dict[str, str]) -> None:
    do = sent.get("do", "")
    if do in ("ask", "close"):
        await room.client.call(f"leak.{do}", session=visit.token, case=key)
    elif do == "forget-file":
        await room.client.call(
            "leak.forget_file", session=visit.token, case=key, file=ident(sent.get("file", ""))
        )
    elif do == "explain":
        await room.leaks.explain(visit.token, key)
    elif do in _SEARCHES:
        files = [ident(name.removeprefix("file-")) for name, value in sent.items()
                 if name.startswith("file-") and value == "1"]  # fmt: skip
        begin = room.leaks.match if do == "match" else room.leaks.attribute
        await begin(visit.token, key, files or None)
    elif do in ("cancel", "wipe"):
        job = await _job(room, visit, key, some_bytes(sent.get("job", "")))
        await (room.leaks.cancel if do == "cancel" else room.leaks.forget)(visit.token, job)
    else:
        raise Invalid("There is no such button.", where="do")


async def _job(room: Room, visit: Visit, key: bytes, job: bytes) -> bytes:
    """The id of a search of this very case. Raises Missing."""
    if any(one["job"] == job for one in await room.leaks.running(visit.token, key)):
        return job
    raise Missing("there is no such search here any more", where="search")


async def _now(room: Room, visit: Visit, key: bytes, *, watch: bool) -> dict[str, Any]:
    told = as_shown(await room.client.call("leak.status", session=visit.token, case=key, watch=watch))
    jobs, deaf = [], False
    if told["state"] != "closed":
        try:
            jobs = await room.leaks.running(visit.token, key)
        except Unavailable:
            deaf = True  # it is being started anew: the case is shown all the same
    under_way = [_search(one) for one in jobs if one["state"] not in ("done", *_ENDED)]
    failed = [_search(one) for one in jobs[:1] if one["state"] in _ENDED]
    mark = sha256(
        msgspec.msgpack.encode([
            told["state"], told["mentions_left"], deaf, len(told["files"]), [one["id"] for one in told["results"]],
            [(one["job"], one["version"]) for one in jobs],
        ])
    ).hexdigest()[:32]
    return {
        "case": told, "jobs": under_way, "failed": failed, "deaf": deaf, "mark": mark,
        "wipe": jobs[0]["job"].hex() if jobs and not under_way else "", "polling": bool(under_way) or deaf,
        "step": next_step(told, bool(under_way)),
    }  # fmt: skip


def _search(one: dict[str, Any]) -> dict[str, Any]:
    """A search as pages show it; its figures are numbers, its words ours."""
    most, done = (one["pictures"], one["traced"]) if one["pictures"] else (one["bytes"], one["bytes_read"])
    error = one["error"] or {}
    return {
        **one, "id": one["job"].hex(), "words": _JOBS.get(one["state"], "leak-job-searching"),
        "kind_words": RESULTS.get(one["kind"], "leak-result-match"), "most": most, "done": min(done, most),
        "counted": [(words, one[name]) for name, words in _COUNTERS if one.get(name)],
        "failed": said_word(error.get("where", ""), error.get("code", "")) if one["state"] == "failed" else "",
    }  # fmt: skip


def as_shown(one: dict[str, Any]) -> dict[str, Any]:
    """A case with ids as addresses have them, newest results first."""
    return {
        **one, "id": one["case"].hex(), "stands": STATES.get(one["state"], "leak-state-new"),
        "files": [{**each, "id": each["id"].hex(), "sha256": each["sha256"].hex()} for each in one["files"]],
        "results": [
            {**each, "id": each["id"].hex(), "words": RESULTS.get(each["kind"], "leak-result-match")}
            for each in sorted(one["results"], key=lambda each: -int(each["made_ms"]))
        ],
    }  # fmt: skip


def next_step(told: dict[str, Any], searching: bool) -> str:
    """The key of the sentence that says what is to be done next."""
    kinds = {one["kind"] for one in told["results"]}
    if told["state"] == "closed":
        return "leak-next-closed"
    if searching:
        return "leak-next-searching"
    if told["state"] == "approved":
        if not told["files"]:
            return "leak-next-drop"
        if not kinds:
            return "leak-next-search"
        return "leak-next-look" if "explain" in kinds else "leak-next-explain"
    return {
        "new": "leak-next-new", "asked": "leak-next-asked", "used-up": "leak-next-used-up", "over": "leak-next-over",
    }.get(told["state"], "leak-next-refused")  # fmt: skip
