"""A clinic with a program that exports, and two people who decide."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm
from keeper_rig import Asked, Clocks

from seifas.crypto import recipient
from seifas.drill.soft_authenticator import SoftAuthenticator

DAY = 86_400_000


class Exporting:
    """`names` are the patients' families; `program()` signs the program in anew, as tokens live for minutes."""

    def __init__(self, asked: Asked, clocks: Clocks) -> None:
        self.asked = asked
        self.clocks = clocks
        self.keys: dict[str, SoftAuthenticator] = {}
        self.patients: list[bytes] = []
        self.names: list[str] = []
        key = X25519PrivateKey.generate()
        self.private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.made: dict[str, Any] = {}

    async def open(self, patients: int = 12, scopes: str = "system/*.rs") -> Exporting:
        asked = self.asked
        for name, hats in (("pareigune", ("officer",)), ("adminas", ("administrator",)), ("gydytoja", ("doctor",))):
            await asked.account(name, *hats)
        for name in ("pareigune", "adminas", "gydytoja"):
            self.keys[name] = await asked.enrol(name)
        doctor = await asked.by_passkey(self.keys["gydytoja"])
        for number in range(patients):
            family = f"Eksportinis{number}"
            patient = await asked.create(
                doctor, "Patient", name=[{"family": family, "given": ["Ona"]}], birthDate="1980-02-03", gender="female"
            )
            code = {"coding": [{"system": "http://snomed.info/sct", "code": "165232002"}], "text": f"apie {family}"}
            await asked.create(
                doctor, "Condition", patient, code=code, clinicalStatus={"coding": [{"code": "active"}]},
                recordedDate="2026-03-01",
            )
            self.patients.append(patient)
            self.names.append(family)
        self.clocks.run(2 * DAY)
        self.made = await asked.admin("client_add", name="registras", per_day=50, scopes=scopes)
        await asked.admin("client_recipient", name="registras", key=self.public)
        return self

    async def program(self, made: dict[str, Any] | None = None) -> str:
        """A fresh token of a program."""
        one = made or self.made
        key = json.loads(one["private_jwk"])
        now = self.asked.keeper.now().wall_ms // 1000
        url = self.asked.keeper.settings.token_urls[0]
        claims = {"iss": one["client_id"], "sub": one["client_id"], "aud": url, "exp": now + 200, "iat": now,
                  "jti": secrets.token_hex(16)}
        signed = jwt.encode(
            claims, ECAlgorithm.from_jwk(one["private_jwk"]), algorithm="ES384",  # type: ignore[arg-type]
            headers={"kid": key["kid"]},
        )
        told = await self.asked.desk("session.machine", assertion=signed, scope="", audience=[url],
                                    address="127.0.0.1")
        return str(told["access_token"])

    async def ask(self, **args: Any) -> bytes:
        made = await self.asked.desk("export.ask", session=await self.program(), **{"kind": "system", **args})
        return bytes(made["id"])

    async def allow(self, job: bytes, *names: str) -> None:
        """These people say yes to it; both where none is named."""
        held = self.asked.keeper.exports.get(job)
        assert held is not None
        for name in names or ("adminas", "pareigune"):
            await self.asked.approve(await self.asked.by_passkey(self.keys[name]), self.keys[name], held.approval)

    async def status(self, job: bytes) -> dict[str, Any]:
        return dict(await self.asked.desk("export.status", session=await self.program(), id=job))

    async def made_ready(self, job: bytes) -> dict[str, Any]:
        """Asks until it is made."""
        for _ in range(200):
            told = await self.status(job)
            if told["state"] not in ("allowed", "running"):
                return told
            await asyncio.sleep(0.02)
        raise AssertionError("the export was never made")

    async def fetched(self, job: bytes, told: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Every resource of a made export by its type, opened as the recipient does."""
        found: dict[str, list[dict[str, Any]]] = {}
        for number, one in enumerate(told["files"]):
            sealed = await self.asked.desk("export.file", session=await self.program(), id=job, number=number)
            text = recipient.open_sealed(self.private, sealed, info=one["info"])
            rows = [json.loads(line) for line in text.splitlines()]
            assert len(rows) == one["lines"]
            found.setdefault(one["type"], []).extend(rows)
        return found
