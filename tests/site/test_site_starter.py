"""The pages that a clinic begins with: both languages whole, light, and different from each other."""

from pathlib import Path

from seifas.settings import Clinic, Settings
from seifas.web.site import reading
from seifas.web.site.rendering import Site
from seifas.web.site.starting import write_starter

SETTINGS = Settings(clinic=Clinic(id="0" * 32, name="Klinika"))
PROFILE = {
    "contact": {"name": "Klinika", "street": "Gatvė 1", "postcode": "44001", "city": "Kaunas", "phone": "+370 37 1",
                "mail": "a@b.example"},
    "hours": [{"day": 0, "opens": "08:00", "closes": "12:00"}, {"day": 0, "opens": "13:00", "closes": "18:00"}],
    "holidays": [],
    "prices": [
        {"group": {"lt": "Grupė", "en": "Group"}, "name": {"lt": "Darbas", "en": "Work"}, "from_cents": cents,
         "to_cents": to, "note": {}} for cents, to in ((5000, 5000), (12050, 20000), (30000, 0))
    ] * 100,
    "team": [{"name": f"Gyd. {number}", "role": {"lt": "Gydytoja", "en": "Doctor"}} for number in range(40)],
}


def test_both_languages_have_the_same_pages(tmp_path: Path) -> None:
    assert write_starter(tmp_path, ("lt", "en")) == 10
    assert write_starter(tmp_path, ("lt", "en")) == 0, "what is there is not written over"
    content = reading.read(tmp_path / "site", ("lt", "en"))
    assert content.troubles == ()
    assert [page.slug for page in content.of("lt")] == [page.slug for page in content.of("en")]
    assert all((path.stat().st_mode & 0o777) == 0o644 for path in (tmp_path / "site").rglob("*.md"))
    for page in content.of("lt"):
        other = content.pages["en", page.slug]
        assert page.title != other.title
        assert page.order == other.order


def test_pages_are_light_and_say_what_the_profile_says(tmp_path: Path) -> None:
    write_starter(tmp_path, ("lt", "en"))
    content = reading.read(tmp_path / "site", ("lt", "en"))
    site = Site(SETTINGS)
    for page in content.pages.values():
        assert len(site.page(content, page, None, gallery=True)) < 30 * 1024
    prices = site.page(content, content.pages["lt", "prices"], PROFILE, gallery=False).decode()
    assert all(one in prices for one in ("50 €", "120,50 € – 200 €", "nuo 300 €")), prices
    english = site.page(content, content.pages["en", "prices"], PROFILE, gallery=False).decode()
    assert all(one in english for one in ("€50", "€120.50 – €200", "from €300"))
    contact = site.page(content, content.pages["lt", "contact"], PROFILE, gallery=False).decode()
    assert all(one in contact for one in ("Pirmadienis", "08:00–12:00, 13:00–18:00", "nedirbame", 'href="tel:+370371"'))


def test_translations_and_the_statement_are_named(tmp_path: Path) -> None:
    write_starter(tmp_path, ("lt", "en"))
    (tmp_path / "site" / "lt" / "statement.md").write_text(
        "---\ntitle: Dėl įvykio\ndescription: Ką žinome <b>dabar</b>.\n---\nTekstas.\n"
    )
    (tmp_path / "site" / "lt" / "tik-lietuviskai.md").write_text("---\ntitle: Tik čia\n---\nTekstas.\n")
    content = reading.read(tmp_path / "site", ("lt", "en"))
    site = Site(SETTINGS)
    page = site.page(content, content.pages["lt", "services"], None, gallery=False).decode()
    assert 'hreflang="en" href="/en/services"' in page
    assert "Dėl įvykio" in page
    assert "Ką žinome &lt;b&gt;dabar&lt;/b&gt;." in page
    assert "/lt/gallery" not in page
    assert "Dėl įvykio" not in site.page(content, content.pages["en", "services"], None, gallery=False).decode()
    alone = site.page(content, content.pages["lt", "tik-lietuviskai"], None, gallery=True).decode()
    assert 'rel="alternate" hreflang="en"' not in alone
    assert 'href="/en/"' in alone
    assert "/lt/gallery" in alone
