"""The words of the shield's charts, of one flood, its evidence and its exports."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

SHIELD_FLOODS_WORDS: dict[str, tuple[Forms, Forms]] = {
    "shield-chart-traffic": ("Visos užklausos per sekundę", "All requests a second"),
    "shield-chart-known": ("Darbuotojų ir pacientų užklausos per sekundę", "Requests of staff and patients a second"),
    "shield-chart-sources": ("Siuntusių adresų per minutę", "Addresses that sent, a minute"),
    "shield-chart-said": (
        "Nuo {since} iki {until}. Daugiausia {peak}, {at}. Pabaigoje {last}.",
        "From {since} to {until}. At most {peak}, at {at}. In the end {last}.",
    ),
    "shield-chart-peak": ("daugiausia {peak}, {at}", "at most {peak}, at {at}"),
    "shield-look-in": ("gavo puslapį", "got a page"),
    "shield-look-asked": ("prašyta patikros", "asked for a check"),
    "shield-look-away": ("atmesta", "turned away"),
    "shield-look-addresses": ("adresai", "addresses"),
    "shield-look-usual": ("įprasta šią valandą", "usual at this hour"),
    "shield-look-mode-1": ("sargyba", "guarded"),
    "shield-look-mode-2": ("apgultis", "siege"),
    "shield-look-running": ("blyškiau: dabar", "paler: now"),
    # -- events
    "shield-floods": ("Tvindymai", "Floods"),
    "shield-floods-none": ("Nė vieno nebuvo.", "There was none."),
    "shield-flood": ("Tvindymas", "Flood"),
    "shield-flood-on": ("tęsiasi", "goes on"),
    "shield-flood-over": ("baigėsi", "over"),
    "shield-flood-unsaid": (
        "Pabaigos skydas nepranešė: laikoma, kad baigėsi, nes ilgai tylėjo.",
        "The shield never said that it ended: it counts as over because nothing was heard for long.",
    ),
    "shield-flood-lasted": ("Truko", "Lasted"),
    "shield-flood-minutes": ("{n} min.", "{n} min"),
    "shield-flood-hours": ("{h} val. {n} min.", "{h} h {n} min"),
    "shield-flood-worst": ("Griežčiausiai", "Strictest"),
    "shield-flood-requests": ("Užklausų", "Requests"),
    "shield-flood-distinct": ("Siuntusių adresų", "Addresses that sent"),
    "shield-flood-most": ("Daugiausia per minutę", "Most in a minute"),
    "shield-flood-about": ("apie {n}", "about {n}"),
    "shield-flood-known": ("Pateko darbuotojų ir pacientų", "Staff and patients who got in"),
    "shield-flood-steps": ("Kaip keitėsi griežtumas", "How the mode changed"),
    "shield-flood-charts": ("Kaip tai atrodė", "What it looked like"),
    "shield-flood-by-hand": ("ranka", "by hand"),
    "shield-flood-from": ("Iš kur siųsta", "Where it came from"),
    "shield-flood-from-how": (
        "Tinklai, iš kurių užklausų atėjo daugiausia. Tai adresai, kurie siuntė, o ne kaltininkai: už vieno gali būti "
        "ir jūsų pacientas.",
        "The networks that most requests came from. These are addresses that sent, not culprits: behind one of them "
        "may be your patient.",
    ),
    "shield-flood-network": ("Tinklas", "Network"),
    "shield-flood-announcer": ("Tinklo valdytojas", "Announced by"),
    "shield-flood-announcers": ("Kas tuos tinklus valdo (AS)", "Who announces these networks"),
    "shield-flood-path": ("Puslapis", "Page"),
    "shield-flood-paths": ("Ko prašyta", "What was asked for"),
    "shield-flood-signature": ("Antraščių tvarka", "Order of headers"),
    "shield-flood-signatures": ("Kuo užklausos panašios", "What they have in common"),
    "shield-flood-signatures-how": (
        "Ta pati antraščių tvarka dažnai reiškia tą pačią programą. Tiekėjui ir policijai tai pėdsakas.",
        "The same order of headers often means the same program. To the provider and the police that is a trace.",
    ),
    "shield-flood-figures": ("Minutės skaičiais", "Minutes in figures"),
    "shield-flood-all": ("Visi tvindymai", "All floods"),
    # -- evidence
    "shield-evidence": ("Įrodymai", "Evidence"),
    "shield-evidence-how": (
        "Kiekviena minutė ir adresų knyga užrakinta ir įrašyta į žurnalą. Atsisiunčiant adresus, tai įrašoma jūsų "
        "vardu.",
        "Every minute and the book of addresses is sealed and stands in the log. Taking addresses away is written down "
        "under your name.",
    ),
    "shield-evidence-book": ("Adresų knyga surašyta {at}.", "The book of addresses was written at {at}."),
    "shield-evidence-book-none": (
        "Adresų knygos dar nėra: pirma būna po minutės, kita po penkių, vėliau kas dešimt ir tvindymui pasibaigus.",
        "There is no book of addresses yet: the first comes after a minute, the next after five, then every ten and at "
        "the end.",
    ),
    "shield-export-people": ("Policijai ir CERT", "For the police and the CERT"),
    "shield-export-summary": ("Suvestinė (PDF)", "Summary (PDF)"),
    "shield-export-csv": ("Adresai (CSV)", "Addresses (CSV)"),
    "shield-export-json": ("Viskas programoms (JSON)", "All, for programs (JSON)"),
    "shield-export-minutes-csv": ("Minutės (CSV)", "Minutes (CSV)"),
    "shield-export-minutes": ("Minutės su žurnalo eilutėmis (JSONL)", "Minutes with their lines of the log (JSONL)"),
    "shield-export-provider": ("Tiekėjui", "For the provider"),
    "shield-export-call": ("Skambučio lapas (PDF)", "Call sheet (PDF)"),
    "shield-export-cidr": ("Tinklai (CIDR)", "Networks (CIDR)"),
    "shield-export-machines": ("Kitoms užtvaroms", "For other firewalls"),
    "shield-export-nft": ("nftables rinkinys", "nftables set"),
    "shield-export-haproxy": ("HAProxy sąrašas", "HAProxy map"),
    "shield-export-lists-how": (
        "Sąrašuose tik tie, kuriuos skydas atmetė bent tris kartus arba kurie kreipėsi bent 300 kartų; gerų lankytojų "
        "ir jų tinklų juose nėra. Po pasirinkto laiko sąrašą išmeskite: adresai keičia šeimininkus.",
        "Lists hold only those whom the shield turned away three times or more, or who asked 300 times or more; good "
        "visitors and their networks are in none. Throw a list away after the time you choose: addresses change hands.",
    ),
    "shield-export-hours": ("Sąrašai galioja", "Lists hold for"),
    "shield-export-hours-6": ("6 valandas", "6 hours"),
    "shield-export-hours-24": ("24 valandas", "24 hours"),
    "shield-export-hours-72": ("3 paras", "3 days"),
    "shield-said-book": (
        "Adresų knygos dar nėra arba ji nepilna. Bandykite po kelių minučių.",
        "There is no whole book of addresses yet. Try again in a few minutes.",
    ),
    "shield-said-export": ("Pasirinkite, ką atsisiųsti.", "Choose what to download."),
    "shield-said-books": (
        "Šiandien jau atsisiuntėte tiek adresų, kiek per dieną galima. Paprašykite kolegos arba tęskite rytoj.",
        "You have taken as many addresses today as a day allows. Ask a colleague, or go on tomorrow.",
    ),
    "shield-said-under-way": ("Tvindymas dar tęsiasi.", "The flood still goes on."),
    "shield-said-in-case": (
        "Tvindymas yra incidente ir lieka jame.", "This flood belongs to an incident, and stays with it.",
    ),
    "shield-said-whole": (
        "Šis tvindymas ilgesnis, nei čia telpa. Visą jį išveža „seifas shield export“ prie serverio.",
        "This flood is longer than what fits here. All of it is exported by “seifas shield export” at the server.",
    ),
    "shield-said-sure": ("Pažymėkite, kad suprantate.", "Tick that you understand."),
    "shield-remove": ("Pašalinti įrodymus", "Remove the evidence"),
    "shield-remove-how": (
        "Jei jų neprireiks. Adresai ir minutės ištrinami negrįžtamai; žurnale lieka, kad jie buvo ir kas pašalino.",
        "If it is not needed. Addresses and minutes are deleted for good; the log keeps that they were, and who "
        "removed them.",
    ),
    "shield-remove-sure": ("Suprantu, kad jų nebebus", "I understand that they will be gone"),
    # -- the case and the call
    "shield-case": ("Incidentas", "Incident"),
    "shield-case-in": ("Šis tvindymas yra incidente.", "This flood belongs to an incident."),
    "shield-case-open": ("Atverti incidentą", "Open the incident"),
    "shield-case-none": (
        "Incidente tvindymo eilutės stoja į laiko juostą, o terminai ir pranešimai įstaigoms paruošiami patys.",
        "In an incident the flood's lines stand in the timeline, and deadlines and filings are prepared.",
    ),
    "shield-case-do": ("Pradėti incidentą", "Open an incident"),
    "shield-case-officer": ("Incidentą pradeda pareigūnas.", "The officer opens an incident."),
    "shield-case-title": ("Svetainės tvindymas {day}", "Flood of the site, {day}"),
    "shield-line-asks": ("Ar pilna pati linija?", "Is the line itself full?"),
    "shield-call-page": ("Skambutis tiekėjui", "Call to the provider"),
    "shield-call-page-how": ("Skaitykite į telefoną, kaip parašyta.", "Read it out as it stands."),
    "shield-flood-goes": (
        "Jei tvindymas nebus incidente, jo įrodymai išnyks {at}: adresai yra asmens duomenys.",
        "If this flood is in no incident, its evidence goes at {at}: addresses are personal data.",
    ),
}  # fmt: skip
