"""What a clinic that is attacked was told and shown, to be held against its log and its records afterwards."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

from seifas.audit.checkpoint import parse_verifier_key
from seifas.audit.tiles import TileReader
from seifas.audit.verify import verify_log
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Answer, Browser, Stage
from seifas.keeper import unlocking
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.vault import Vault
from seifas.settings import load
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state_sqlite import sqlite_state

OPENED = (Action.OPEN_CARD, Action.OPEN_CHART)


class Work:
    """A program at work in a served clinic. Keeps every acknowledged version and counts every record shown."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.browser = stage.program(1_000_000)
        self.written: dict[str, bytes] = {}
        self.shown: Counter[str] = Counter()
        self.answers: list[Answer] = []

    def renew(self) -> None:
        """A new token: each lives five minutes."""
        self.browser.close()
        self.browser = self.stage.program(1_000_000)

    def ask(self, method: str, path: str, resource: Any = None) -> Answer | None:
        """None where the connection broke."""
        try:
            body = None if resource is None else json.dumps(resource)
            answer = self.browser.ask(method, path, body, {"Content-Type": "application/fhir+json"})
        except (OSError, http.client.HTTPException):
            return None
        self.answers.append(answer)
        return answer

    def write(self) -> int:
        """Registers one patient; the status, 0 where nothing came back."""
        family = f"Darbas{secrets.token_hex(4)}"
        answer = self.ask("POST", "/fhir/Patient", {"resourceType": "Patient", "name": [{"family": family}]})
        if answer is not None and answer.status == 201:
            self.written[answer.json["id"]] = answer.body
        return 0 if answer is None else answer.status

    def read(self, ident: str = "") -> int:
        """Reads one of those written, the last if none is named; the status."""
        ident = ident or next(reversed(self.written))
        answer = self.ask("GET", f"/fhir/Patient/{ident}")
        if answer is not None and answer.status == 200:
            assert answer.body == self.written[ident], "what was acknowledged comes back to the letter"
            self.shown[ident] += 1
        return 0 if answer is None else answer.status

    def lost(self) -> list[str]:
        """Acknowledged records that are not there, to the letter."""
        found = []
        for ident, body in self.written.items():
            answer = self.ask("GET", f"/fhir/Patient/{ident}")
            if answer is not None and answer.status == 200:
                self.shown[ident] += 1
            if answer is None or answer.status != 200 or answer.body != body:
                found.append(f"{ident}: {answer.status if answer is not None else 'no answer'}")
        return found

    def refused(self) -> list[dict[str, Any]]:
        """The OperationOutcomes of all that was refused so far."""
        outcomes = []
        for answer in self.answers:
            if answer.status >= 400:
                with contextlib.suppress(ValueError):
                    outcomes.append({"status": answer.status, **answer.json})
        return outcomes


def look(port: int, path: str, *, timeout: float = 60.0) -> Answer:
    """One GET by somebody who is nobody yet, on a connection of its own."""
    browser = Browser(port, timeout=timeout)
    try:
        return browser.ask("GET", path)
    finally:
        browser.close()


def lines(data: Path) -> list[Line]:
    """Every line of a stopped demo's log, opened; the log is verified on the way."""
    key = parse_verifier_key((data / "audit" / "key").read_text())
    report = verify_log(data / "audit", key)
    assert report.ok, report.problems
    settings = load(data)
    passphrase = demo_passphrase_file(data).read_text().strip()
    root = unlocking.root_by_passphrase(data / settings.paths.keys, passphrase)
    keystore, keyring = unlocking.open_keys(data / settings.paths.keys, settings.clinic_id, root)
    keystore.close()
    audit = AuditLog(
        audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=settings.clinic_id,
        directory=data / "audit",
    )
    return [audit.read(leaf, index)[0] for index, leaf in enumerate(TileReader(data / "audit").entries())]


def without_line(data: Path, shown: Counter[str]) -> list[str]:
    """Records that were shown more often than the log says."""
    opened: Counter[str] = Counter()
    for line in lines(data):
        if line.action in OPENED:
            opened.update(ident.hex() for ident in line.objects)
    return [ident for ident, times in shown.items() if opened[ident] < times]


def said(stage: Stage, since: int = 0) -> list[dict[str, Any]]:
    """The structured lines of a stage's own log, from a byte of it on."""
    found = []
    for line in stage.log.read_bytes()[since:].decode(errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def records(data: Path) -> dict[str, dict[str, tuple[bool, dict[str, Any]]]]:
    """Every resource of every patient of a demo that is not served: patient -> "Type/id" -> (deleted, resource without
    what changes with a version). Patients are hex ids; the clinic's own documents stand under 32 zeros."""
    settings = load(data)
    root = unlocking.root_by_passphrase(data / settings.paths.keys, demo_passphrase_file(data).read_text().strip())
    keystore, keyring = unlocking.open_keys(data / settings.paths.keys, settings.clinic_id, root)
    state = sqlite_state(data / "state" / "keeper.db")
    rows = SqliteRows(data / "data" / "rows.db")
    found: dict[str, dict[str, tuple[bool, dict[str, Any]]]] = {}
    try:
        vault = Vault(rows, keyring)
        vault.heads = unlocking.load_state(state, keyring).heads
        for patient, head in vault.heads.items():
            mine = found[patient.hex()] = {}
            for entry in vault.manifest(head).values():
                body = json.loads(vault.record(head, entry).body)
                meta = body.get("meta", {})
                meta.pop("versionId", None)
                meta.pop("lastUpdated", None)
                mine[f"{entry.type}/{entry.id.hex()}"] = (entry.deleted, body)
    finally:
        for store in (state, rows, keystore):
            store.close()
    return found
