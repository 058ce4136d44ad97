"""What the clinic writes becomes pages that can do nothing: no script, no foreign picture, no way out but links."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.web.site import reading
from seifas.web.site.markdown import link_allowed, pieces
from seifas.web.site.reading import page_of

HEAD = "---\ntitle: Puslapis\norder: 5\ndescription: Apie\n---\n"
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "![x](https://evil.example/pixel.png)", "![x](/files/../../etc/passwd)",
    "![x](//evil.example/a.png)", "[x](//evil.example)", "<https://ok.example> <javascript:alert(1)>",
    "[x](vbscript:x)", "[x](/\\evil.example)", "[a]: javascript:alert(1)\n\n[a]", "<iframe src=//evil.example>",
    "[x](https://a.example/\" onmouseover=\"alert(1))", "&lt;script&gt;", "[x](java\tscript:alert(1))",
    "| a |\n|--:|\n| <style>x</style> |", "[x](/../../x)", "[x](/./x)", "![<b>](/files/a.png \"x\\\" onload=1\")",
]
KNOWN = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "a", "em", "strong", "code", "pre", "blockquote", "hr",
    "br", "img", "table", "thead", "tbody", "tr", "th", "td", "div",
})
ATTRIBUTES = frozenset({"href", "rel", "src", "alt", "title", "loading", "decoding", "class", "start", "tabindex"})


class Looked(HTMLParser):
    """Every element and address of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def html_of(text: str) -> str:
    return "".join(words for kind, words in pieces(text) if kind == "html")


def harmless(html: str) -> None:
    for tag, attributes in Looked(html).seen:
        assert tag in KNOWN, tag
        assert attributes.keys() <= ATTRIBUTES, attributes
        if tag == "img":
            assert re.fullmatch(r"/files/[a-z0-9][a-z0-9._-]*", attributes["src"] or "")
        elif "href" in attributes:
            assert link_allowed(attributes["href"] or ""), attributes


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(text: str) -> None:
    harmless(html_of(text))


@given(st.lists(st.sampled_from([*HOSTILE, "**a**", "# b", "- c", "{prices}", "\n\n", "`", "[", "](", "<", "|"]),
                max_size=12).map(" ".join))
def test_whatever_is_put_together_stays_harmless(text: str) -> None:
    harmless(html_of(text))


@given(st.text(max_size=400))
def test_any_text_is_a_page_or_refused(text: str) -> None:
    try:
        page = page_of("lt", "x", text)
    except Invalid:
        return
    harmless("".join(str(words) for kind, words in page.parts if kind == "html"))


@pytest.mark.parametrize(
    ("url", "fine"),
    [("https://a.example/b?c=d", True), ("http://a.example", True), ("tel:+37060000000", True),
     ("mailto:info@a.example", True), ("/lt/services", True), ("/", True), ("#kaina", True),
     ("//a.example", False), ("javascript:1", False), ("data:,x", False), ("file:///etc/passwd", False),
     ("ftp://a.example", False), ("/\\a.example", False), ("/a//b", False), ("/../x", False), ("", False),
     ("https://a.example/\nx", False), ("tel:javascript", False)],
)  # fmt: skip
def test_where_links_may_lead(url: str, fine: bool) -> None:
    assert link_allowed(url) is fine


def test_slots_are_paragraphs_of_their_own() -> None:
    assert [kind for kind, _ in pieces("Prieš\n\n{prices}\n\nPo {prices} eilutėje\n\n{unknown}")] == [
        "html", "slot", "html"]
    assert pieces("{team}") == [("slot", "team")]
    assert "{prices}" in html_of("- {prices}")


def test_a_page_has_a_head() -> None:
    page = page_of("lt", "kainos", HEAD + "Tekstas **svarbus**.")
    assert (page.title, page.order, page.description) == ("Puslapis", 5, "Apie")
    assert page.parts == (("html", "<p>Tekstas <strong>svarbus</strong>.</p>\n"),)
    for wrong in ("", "be galvos", "---\ntitle: a", "---\norder: 1\n---\nx", "---\ntitle: a\norder: -1\n---\n",
                  "---\ntitle: a\nscript: x\n---\n", "---\ntitle\n---\n", f"---\ntitle: {'a' * 81}\n---\n"):
        with pytest.raises(Invalid):
            page_of("lt", "x", wrong)


def test_only_plain_small_files_of_the_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "lt").mkdir(parents=True)
    (folder / "files").mkdir()
    (folder / "lt" / "gera.md").write_text(HEAD + "Taip.")
    (folder / "lt" / "Bloga vieta.md").write_text(HEAD)
    (folder / "lt" / "request.md").write_text(HEAD)
    (folder / "lt" / "be-galvos.md").write_text("labas")
    (folder / "lt" / "didelis.md").write_text(HEAD + "a" * reading.MOST_TEXT)
    (folder / "lt" / "ne-tekstas.md").write_bytes(HEAD.encode() + b"\xff\xfe")
    secret = tmp_path / "secret.md"
    secret.write_text(HEAD + "paslaptis")
    (folder / "lt" / "nuoroda.md").symlink_to(secret)
    (folder / "lt" / "aplankas.md").mkdir()
    (folder / "files" / "nuoroda.png").symlink_to(secret)
    (folder / "files" / "a.svg").write_text("<svg onload='x'/>")
    (folder / "files" / "foto.jpg").write_bytes(b"\xff\xd8\xff")
    content = reading.read(folder, ("lt", "en"))
    assert list(content.pages) == [("lt", "gera")]
    assert content.pictures == {"foto.jpg": (b"\xff\xd8\xff", b"image/jpeg")}
    assert len(content.troubles) == 9
    assert "paslaptis" not in repr(content)


def test_the_mark_changes_with_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert reading.mark(folder, ("lt",)) == ()
    (folder / "lt").mkdir(parents=True)
    (folder / "lt" / "a.md").write_text(HEAD)
    first = reading.mark(folder, ("lt",))
    assert first == reading.mark(folder, ("lt",))
    (folder / "lt" / "a.md").write_text(HEAD + "b")
    assert reading.mark(folder, ("lt",)) != first
