"""Programs that are signed in to a running vault: registered, asserted, with a token of their own."""

import json
import secrets
import time

import httpx
import jwt
from jwt.algorithms import ECAlgorithm
from running_vault import RunningVault


def program(vault: RunningVault, scopes: str, *, asked: str = "", per_day: int = 100) -> httpx.Client:
    """A client of the API with the token of a program registered for `scopes`, narrowed to `asked`."""
    made = vault.admin("admin.client_add", name=f"programa-{secrets.token_hex(4)}", per_day=per_day, scopes=scopes)
    url = f"{vault.staff}/auth/token"
    now = int(time.time())
    claims = {"iss": made["client_id"], "sub": made["client_id"], "aud": url, "exp": now + 240, "iat": now,
              "jti": secrets.token_hex(16)}  # fmt: skip
    kid = json.loads(made["private_jwk"])["kid"]
    key = ECAlgorithm.from_jwk(made["private_jwk"])
    signed = jwt.encode(claims, key, algorithm="ES384", headers={"kid": kid})  # type: ignore[arg-type]
    told = vault.desk("session.machine", assertion=signed, audience=[url], scope=asked, address="127.0.0.1")
    return vault.fhir(told["access_token"])
