"""SMART Backend Services over real sockets: a signed assertion becomes a token that reads and writes."""

import json
import time
import uuid
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from running_vault import RunningVault

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def client(vault: RunningVault) -> dict[str, Any]:
    made: dict[str, Any] = vault.admin("admin.client_add", name="laboratorija", per_day=50)
    return made


def assertion(vault: RunningVault, client: dict[str, Any], **claims: Any) -> str:
    now = int(time.time())
    key = load_pem_private_key(client["private_pem"].encode(), None)
    whole = {
        "iss": client["client_id"], "sub": client["client_id"], "aud": f"{vault.staff}/auth/token", "iat": now,
        "exp": now + 240, "jti": uuid.uuid4().hex, **claims,
    }  # fmt: skip
    kid = json.loads(client["private_jwk"])["kid"]
    return jwt.encode(whole, key, algorithm="ES384", headers={"kid": kid})  # type: ignore[arg-type]


def ask(vault: RunningVault, **fields: str) -> httpx.Response:
    sent = {"grant_type": "client_credentials", "client_assertion_type": KIND, **fields}
    return httpx.post(f"{vault.staff}/auth/token", data=sent, timeout=60)


def test_a_program_signs_in_and_works(vault: RunningVault, client: dict[str, Any]) -> None:
    granted = ask(vault, client_assertion=assertion(vault, client), scope="system/*.cruds")
    assert granted.status_code == 200, granted.text
    told = granted.json()
    assert granted.headers["cache-control"] == "no-store"
    assert told["token_type"] == "bearer"
    assert 0 < told["expires_in"] <= 300
    with vault.fhir(told["access_token"], **{"Content-Type": "application/fhir+json"}) as fhir:
        made = fhir.post("/Patient", json={"resourceType": "Patient", "name": [{"family": "Programinis"}]})
        assert made.status_code == 201
        assert fhir.get(f"/Patient/{made.json()['id']}").status_code == 200


def test_scopes_narrow(vault: RunningVault, client: dict[str, Any]) -> None:
    granted = ask(vault, client_assertion=assertion(vault, client), scope="system/Patient.r")
    assert granted.json()["scope"] == "system/Patient.r"
    with vault.fhir(granted.json()["access_token"], **{"Content-Type": "application/fhir+json"}) as fhir:
        assert fhir.post("/Patient", json={"resourceType": "Patient"}).status_code == 403
    refused = ask(vault, client_assertion=assertion(vault, client), scope="patient/*.read")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


def test_assertions_that_do_not_count(vault: RunningVault, client: dict[str, Any]) -> None:
    used = assertion(vault, client)
    assert ask(vault, client_assertion=used).status_code == 200
    now = int(time.time())
    bad = [
        used, "x.y.z", "", "x" * 20_000,
        assertion(vault, client, aud="https://other.example/token"),
        assertion(vault, client, exp=now - 120), assertion(vault, client, exp=now + 86400),
        assertion(vault, client, sub="another"),
        assertion(vault, client | {"client_id": "nobody"}),
    ]  # fmt: skip
    for one in bad:
        answer = ask(vault, client_assertion=one)
        assert answer.status_code in (400, 401), one[:40]
        assert answer.json()["error"] in ("invalid_client", "invalid_request")


def test_requests_that_are_not_token_requests(vault: RunningVault) -> None:
    at = f"{vault.staff}/auth/token"
    assert httpx.get(at, timeout=60).status_code == 405
    assert httpx.post(at, json={"grant_type": "client_credentials"}, timeout=60).status_code == 415
    assert httpx.post(at, data={"grant_type": "password"}, timeout=60).json()["error"] == "unsupported_grant_type"
    assert ask(vault, client_assertion_type="other", client_assertion="x").json()["error"] == "invalid_client"


def test_smart_configuration_is_where_clients_look(vault: RunningVault) -> None:
    for path in ("/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration"):
        told = httpx.get(vault.staff + path, timeout=60).json()
        assert told["token_endpoint"] == f"{vault.staff}/auth/token"
        assert told["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]
