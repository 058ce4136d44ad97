"""From the bytes of a leaked file to its pieces, whatever it is and whatever is in it. Runs in a jailed worker."""

from __future__ import annotations

from collections.abc import Iterator

from seifas.errors import SeifasError, TooLarge
from seifas.leaks.reading import (
    delimited,
    html_pages,
    json_records,
    mails,
    packed,
    pdfs,
    pictures,
    rich_text,
    sql_dumps,
    unpacking,
)
from seifas.leaks.reading.pieces import WORDS, Piece, Unfit, Unread
from seifas.leaks.reading.recognising import LOOKED_AT, recognised
from seifas.leaks.reading.streams import DEEPEST, MOST_HELD, Budget, Stream, of_bytes

_PACKED = frozenset(("zip", "gzip", "bzip2", "xz", "tar"))


def opened(source: str, stream: Stream, budget: Budget, depth: int = 0) -> Iterator[Piece]:
    """Every piece of a file and of the files in it. Raises nothing for what the file is: that becomes an Unread."""
    try:
        for found in _parts(source, stream, budget, depth):
            if isinstance(found, tuple):
                name, inner = found
                yield from opened(name, inner if isinstance(inner, Stream) else of_bytes(inner), budget, depth + 1)
            else:
                yield found
    except Unfit as unfit:
        yield Unread(source, unfit.word)
        if unfit.word in ("unpacks-too-large", "too-many-files") and depth:
            raise  # the whole file has cost too much, not this part of it
    except SeifasError as error:
        yield Unread(source, "unpacks-too-large" if isinstance(error, TooLarge) else "damaged")
    except MemoryError:
        yield Unread(source, "too-much-work")
    except Exception:  # what the parsers of strangers' formats raise on files that are not what they claim
        yield Unread(source, "damaged")


def _parts(
    source: str, stream: Stream, budget: Budget, depth: int
) -> Iterator[Piece | tuple[str, Stream] | tuple[str, bytes]]:
    kind = recognised(stream.peek(LOOKED_AT))
    if kind in _PACKED and depth >= DEEPEST:
        raise Unfit("too-deep")
    match kind:
        case "zip":
            if len(stream.peek(MOST_HELD + 1)) > MOST_HELD:
                yield from unpacking.zip_forward(source, stream, budget)
            else:
                yield from packed.read(source, stream.rest(), budget)
        case "gzip" | "bzip2" | "xz":
            yield unpacking.inner_name(source, kind), unpacking.decompressed(kind, stream, budget)
        case "tar":
            yield from unpacking.tar(source, stream, budget)
        case "pdf":
            yield from pdfs.read(source, stream.rest())
        case "picture":
            yield from pictures.read(source, stream)
        case "mbox":
            yield from mails.read_box(source, stream)
        case "mail":
            yield from mails.read(source, stream)
        case "html":
            yield from html_pages.read(source, stream)
        case "json":
            yield from json_records.read(source, stream)
        case "sql":
            yield from sql_dumps.read(source, stream)
        case "rtf":
            yield from rich_text.read(source, stream)
        case "text":
            yield from delimited.read(source, stream)
        case word:
            raise Unfit(word if word in WORDS else "unknown-kind")
