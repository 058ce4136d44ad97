"""The clinic's templates: read by whoever treats, receives or runs the clinic, written by the administrator.

Every version stays. A treatment form that was signed is found again by its digest, whatever was saved since.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.alarming import account_name
from seifas.keeper.clinic_facts import Words
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting
from seifas.keeper.template_book import Purpose, Template, checked, digests

_VERSION_BYTES = 4


class ListTemplates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`purpose` empty: all. `retired`: those too that are not offered any more."""

    session: str
    purpose: str = ""
    retired: bool = False


class GetTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By `id` and `version` (0: the newest), or by the `digest` of what was signed."""

    session: str
    id: bytes = b""
    version: int = 0
    digest: str = ""


class SaveTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` empty: a new template. `expect` the version that this one was built on, 0 for a new one."""

    session: str
    purpose: str
    titles: Words
    texts: Words
    id: bytes = b""
    expect: int = 0


class RetireTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    retired: bool = True


@OPS.op("template.list", ListTemplates, "desk")
async def list_templates(keeper: Keeper, caller: Caller, args: ListTemplates) -> list[dict[str, Any]]:
    """[{id, version, purpose, titles, digests, made_ms, by, retired_ms}], the newest version of each, without texts."""
    acting(keeper, args.session, "template.list", keeper.now())
    return [
        _told(one) for one in keeper.templates.newest()
        if (args.retired or not one.retired_ms) and args.purpose in ("", one.purpose.value)
    ]


@OPS.op("template.get", GetTemplate, "desk")
async def get_template(keeper: Keeper, caller: Caller, args: GetTemplate) -> dict[str, Any]:
    """The same of one version, with `texts` by language (Markdown) and `versions` [{version, made_ms, by}]; asked by
    digest, also `language`. Raises Missing."""
    acting(keeper, args.session, "template.get", keeper.now())
    language = ""
    found = keeper.templates.of_digest(args.digest) if args.digest else None
    if found is not None:
        one, language = found
    else:
        one = keeper.templates.get(b"" if args.digest else args.id, args.version)
    versions = [
        {"version": each.version, "made_ms": each.made_ms, "by": each.by} for each in keeper.templates.versions(one.id)
    ]
    return {**_told(one), "texts": one.texts, "versions": versions, "language": language}


@OPS.op("template.save", SaveTemplate, "desk")
async def save_template(keeper: Keeper, caller: Caller, args: SaveTemplate) -> dict[str, Any]:
    """{id, version, digests}: a new version, or a new template. Raises Conflict, Invalid with the field."""
    moment = keeper.now()
    session = acting(keeper, args.session, "template.save", moment)
    try:
        purpose = Purpose(args.purpose)
    except ValueError:
        raise Invalid(f"a template is for one of {', '.join(one.value for one in Purpose)}", where="purpose") from None
    if len(args.id) not in (0, 16) or bool(args.id) != bool(args.expect):
        raise Invalid("a new template has neither an id nor a version yet", where="id")
    titles, texts = checked(args.titles, args.texts)
    async with keeper.lock_of(b"templates"):
        ident = args.id or os.urandom(16)
        new = Template(
            ident, 0, purpose, titles, texts, moment.wall_ms, account_name(keeper, session.account)
        )
        kept = keeper.templates.next(ident, args.expect, new)
        leaf = _line(keeper, moment, session, kept, "saved")
        await keeper.commit([leaf], [row_of(keeper, kept)])
        keeper.templates.put(kept)
    return {"id": kept.id, "version": kept.version, "digests": digests(kept)}


@OPS.op("template.retire", RetireTemplate, "desk")
async def retire_template(keeper: Keeper, caller: Caller, args: RetireTemplate) -> dict[str, Any]:
    """Takes a template out of what is offered, or puts it back. What was signed stays readable."""
    moment = keeper.now()
    session = acting(keeper, args.session, "template.retire", moment)
    async with keeper.lock_of(b"templates"):
        old = keeper.templates.get(args.id)
        kept = msgspec.structs.replace(old, retired_ms=moment.wall_ms if args.retired else 0)
        leaf = _line(keeper, moment, session, kept, "retired" if args.retired else "offered-again")
        await keeper.commit([leaf], [row_of(keeper, kept)])
        keeper.templates.put(kept)
    return {"id": kept.id, "version": kept.version}


def row_of(keeper: Keeper, template: Template) -> tuple[bytes, bytes]:
    """(tag, sealed state row) of one version."""
    return keeper.row(Kind.TEMPLATE, row_ident(template), template)


def row_ident(template: Template) -> bytes:
    """Under which ident a version is kept: its template's id and its number."""
    return template.id + template.version.to_bytes(_VERSION_BYTES, "big")


def _line(keeper: Keeper, moment: Moment, session: Session, template: Template, note: str) -> bytes:
    return keeper.leaf(
        moment, Action.CLINIC_EDIT, account=session.account, session=session.id, objects=(template.id,),
        note=f"template-{note}:{template.version}",
    )


def _told(one: Template) -> dict[str, Any]:
    return {
        "id": one.id, "version": one.version, "purpose": one.purpose.value, "titles": one.titles,
        "digests": digests(one), "made_ms": one.made_ms, "by": one.by, "retired_ms": one.retired_ms,
    }
