"""The command line of a newer version: with migrations that this one does not have. `argv[1]` says which."""

from __future__ import annotations

import os
import sys

from seifas.storage import migrations
from seifas.storage.migrations import Migration

_FINE = (
    Migration(2, "a table for later", ("CREATE TABLE later (name TEXT PRIMARY KEY, body {blob} NOT NULL){by_key}",)),
)
_BROKEN = (Migration(2, "a step that cannot be", ("ALTER TABLE nowhere ADD COLUMN x {blob}",)),)
_HARMFUL = (Migration(2, "a step that loses state", ("DELETE FROM state",)),)

which = sys.argv.pop(1)
migrations.STATE += {"fine": _FINE, "broken": _BROKEN, "harmful": _HARMFUL, "killed": _FINE}[which]
if which in ("fine", "killed"):
    migrations.ROWS += _FINE
    migrations.KEYS += _FINE

if which == "killed":
    # Dies like the machine, after the first of three databases.
    from seifas import upgrading

    upgrading.open_rows = lambda place: os._exit(9)

from seifas.cli.main import run  # noqa: E402 - the lists are read when the stores are imported

run()
