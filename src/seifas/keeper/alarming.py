"""Rings: turns what the budget or a check found into a sealed alarm that the jobs process delivers within seconds.

The alarm's state row goes into the same commit as the line of the deed that rang it.
"""

from __future__ import annotations

from seifas.errors import Conflict, Missing
from seifas.keeper.alarm_book import ANNOUNCED, Alarm, new_alarm
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Request
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.model import Kind

_AGAIN_MS = 10 * 60_000


def ring(
    keeper: Keeper, moment: Moment, kind: str, severity: int, text: str, *, account: bytes = b"", session: bytes = b""
) -> list[tuple[bytes, bytes]]:
    """State puts of the new alarm; empty when the same one is live already (repeating buries the others)."""
    name = account_name(keeper, account)
    if keeper.alarms.same_live(kind, name, moment.wall_ms - _AGAIN_MS, moment.wall_ms) is not None:
        return []
    alarm = new_alarm(kind, severity, text, account=name, session=session, now_ms=moment.wall_ms)
    keeper.alarms.put(alarm)
    keeper.count("alarms")
    return [put(keeper, alarm)]


def put(keeper: Keeper, alarm: Alarm) -> tuple[bytes, bytes]:
    return keeper.row(Kind.ALARM, alarm.id, alarm)


def account_name(keeper: Keeper, account: bytes) -> str:
    """The login of an account or the name of a machine client, for the officer's eyes."""
    if not account:
        return ""
    client = keeper.client_of(account)
    if client is not None:
        return f"client {client.name}"
    try:
        return keeper.accounts.get(account).name
    except Missing:
        return ""


def announce(keeper: Keeper, moment: Moment, request: Request) -> list[tuple[bytes, bytes]]:
    """State puts of the alarm that tells everybody of a request for approval. Its delivery starts the request's clock
    (identity.approvals: some wait for hours after they were announced on two channels)."""
    text = f"Something waits for two people's approval: {request.kind.value}. Anyone entitled can refuse it."
    alarm = new_alarm(
        f"{ANNOUNCED}{request.id.hex()}", 2, text, account=account_name(keeper, request.asked_by), session=b"",
        now_ms=moment.wall_ms,
    )
    keeper.alarms.put(alarm)
    return [put(keeper, alarm)]


def delivered(keeper: Keeper, alarm: Alarm, channels: tuple[str, ...], now_ms: int) -> list[tuple[bytes, bytes]]:
    """Notes deliveries of an announcement with its request. The log of this machine is no channel to anybody else."""
    puts = []
    for channel in channels if alarm.kind.startswith(ANNOUNCED) else ():
        name = channel.partition(":")[0]
        if name == "log" and not keeper.settings.demo:
            continue
        try:
            changed = approvals.announce(
                keeper.approvals, bytes.fromhex(alarm.kind[len(ANNOUNCED) :]), channel=name, now_ms=now_ms
            )
        except (Conflict, Missing):
            continue
        puts.append(keeper.row(Kind.APPROVAL, changed.id, changed))
    return puts
