"""Plans of what a file holds, as the importer makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seifas.fhir.bundle import Plan, plan, plan_parsed, read_bundle
from seifas.fhir.json_text import read


def plan_bundle(
    raw: bytes, *, known: Mapping[str, str] | None = None, now_ms: int | None = None, collections: bool = True
) -> Plan:
    return plan(read_bundle(raw, collections=collections), known=known, now_ms=now_ms)


def plan_resource(raw: bytes, **more: Any) -> Plan:
    return plan_parsed(read(raw), **more)
