"""An S3 bucket as obstore sees it, with nothing left to chance: no key from the environment, no endless retries.

    s3_store(place: S3At) -> S3Store                 raises Invalid (settings, key file), Unavailable
    require_create_only(objects: Objects) -> None    raises Refused where the service overwrites what is there

What the service must do: `If-None-Match: *` on PUT and on the end of a multipart upload (AWS since 2024, SeaweedFS,
MinIO, Ceph from Squid on). A service that ignores it would let one object take another's place unseen until it is
opened, so this is tried, not believed.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from obstore.store import S3Store

from seifas.errors import Conflict, Invalid, Refused, Unavailable
from seifas.storage.object_places import S3At, checked
from seifas.storage.objects import Objects

_CONNECT_S: Final = 3
_REQUEST_S: Final = 60
"""A part of 8 MiB within a minute: 1.1 Mbit/s at least."""

_RETRIES: Final = 4
_RETRY_S: Final = 12
"""An object store that changes its leader comes back in seconds; who waits for a picture longer than this is told."""

_LARGEST_KEY: Final = 4096
_LARGEST_AUTHORITY: Final = 1024 * 1024


def s3_store(place: S3At) -> S3Store:
    """The bucket of `place`. Nothing is asked of the service yet."""
    checked(place)
    ident, secret = _key(place.key_file)
    options: dict[str, object] = {
        "allow_http": place.endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=_CONNECT_S),
        "timeout": timedelta(seconds=_REQUEST_S),
    }
    if place.authority_file is not None:
        options["root_certificate"] = _read(place.authority_file, _LARGEST_AUTHORITY, "storage.s3_ca_file")
    # obstore reads them and lets some (an endpoint, no signature) go before what it is told.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    try:
        return S3Store(
            place.bucket, prefix=place.prefix.strip("/") or None, endpoint=place.endpoint.rstrip("/"),
            region=place.region, access_key_id=ident, secret_access_key=secret, virtual_hosted_style_request=False,
            conditional_put="etag", copy_if_not_exists="multipart",
            client_options=options,  # type: ignore[arg-type]  # a dict of just these keys
            retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRY_S)},
        )  # fmt: skip
    except Exception as error:  # obstore's own types vary; its texts may hold what was given
        raise Invalid("the object store's settings do not fit together ([storage] s3_...)", where="storage") from error


def require_create_only(objects: Objects) -> None:
    """Writes one small object twice, and copies it upon itself. The sweep removes it if this is cut off."""
    ident = os.urandom(16)
    objects.put(ident, [b"\x00"])
    try:
        for again in (lambda: objects.put(ident, [b"\x01"]), lambda: objects.copy_upon(ident)):
            try:
                again()
            except Conflict:
                continue
            raise Refused(
                "this object store writes over what is there (it ignores If-None-Match): use another one or a newer "
                "version of it", where="storage.s3_endpoint",
            )
    finally:
        objects.delete(ident)


def _key(path: Path) -> tuple[str, str]:
    lines = [line.strip() for line in _read(path, _LARGEST_KEY, "storage.s3_key_file").splitlines() if line.strip()]
    if len(lines) != 2:
        raise Invalid("s3_key_file holds two lines: the access key's id, and its secret", where="storage.s3_key_file")
    try:
        return lines[0].decode("ascii"), lines[1].decode("ascii")
    except UnicodeDecodeError:
        raise Invalid("s3_key_file is not plain text", where="storage.s3_key_file") from None


def _read(path: Path, largest: int, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(largest + 1)
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be read: {error.strerror}", where=where) from error
    if not found.strip() or len(found) > largest:
        raise Invalid(f"{path.name} is empty, or larger than any such file", where=where)
    return found
