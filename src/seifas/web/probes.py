"""Health and metrics of a listener."""

from __future__ import annotations

import ipaddress

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.keeper.client import KeeperClient
from seifas.web import answers

_OPENMETRICS = b"application/openmetrics-text; version=1.0.0; charset=utf-8"


async def health(client: KeeperClient, exchange: Exchange, *, needs_vault: bool = True) -> None:
    """GET /health: {live, ready, locked, standby, version}. 503 while not ready, if this listener `needs_vault`."""
    exchange.route("/health")
    try:
        told = await client.call("health")
        answer = {"live": True, **{name: told[name] for name in ("ready", "locked", "standby", "version")}}
    except SeifasError:
        answer = {"live": True, "ready": False, "locked": None, "standby": None, "version": None}
    await answers.json(exchange, answer, status=200 if answer["ready"] or not needs_vault else 503)


async def metrics(client: KeeperClient, exchange: Exchange) -> None:
    """GET /metrics: OpenMetrics, for callers on this machine only; for others there is no such page."""
    exchange.route("/metrics")
    if not _here(exchange.address):
        await answers.text(exchange, "Not found", status=404)
        return
    await answers.text(exchange, await client.call("metrics"), kind=_OPENMETRICS)


def _here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
