"""The way to speak to HAProxy while it runs: its own socket for variables, tables and figures, the master's to reload.

Every call connects anew: a reload closes what was open, and a connection costs nothing beside the deed.
"""

from __future__ import annotations

import csv
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from seifas.errors import Invalid, Unavailable

_PATIENCE_S: Final = 5.0
_MOST: Final = 512 * 1024 * 1024
_AT_ONCE: Final = 200
_FORBIDDEN: Final = frozenset("\n\r;\\\0")


class Runtime:
    """Commands to one HAProxy. Raises Unavailable where it does not answer in time."""

    def __init__(self, path: Path, *, patience_s: float = _PATIENCE_S) -> None:
        self._path = path
        self._patience = patience_s

    def command(self, text: str) -> str:
        """One command and its answer. Raises Invalid for text that would be two."""
        if _FORBIDDEN & set(text):
            raise Invalid("a command to HAProxy is one line", where="shield")
        return _asked(self._path, text, self._patience)

    def commands(self, texts: Sequence[str]) -> list[str]:
        """Many commands over few connections; the answers in their order. Only for commands that answer in one line
        or nothing, as all that set something do."""
        found: list[str] = []
        for at in range(0, len(texts), _AT_ONCE):
            piece = texts[at : at + _AT_ONCE]
            if any(_FORBIDDEN & set(text) for text in piece):
                raise Invalid("a command to HAProxy is one line", where="shield")
            answer = _asked(self._path, ";".join(piece), self._patience)
            parts = answer.split("\n\n")
            found += [part.strip() for part in parts[: len(piece)]]
        return found

    def set_number(self, name: str, value: int) -> None:
        """Sets a process variable: mode_public, mode_staff, target."""
        self._set(f"set var proc.{name} int({value})")

    def set_word(self, name: str, value: str) -> None:
        """Sets a process variable: slot, key_a, key_b."""
        self._set(f"set var proc.{name} str({value})")

    def number(self, name: str) -> int | None:
        """A process variable's number; None where it is not set."""
        answer = self.command(f"get var proc.{name}")
        _, found, value = answer.rpartition("value=<")
        digits = value.split(">")[0].strip()
        return int(digits) if found and digits.lstrip("-").isdigit() else None

    def info(self) -> dict[str, str]:
        """`show info`: Version, CurrConns, CumReq, Idle_pct, Uptime_sec and many more."""
        rows = (line.partition(": ") for line in self.command("show info").splitlines())
        return {name: value for name, found, value in rows if found}

    def stat(self) -> list[dict[str, str]]:
        """`show stat`: a row for each frontend, backend and server; pxname, svname, qcur, scur, req_tot, qtime, ..."""
        answer = self.command("show stat").lstrip("# ")
        return list(csv.DictReader(answer.splitlines()))

    def table(self, name: str, filter_: str = "") -> Iterable[dict[str, str]]:
        """The rows of a table: `key`, `use`, `exp` and what is stored in it, as text."""
        for line in self.command(f"show table {name} {filter_}".rstrip()).splitlines():
            if line.startswith("0x"):
                yield dict(part.partition("=")[::2] for part in line.split(": ", 1)[1].split())

    def put(self, table: str, rows: Mapping[str, Mapping[str, int]]) -> None:
        """Makes or changes rows: key to data, e.g. `{"::ffff:10.0.0.0": {"gpt0": 1}}`; tables of addresses have IPv4 as
        IPv6. Raises Invalid for what HAProxy does not take; rows before it are there."""
        answers = self.commands([
            f"set table {table} key {key} " + " ".join(f"data.{name} {value}" for name, value in data.items())
            for key, data in rows.items()
        ])
        wrong = next((answer for answer in answers if answer), "")
        if wrong:
            raise Invalid(f"HAProxy did not take a row of {table}: {wrong[:80]}", where="shield")

    def _set(self, text: str) -> None:
        if _FORBIDDEN & set(text):
            raise Invalid("a command to HAProxy is one line", where="shield")
        answer = _asked(self._path, f"experimental-mode on; {text}", self._patience).strip()
        if answer and "set" not in answer.lower():
            raise Unavailable(f"HAProxy did not take a setting: {answer[:80]}")


def reload(master: Path, *, patience_s: float = 30.0) -> bool:
    """Tells the master process to load its configuration anew, keeping the listeners open; whether it took it. One that
    does not hold leaves the running workers as they are. Raises Unavailable."""
    answer = _asked(master, "reload", patience_s)
    # 2.6 answers nothing and forks; from 2.7 on it says Success=1 or 0.
    return "Success=0" not in answer


def _asked(path: Path, text: str, patience_s: float) -> str:
    parts: list[bytes] = []
    size = 0
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(patience_s)
            asking.connect(str(path))
            asking.sendall(text.encode("utf-8") + b"\n")
            while piece := asking.recv(1 << 20):
                size += len(piece)
                if size > _MOST:
                    raise Unavailable("HAProxy answered without end")
                parts.append(piece)
    except OSError as error:
        raise Unavailable(f"HAProxy does not answer on its socket ({error.strerror or 'in time'})") from None
    return b"".join(parts).decode("utf-8", "replace")
