"""Where a vault lies that is brought back: on one machine; and from a replica, which holds no objects, beside its
bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from seifas.restoring import bringing_back
from seifas.restoring.bringing_back import Order
from seifas.settings import Clinic, Settings, Storage

BUCKET = Storage(
    objects="s3", s3_endpoint="https://s3.example.lt:9000", s3_bucket="klinika", s3_region="eu", s3_prefix="a",
    s3_key_file="/etc/seifas/s3.key", s3_ca_file="/etc/seifas/ca.pem",
)
GROWN = Storage(
    engine="postgresql", database="dbname=seifas", database_password_file="a", keys_database="dbname=keys",
    keys_password_file="b", objects="s3", s3_endpoint=BUCKET.s3_endpoint, s3_bucket="klinika", s3_region="eu",
    s3_prefix="a", s3_key_file=BUCKET.s3_key_file, s3_ca_file=BUCKET.s3_ca_file,
)


@pytest.mark.parametrize(
    ("said", "from_backup", "from_replica"),
    [(Storage(), Storage(), Storage()), (BUCKET, Storage(), BUCKET), (GROWN, Storage(), BUCKET)],
)
def test_databases_are_files_again_and_only_a_replica_leaves_the_bucket(
    said: Storage, from_backup: Storage, from_replica: Storage, tmp_path: Path
) -> None:
    settings = Settings(clinic=Clinic(id="00" * 16), storage=said)
    for order, wanted in (
        (Order(data=tmp_path, backup=tmp_path), from_backup), (Order(data=tmp_path, replica=tmp_path), from_replica),
    ):
        assert bringing_back._storage(order, said) == wanted
        warned = any("seifas move" in line for line in bringing_back._warnings(order, settings))
        assert warned == (wanted != said)
