"""What the keeper tells `seifas check` of itself: counts, dates and kinds; no name, no patient, no secret."""

from __future__ import annotations

import msgspec


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """What only an unlocked keeper knows. Times in wall ms, 0 for never (as far back as the newest 500,000 lines of
    the log); `witness_heard_s` -1 where it was not heard since the keeper started; `kit` how many tokens hold the other
    half of the epoch key, 0 where it has none."""

    log_size: int
    log_verified_ms: int
    backup_ms: int
    rehearsal_ms: int
    clock_jump_ms: int
    witness_heard_s: int
    witness_behind: int
    replica_there: bool
    replica_failed: bool
    generation: int
    kit: int
    token_ways: int
    passphrases: int
    custodians: int
    custodians_needed: int
    canaries: int
    accounts: int
    accounts_with_passkey: int
    officers: int
    administrators: int
    alarms_unanswered: int


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What `admin.check` answers. `settings`: digest of those in force (noticing_settings); `inside` None while
    locked."""

    version: str
    pid: int
    started_ms: int
    settings: bytes
    inside: Inside | None = None
