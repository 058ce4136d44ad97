"""Where a vault's objects lie: files of this machine, or a bucket of an S3 service. No connection is made here.

    FilesAt(directory: Path)
    S3At(endpoint, bucket, region, prefix, key_file, authority_file)
    Place = FilesAt | S3At
    tcp_ports(place) -> tuple[int, ...]       what a process that may reach no other port must reach
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from seifas.errors import Invalid

_PORTS = {"https": 443, "http": 80}


class FilesAt(msgspec.Struct, frozen=True, tag="files"):
    """One flat directory."""

    directory: Path


class S3At(msgspec.Struct, frozen=True, tag="s3"):
    """A bucket, reached by path (https://host/bucket/prefix/name).

    `key_file` holds the access key's id and its secret, a line each; `authority_file`, PEM, who may have signed the
    service's certificate beside those that this machine trusts (None: nobody).
    """

    endpoint: str
    bucket: str
    region: str
    prefix: str
    key_file: Path
    authority_file: Path | None = None


Place = FilesAt | S3At


def checked(place: S3At) -> S3At:
    """The place, where it is one that may be used. Raises Invalid: plain HTTP only on this machine, since whoever sees
    the requests learns which objects are fetched when, and could answer in the service's place."""
    parts = urlsplit(place.endpoint)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.username is not None:
        raise Invalid("s3_endpoint is an address such as https://s3.example.lt:9000", where="storage.s3_endpoint")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Invalid("s3_endpoint has no path: the bucket is named by s3_bucket", where="storage.s3_endpoint")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise Invalid("an S3 service on another machine is reached by https only", where="storage.s3_endpoint")
    if not place.bucket:
        raise Invalid("say which bucket holds the objects", where="storage.s3_bucket")
    return place


def tcp_ports(place: Place) -> tuple[int, ...]:
    """The TCP ports that the objects are reached by; none for files."""
    if isinstance(place, FilesAt):
        return ()
    parts = urlsplit(checked(place).endpoint)
    return (parts.port or _PORTS[parts.scheme],)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
