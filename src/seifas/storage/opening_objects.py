"""Opens a vault's objects where its settings say that they lie.

    open_objects(place: Place) -> Objects
"""

from __future__ import annotations

from seifas.storage.object_places import FilesAt, Place
from seifas.storage.objects import Objects, local_objects
from seifas.storage.objects_s3 import s3_store


def open_objects(place: Place) -> Objects:
    """Files are made room for; a bucket must be there. Raises Invalid, Unavailable."""
    if isinstance(place, FilesAt):
        return local_objects(place.directory)
    return Objects(s3_store(place))
