"""The token endpoint of SMART Backend Services: a signed assertion in, a short-lived bearer token out.

The keeper checks the assertion (RFC 7523, private_key_jwt); this file only knows the form (RFC 6749, 4.4 and 5).
"""

from __future__ import annotations

import re

import msgspec

from seifas.errors import Invalid, Locked, Missing, OverBudget, Refused, SeifasError, Unavailable
from seifas.fhir.exchange import GUARDS, ClientGone, Exchange, Headers
from seifas.fhir.negotiation import form_sent
from seifas.fhir.outcomes import NotSupported
from seifas.keeper.client import KeeperClient

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# SMART App Launch 2.2, "Scopes for requesting FHIR resources": system scopes of version 2, and the words of version 1.
_SCOPE = re.compile(r"system/(?:\*|[A-Z][A-Za-z]{1,63})\.(?:read|write|\*|(?=[cruds])c?r?u?d?s?)\Z")
_HEADERS: Headers = [(b"content-type", b"application/json"), (b"pragma", b"no-cache"), *GUARDS]


class Tokens:
    """POST /auth/token. `audiences` are the addresses of this endpoint that an assertion may name."""

    def __init__(self, client: KeeperClient, audiences: tuple[str, ...]) -> None:
        self._client = client
        self._audiences = audiences

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request; every failure is an OAuth error document."""
        exchange.route("/auth/token")
        try:
            if exchange.method != "POST":
                await self._fail(exchange, 405, "invalid_request", "POST is needed here.")
                return
            fields = dict(await form_sent(exchange))
            if fields.get("grant_type") != "client_credentials":
                await self._fail(exchange, 400, "unsupported_grant_type", "grant_type must be client_credentials.")
                return
            if fields.get("client_assertion_type") != _JWT_BEARER or not fields.get("client_assertion"):
                await self._fail(
                    exchange, 401, "invalid_client", f"client_assertion_type must be {_JWT_BEARER}, with an assertion."
                )
                return
            scope = fields.get("scope", "")
            if len(scope) > 8192 or not all(map(_SCOPE.match, scope.split())):
                await self._fail(exchange, 400, "invalid_scope", "Only scopes like system/Patient.rs exist here.")
                return
            granted = await self._client.call(
                "session.machine",
                assertion=fields["client_assertion"],
                audience=self._audiences,
                scope=scope,
                address=exchange.address,
            )
        except ClientGone:
            return
        except NotSupported as error:
            await self._fail(exchange, error.status, "invalid_request", error.message)
        except (Locked, Unavailable) as error:
            await self._fail(exchange, error.http, "temporarily_unavailable", error.message)
        except OverBudget as error:
            await self._fail(exchange, error.http, "slow_down", error.message)
        except SeifasError as error:
            await self._refused(exchange, error)
        else:
            exchange.of_lane(b"machine", granted["access_token"].encode("ascii"))
            body = msgspec.json.encode({"token_type": "bearer", **granted})
            await exchange.answer(200, body, _HEADERS)

    async def _refused(self, exchange: Exchange, error: SeifasError) -> None:
        if error.where == "invalid_scope":
            await self._fail(exchange, 400, "invalid_scope", error.message)
        elif error.where == "invalid_client":
            # The keeper's words help the integrator; unknown, disabled and wrongly signed sound alike in them.
            await self._fail(exchange, 401, "invalid_client", error.message.removeprefix("invalid_client: "))
        elif isinstance(error, (Refused, Missing)):
            await self._fail(exchange, 401, "invalid_client", "The client or its assertion is not accepted.")
        elif isinstance(error, Invalid):
            await self._fail(exchange, error.http, "invalid_request", error.message)
        else:
            await self._fail(exchange, error.http, "server_error", error.message)

    @staticmethod
    async def _fail(exchange: Exchange, status: int, code: str, text: str) -> None:
        await exchange.answer(status, msgspec.json.encode({"error": code, "error_description": text}), _HEADERS)
