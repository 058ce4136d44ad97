"""The plain system's pages, as an ASGI application on the database itself.

    python -m seifas.drill.plain_system.serving DIRECTORY PORT
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
import sys
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvicorn
from jinja2 import Environment

from seifas.drill.plain_system.keeping import PHOTOS, opened, password_hash

SESSION_S: Final = 12 * 3600
_JSON: Final = "application/fhir+json"
_DAY_MS: Final = 86_400_000
_DAYS: Final = 7
_TIMES_A_DAY: Final = 16
_PAGE: Final = Environment(autoescape=True).from_string("""\
<!doctype html><html lang="en"><title>Clinic</title><h1>Free times</h1><table>
{% for doctor, days in free %}<tr><th>Doctor {{ loop.index }}{% for many in days %}<td>{{ many }}{% endfor %}
{% endfor %}</table></html>
""")


class _Asked(NamedTuple):
    method: str
    path: list[str]
    query: dict[str, str]
    body: bytes
    account: str


class _Told(NamedTuple):
    status: int
    body: bytes = b""
    kind: str = _JSON
    cookie: str = ""


_NOTHING: Final = _Told(404)


class Application:
    """One process on one database. Whoever has signed in reads and changes what there is; changes are logged."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._database = opened(place)

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        told = self._answer(scope, body)
        headers = [(b"content-type", told.kind.encode()), (b"content-length", str(len(told.body)).encode())]
        if told.cookie:
            headers.append((b"set-cookie", f"session={told.cookie}; HttpOnly; SameSite=Lax; Path=/".encode()))
        await send({"type": "http.response.start", "status": told.status, "headers": headers})
        await send({"type": "http.response.body", "body": told.body})

    def _answer(self, scope: dict[str, Any], body: bytes) -> _Told:
        path = [part for part in scope["path"].split("/") if part]
        query = dict(urllib.parse.parse_qsl(scope["query_string"].decode("latin-1")))
        if not path:
            return self._front_page()
        if path == ["login"]:
            return self._login(body)
        account = self._account(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
        if not account:
            return _Told(401)
        asked = _Asked(scope["method"], path, query, body, account)
        if path == ["day"]:
            found = self._rows("SELECT id, family, given FROM patients ORDER BY family LIMIT 40")
            return _Told(200, json.dumps(found).encode())
        if path[0] == "photo" and len(path) == 2:
            return self._photo(path[1])
        if path[0] == "fhir" and len(path) >= 2:
            return self._fhir(asked)
        return _NOTHING

    def _front_page(self) -> _Told:
        """Free times of all doctors in the days to come, as clinics show them to anybody."""
        today = time.time_ns() // 1_000_000 // _DAY_MS * _DAY_MS
        free: dict[str, list[int]] = {}
        for doctor, day, many in self._rows(
            "SELECT doctor, (start_ms - ?) / ?, count(*) FROM appointments WHERE start_ms >= ? AND start_ms < ?"
            " GROUP BY 1, 2", today, _DAY_MS, today, today + _DAYS * _DAY_MS,
        ):
            free.setdefault(doctor, [_TIMES_A_DAY] * _DAYS)[day] -= many
        return _Told(200, _PAGE.render(free=sorted(free.items())).encode(), "text/html; charset=utf-8")

    def _rows(self, query: str, *values: Any) -> list[Any]:
        return self._database.execute(query, values).fetchall()

    def _login(self, body: bytes) -> _Told:
        fields = dict(urllib.parse.parse_qsl(body.decode()))
        found = self._rows("SELECT salt, hash FROM accounts WHERE name = ?", fields.get("name", ""))
        if not found or not hmac.compare_digest(password_hash(fields.get("password", ""), found[0][0]), found[0][1]):
            return _Told(401)
        token = secrets.token_urlsafe(32)
        self._database.execute("INSERT INTO sessions VALUES (?,?,?)", (token, fields["name"], time.time()))
        return _Told(204, cookie=token)

    def _account(self, cookies: str) -> str:
        token = next((one[8:] for one in cookies.split("; ") if one.startswith("session=")), "")
        found = self._rows(
            "SELECT account FROM sessions WHERE token = ? AND opened > ?", token, time.time() - SESSION_S
        )
        return str(found[0][0]) if found else ""

    def _photo(self, ident: str) -> _Told:
        found = self._rows("SELECT file FROM photos WHERE id = ?", ident)
        return _Told(200, (self._place / PHOTOS / found[0][0]).read_bytes(), "image/jpeg") if found else _NOTHING

    def _fhir(self, asked: _Asked) -> _Told:
        kind, *rest = asked.path[1:]
        if not rest:
            return self._search(kind, asked.query)
        if asked.method == "GET" and rest[1:] == ["$everything"]:
            return _bundle(self._rows("SELECT body FROM resources WHERE patient = ?", rest[0]))
        found = self._rows("SELECT body FROM resources WHERE kind = ? AND id = ?", kind, rest[0])
        if not found:
            return _NOTHING
        if asked.method == "GET":
            return _Told(200, found[0][0].encode())
        return self._change(asked, kind, rest[0])

    def _search(self, kind: str, query: dict[str, str]) -> _Told:
        patient = query.get("patient") or query.get("subject", "").removeprefix("Patient/")
        if kind == "Media":
            found = self._rows("SELECT id FROM photos WHERE patient = ?", patient)
            return _bundle([(json.dumps({"resourceType": "Media", "id": one}),) for (one,) in found])
        if patient:
            return _bundle(self._rows("SELECT body FROM resources WHERE patient = ? AND kind = ?", patient, kind))
        start, count = int(query.get("_offset", 0)), min(1000, int(query.get("_count", 50)))
        return _bundle(self._rows(
            "SELECT body FROM resources JOIN patients USING (id) WHERE kind = ? AND family LIKE ? ORDER BY family, id"
            " LIMIT ? OFFSET ?", kind, query.get("family", "") + "%", count, start,
        ))

    def _change(self, asked: _Asked, kind: str, ident: str) -> _Told:
        try:
            if asked.method == "DELETE":
                self._database.execute("DELETE FROM resources WHERE id = ?", (ident,))
                if kind == "Patient":
                    self._database.execute("DELETE FROM resources WHERE patient = ?", (ident,))
                    self._database.execute("DELETE FROM patients WHERE id = ?", (ident,))
            else:
                json.loads(asked.body)
                self._database.execute("UPDATE resources SET body = ? WHERE id = ?", (asked.body.decode(), ident))
        except (ValueError, sqlite3.Error):
            return _Told(400)
        self._database.execute("INSERT INTO log VALUES (?,?,?,?)", (time.time(), asked.account, asked.method, ident))
        return _Told(204 if asked.method == "DELETE" else 200)


def _bundle(rows: list[Any]) -> _Told:
    entries = ",".join(f'{{"resource":{body}}}' for (body,) in rows)
    return _Told(200, f'{{"resourceType":"Bundle","type":"searchset","entry":[{entries}]}}'.encode())


def main() -> None:
    place, port = Path(sys.argv[1]), int(sys.argv[2])
    uvicorn.run(Application(place), host="127.0.0.1", port=port, log_level="warning", lifespan="off", loop="uvloop")


if __name__ == "__main__":
    main()
