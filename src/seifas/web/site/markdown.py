"""Markdown as the clinic writes it, to HTML that can do nothing: no raw HTML, links only where links may lead.

Whoever may write into the site's folder is trusted with words and not with scripts: the same page is shown to everyone
who looks for the clinic, and a stored script there would be everyone's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

SLOTS: Final = frozenset({"prices", "team", "hours", "contact", "request"})
"""Lines `{prices}` and so on: what the clinic's profile says stands in their place; `{request}` is the way to the form.
"""

_OUTSIDE = re.compile(r"(?:https?://[^\s\\]+|tel:\+?[0-9() -]{3,30}|mailto:[^\s\\<>]{3,200})\Z", re.IGNORECASE)
_OWN = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9_./-]*|/|#[A-Za-z0-9_-]+)\Z")
_PICTURE = re.compile(r"/files/[a-z0-9][a-z0-9._-]{0,80}\Z")


def link_allowed(url: str) -> bool:
    """Whether a link may lead there: http(s), tel, mailto, or a path of this site."""
    return bool(_OUTSIDE.match(url)) or own_path(url)


def own_path(url: str) -> bool:
    """A path or anchor of this site: no host, no way up."""
    return bool(_OWN.match(url)) and "//" not in url and "/." not in url


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")
    made.validateLink = link_allowed  # type: ignore[method-assign]
    made.add_render_rule("link_open", _link)
    made.add_render_rule("image", _image)
    made.add_render_rule("table_open", _table)
    made.add_render_rule("table_close", _table_end)
    for kind in ("th_open", "td_open"):
        made.add_render_rule(kind, _cell)
    return made


def _link(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    if str(token.attrGet("href") or "").lower().startswith("http"):
        token.attrSet("rel", "noopener noreferrer external")
    return str(self.renderToken(tokens, at, options, env))


def _image(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    words = self.renderInlineAsText(token.children or [], options, env)
    if not _PICTURE.match(str(token.attrGet("src") or "")):
        return str(_escaped(words))  # a picture from elsewhere would tell its host who reads this page
    token.attrs = {"src": token.attrs["src"], "alt": words, "loading": "lazy", "decoding": "async"}
    return str(self.renderToken(tokens, at, options, env))


def _table(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _table_end(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


def _cell(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    # Alignment comes as a style attribute, which the content policy does not run.
    token = tokens[at]
    right = "right" in str(token.attrs.pop("style", ""))
    if right:
        token.attrSet("class", "number")
    return str(self.renderToken(tokens, at, options, env))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


_MARKDOWN: Final = _made()


def pieces(text: str) -> list[tuple[str, str]]:
    """("html", HTML) and ("slot", name) in the order of the text. A slot is a paragraph of its own."""
    tokens = _MARKDOWN.parse(text)
    found: list[tuple[str, str]] = []
    start = at = 0
    while at < len(tokens):
        name = _slot(tokens, at)
        if name:
            _put(found, tokens[start:at])
            found.append(("slot", name))
            start = at = at + 3
        else:
            at += 1
    _put(found, tokens[start:])
    return found


def _slot(tokens: list[Token], at: int) -> str:
    if tokens[at].type != "paragraph_open" or tokens[at].level != 0:
        return ""
    words = tokens[at + 1].content.strip()
    name = words[1:-1]
    return name if words == f"{{{name}}}" and name in SLOTS else ""


def _put(found: list[tuple[str, str]], tokens: list[Token]) -> None:
    if tokens:
        html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
        found.append(("html", html))
