"""The files of a statement: pages for any host, PDFs, and the press kit; later the signature and how to check it.

Pages have no scripts, no pictures and nothing of other hosts. The same words and the same day give the same bytes, so a
mirror can be compared with the clinic's.
"""

from __future__ import annotations

import base64
import importlib.resources
import io
import zipfile
from collections.abc import Mapping
from html import escape
from typing import Final

import msgspec

from seifas.errors import Invalid
from seifas.incidents.filings.rendering import Document
from seifas.incidents.filings.sheet import as_pdf
from seifas.incidents.filings.words import say as say_filing
from seifas.incidents.voice.plain import as_html, blocks
from seifas.incidents.voice.words import say
from seifas.typesetting import typeset

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_FOLDER: Final = importlib.resources.files("seifas.incidents.voice")
_SHEET: Final = _FOLDER.joinpath("sheet.typ").read_bytes()
_STYLE: Final = _FOLDER.joinpath("site.css").read_bytes()
_VERIFY: Final = _FOLDER.joinpath("verify.txt").read_bytes()
_FAILED: Final = "the statement could not be made as PDF; its words are kept, try again"
_SPKI: Final = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410)."""

_CSP: Final = "default-src 'none'; style-src 'self'"


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who may speak to the press for the clinic."""

    name: str = ""
    role: str = ""
    phone: str = ""
    mail: str = ""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A statement in one language: `answers` are questions and answers as plain text (a heading each)."""

    title: str
    text: str
    answers: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is made into files. `facts` is the fact sheet by language; `made` local time, `day` its date."""

    clinic: str
    made: str
    day: str
    words: dict[str, Words]
    speaker: Speaker
    facts: dict[str, Document]
    exercise: bool = False


def files(statement: Statement) -> dict[str, bytes]:
    """The files by name: {language}.html, statement-{language}.pdf, press-{language}.html, facts-{language}.pdf,
    index.html, style.css. For a thread. Raises Unavailable where a PDF cannot be made."""
    languages = tuple(statement.words)
    made: dict[str, bytes] = {"style.css": _STYLE}
    for language in languages:
        made[f"{language}.html"] = _page(statement, language, languages)
        made[f"press-{language}.html"] = _press(statement, language, languages)
        made[f"statement-{language}.pdf"] = _pdf(statement, language)
        made[f"facts-{language}.pdf"] = as_pdf(_public(statement.facts[language]), statement.day, draft=False)
    made["index.html"] = made[f"{languages[0]}.html"]
    return made


def _public(facts: Document) -> Document:
    """The fact sheet without what leads into the case: numbers of entries, files and hashes."""
    parts = tuple(
        msgspec.structs.replace(part, fields=tuple(
            msgspec.structs.replace(row, marks=()) for row in part.fields if row.values and row.values[0].text != "–"
        ))
        for part in facts.parts
    )  # fmt: skip
    return msgspec.structs.replace(facts, parts=parts, grounds=(), facts="", snapshots=())


def _html(statement: Statement, language: str, title: str, body: str, ways: str) -> bytes:
    stamp = f'<p class="stamp">{escape(say_filing(language, "exercise"))}</p>\n' if statement.exercise else ""
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_CSP}">
<meta name="referrer" content="no-referrer">
<title>{escape(title)} · {escape(statement.clinic)}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<header><strong>{escape(statement.clinic)}</strong>
<nav aria-label="{escape(say(language, "ways"))}">{ways}</nav></header>
<main>
{stamp}<h1>{escape(title)}</h1>
{body}
</main>
<footer><p>{escape(say(language, "made", at=statement.made))}</p></footer>
</body>
</html>
""".encode()


def _ways(prefix: str, language: str, languages: tuple[str, ...], other: str, words: str) -> str:
    tongues = " · ".join(
        f'<a href="{prefix}{one}.html" lang="{one}" hreflang="{one}">{escape(say(one, "language"))}</a>'
        for one in languages if one != language
    )  # fmt: skip
    return " · ".join(one for one in (f'<a href="{other}{language}.html">{escape(words)}</a>', tongues) if one)


def _page(statement: Statement, language: str, languages: tuple[str, ...]) -> bytes:
    words = statement.words[language]
    body = as_html(blocks(words.text))
    ways = _ways("", language, languages, "press-", say(language, "press"))
    pdf = f'<p><a href="statement-{language}.pdf">{escape(say(language, "pdf"))}</a></p>'
    return _html(statement, language, words.title, f"{body}\n{pdf}", ways)


def _press(statement: Statement, language: str, languages: tuple[str, ...]) -> bytes:
    words, who = statement.words[language], statement.speaker
    parts = [f"<h2>{escape(say(language, 'speaks'))}</h2>"]
    known = " · ".join(escape(one) for one in (who.name, who.role, who.phone, who.mail) if one)
    parts.append(f"<p>{known or escape(say(language, 'speaks-nobody'))}</p><p>{escape(say(language, 'only'))}</p>")
    parts.append(f"<h2>{escape(say(language, 'facts'))}</h2><dl>")
    for row in statement.facts[language].fields:
        if row.values and row.values[0].text != "–":
            said = "\n".join(f"{one.label}: {one.text}" if one.label else one.text for one in row.values)
            parts.append(f"<dt>{escape(row.label)}</dt><dd>{escape(said)}</dd>")
    parts.append(f'</dl><p><a href="facts-{language}.pdf">{escape(say(language, "pdf"))}</a></p>')
    if words.answers.strip():
        parts.append(f"<h2>{escape(say(language, 'answers'))}</h2>")
        parts.append(as_html(blocks(words.answers)).replace("<h2>", "<h3>").replace("</h2>", "</h3>"))
    ways = _ways("press-", language, languages, "", words.title)
    return _html(statement, language, say(language, "press"), "\n".join(parts), ways)


def _pdf(statement: Statement, language: str) -> bytes:
    words = statement.words[language]
    data = {
        "title": words.title, "clinic": statement.clinic, "language": language, "day": statement.day,
        "blocks": msgspec.to_builtins(blocks(words.text)), "foot": say(language, "made", at=statement.made),
        "stamp": say_filing(language, "exercise") if statement.exercise else "",
    }  # fmt: skip
    return typeset(_SHEET, msgspec.json.encode(data).decode("utf-8"), _FAILED)


def signed_parts(note: bytes) -> tuple[bytes, bytes]:
    """(the signed text, the Ed25519 signature of 64 bytes) of a signed note (C2SP). Raises Invalid."""
    text, blank, tail = note.rpartition(b"\n\n")
    try:
        signature = base64.b64decode(tail.decode().strip().rsplit(" ", 1)[1], validate=True)[4:]
    except (ValueError, IndexError):
        signature = b""
    if not blank or len(signature) != 64:
        raise Invalid("this is no signed statement", where="note")
    return text + b"\n", signature


def key_pem(public: bytes) -> bytes:
    """A public key of Ed25519 (32 bytes) as PEM, for openssl."""
    return (
        b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(_SPKI + public) + b"\n-----END PUBLIC KEY-----\n"
    )


def export(made: Mapping[str, bytes], note: bytes, public: bytes) -> bytes:
    """The zip for any host: the files, SIGNED (the signed list of them), SIGNED.sig, key.pem and VERIFY.txt. The same
    statement gives the same bytes. Raises Invalid for a note that is none."""
    text, signature = signed_parts(note)
    whole = {
        **made, "SIGNED": text, "SIGNED.sig": signature, "key.pem": key_pem(public),
        "VERIFY.txt": _VERIFY,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(whole):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, whole[name])
    return out.getvalue()
