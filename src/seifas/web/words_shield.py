"""The words of the shield at the desk: what is now, what it does, what is to be done, whom to call."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms
from seifas.web.words_shield_floods import SHIELD_FLOODS_WORDS

SHIELD_WORDS: dict[str, tuple[Forms, Forms]] = {
    **SHIELD_FLOODS_WORDS,
    "shield-page": ("Skydas", "Shield"),
    # -- the one sentence
    "shield-is-calm": ("Ramu: svetainė atvira visiems", "Calm: the site is open to everybody"),
    "shield-is-calm-lead": (
        "Skydas tik skaičiuoja. Prasidėjus tvindymui jis sugriežtės pats, per kelias sekundes.",
        "The shield only counts. If a flood begins it becomes stricter by itself, within seconds.",
    ),
    "shield-is-guarded": (
        "Užklausų daug, bet darbuotojai ir pacientai patenka", "Many requests, but staff and patients get in",
    ),
    "shield-is-guarded-lead": (
        "Skydas praleidžia pažįstamus pirma, o nepažįstamus – kiek yra vietos.",
        "The shield lets those it knows in first, and strangers as far as there is room.",
    ),
    "shield-is-siege": (
        "Svetainė tvindoma, bet darbuotojai ir pacientai patenka", "The site is flooded, but staff and patients get in",
    ),
    "shield-is-siege-lead": (
        "Nepažįstami mato viešus puslapius, o norintys daugiau pirma įveikia trumpą patikrą. Įrašai "
        "saugykloje neliečiami.",
        "Strangers see the public pages; whoever wants more passes a short check first. The records are not touched.",
    ),
    "shield-is-shut-out": ("Ne visi darbuotojai ir pacientai patenka", "Not all staff and patients get in"),
    "shield-is-shut-out-lead": (
        "Skydas dirba, bet jo neužtenka. Žemiau – ką daryti.",
        "The shield works, but it is not enough. Below is what to do.",
    ),
    "shield-is-silent": ("Skydas tyli", "The shield is silent"),
    "shield-is-silent-lead": (
        "Paskutinis griežtumas galioja ir toliau, tad durys saugomos, tačiau žemiau rodoma tai, kas buvo anksčiau.",
        "The last mode stays on, so the doors are guarded; but what stands below is from before.",
    ),
    "shield-is-down": ("Svetainės durys neatsako", "The site's front does not answer"),
    "shield-is-down-lead": (
        "Skydo programa veikia, bet HAProxy neatsako. Ji paleidžiama iš naujo pati; jei tai trunka ilgiau kaip minutę, "
        "reikia žmogaus prie serverio.",
        "The shield runs, but HAProxy does not answer. It is started again by itself; if this lasts more than a "
        "minute, "
        "somebody has to go to the server.",
    ),
    "shield-is-off": ("Skydas išjungtas", "The shield is off"),
    "shield-is-off-lead": (
        "Nuo tvindymo svetainės niekas nesaugo.", "Nothing keeps the site up under a flood.",
    ),
    "shield-is-unheard": ("Skydas dar nieko nepranešė", "The shield has told nothing yet"),
    "shield-is-unheard-lead": (
        "Ką tik paleidus tai įprasta. Jei taip ilgiau kaip minutę, reikia žmogaus prie serverio.",
        "Just after a start that is usual. If it stays so for a minute, somebody has to go to the server.",
    ),
    "shield-heard": ("Paskutinį kartą pranešė {at}", "It last told something at {at}"),
    # -- who gets in
    "shield-door-staff": ("Darbuotojai patenka", "Staff get in"),
    "shield-door-patient": ("Pacientai patenka", "Patients get in"),
    "shield-door-machine": ("Programos patenka", "Programs get in"),
    "shield-door-of": ("{got} iš {asked} per 10 s", "{got} of {asked} in 10 s"),
    "shield-door-none": ("per 10 s nesikreipė niekas", "nobody asked in 10 s"),
    "shield-who": ("Kas patenka ir kas ne", "Who gets in and who does not"),
    "shield-who-how": (
        "Užklausos per pastarąsias 10 sekundžių. Iš to paties adreso gali ateiti ir paciento, ir tvindymo užklausos, "
        "todėl skydas skiria ne adresus, o tai, kas jau buvo čia.",
        "Requests of the last 10 seconds. A patient and a flood can come from the same address, so the shield looks "
        "not at addresses but at who has been here before.",
    ),
    "shield-lane": ("Kas", "Who"),
    "shield-requests": ("Užklausos", "Requests"),
    "shield-got": ("Gavo puslapį", "Got a page"),
    "shield-asked": ("Prašyta patikros", "Asked for a check"),
    "shield-away": ("Atmesta", "Turned away"),
    "shield-how": ("Kaip", "How"),
    "shield-lane-staff": ("Darbuotojai", "Staff"),
    "shield-lane-machine": ("Leistos programos", "Accepted programs"),
    "shield-lane-patient": ("Čia buvę pacientai", "Patients who have been here"),
    "shield-lane-solved": ("Įveikę patikrą", "Passed the check"),
    "shield-lane-waited": ("Palaukę be skriptų", "Waited, without scripts"),
    "shield-lane-stranger": ("Nepažįstami", "Strangers"),
    "shield-how-first": ("visada pirmi", "always first"),
    "shield-how-before": ("prieš nepažįstamus", "before strangers"),
    "shield-how-open": ("laisvai", "freely"),
    "shield-how-after": ("po pacientų, ribotai", "after patients, within a rate"),
    "shield-how-last": ("paskutiniai; jei vietos nėra, patikra", "last; where there is no room, a check"),
    "shield-how-check": ("vieši puslapiai; kitkam patikra", "public pages; a check for the rest"),
    # -- what it does, what you do, whom to call
    "shield-does": ("Ką skydas daro pats", "What the shield does by itself"),
    "shield-does-calm": ("Skaičiuoja užklausas ir nieko nestabdo.", "Counts requests and stops nobody."),
    "shield-does-ready": (
        "Įsimena, kiek lankytojų įprasta šią valandą, kad tvindymą pastebėtų per 10 sekundžių.",
        "Learns how many visitors this hour usually has, so as to see a flood within 10 seconds.",
    ),
    "shield-does-first": (
        "Darbuotojus, programas ir čia buvusius pacientus leidžia pirma visų.",
        "Lets staff, programs and patients who have been here in before all others.",
    ),
    "shield-does-queue": (
        "Nepažįstamus leidžia po jų; kai eilė pilna, paprašo trumpos patikros.",
        "Lets strangers in after them; when the queue is full it asks for a short check.",
    ),
    "shield-does-static": (
        "Viešus puslapius rodo iš atminties, netrukdydamas klinikos programoms.",
        "Shows the public pages from memory, without troubling the clinic's programs.",
    ),
    "shield-does-check": (
        "Naujiems pacientams, kurie nori registruotis ar prisijungti, duoda kelių sekundžių patikrą; be skriptų "
        "tereikia palaukti.",
        "Gives new patients who want to book or sign in a check of a few seconds; without scripts waiting is enough.",
    ),
    "shield-does-silence": (
        "Kas patikros vis neįveikia, tam nebeatsako.", "Answers no more to whoever fails the check again and again.",
    ),
    "shield-does-known": (
        "Viską surašo įrodymams: laiką, kiekius, siuntusius adresus.",
        "Writes all of it down as evidence: times, counts, the addresses that sent.",
    ),
    "shield-dropped": (
        {"one": "{n} adresas atmetamas dar prieš ryšį.", "few": "{n} adresai atmetami dar prieš ryšį.",
         "many": "{n} adreso atmetama dar prieš ryšį.", "other": "{n} adresų atmetama dar prieš ryšį."},
        {"one": "{n} address is dropped before it connects.",
         "other": "{n} addresses are dropped before they connect."},
    ),
    "shield-must": ("Ką daryti jums", "What you have to do"),
    "shield-must-none": ("Nieko.", "Nothing."),
    "shield-must-none-lead": (
        "Skydas tęsia pats; prasidėjus apgulčiai pranešama aliarmu.",
        "The shield goes on by itself; when a siege begins, an alarm rings.",
    ),
    "shield-must-none-calm": ("Viskas įprasta.", "All is as usual."),
    "shield-may": ("Gali palaukti ryto", "Can wait until the morning"),
    "shield-do-on": (
        "Nustatymų faile įrašyti [shield] on = true ir paleisti iš naujo.",
        "Write [shield] on = true in the settings file and start again.",
    ),
    "shield-do-loop": (
        "Paprašyti prižiūrinčio serverį įvykdyti „seifas check“.",
        "Ask whoever keeps the server to run “seifas check”.",
    ),
    "shield-do-front": (
        "Jei po minutės durys vis neatsako, skambinti prižiūrinčiam serverį.",
        "If the front does not answer after a minute, call whoever keeps the server.",
    ),
    "shield-do-provider": (
        "Skambinti interneto tiekėjui: užkimšta pati linija, to iš čia nesutvarkysite.",
        "Call the internet provider: the line itself is full, and that cannot be mended from here.",
    ),
    "shield-do-look": (
        "Skambinti interneto tiekėjui ir prižiūrinčiam serverį: griežčiau skydas nebegali.",
        "Call the internet provider and whoever keeps the server: the shield cannot become stricter.",
    ),
    "shield-do-siege": (
        "Nelaukiant skydo, nustatyti apgultį valandai.", "Set siege for an hour, without waiting for the shield.",
    ),
    "shield-do-siege-now": ("Nustatyti apgultį valandai", "Set siege for an hour"),
    "shield-may-notice": (
        "Paskelbti svetainėje, kad ji tvindoma, o įrašai neliečiami.",
        "Say on the site that it is flooded and that the records are not touched.",
    ),
    "shield-may-case": (
        "Pradėti incidentą: jame bus terminai ir pranešimai.",
        "Open an incident: it holds deadlines and filings.",
    ),
    "shield-may-notice-off": ("Tvindymas baigėsi: nuimti skelbimą.", "The flood is over: take the notice down."),
    "shield-may-auto": (
        "Griežtumas nustatytas ranka. Jei nebereikia, tegu vėl sprendžia skydas.",
        "A mode was set by hand. If that is not needed any more, let the shield decide again.",
    ),
    "shield-call": ("Kam skambinti", "Whom to call"),
    "shield-call-provider": ("Interneto tiekėjas", "Internet provider"),
    "shield-call-when": ("jei linija užkimšta", "if the line is full"),
    "shield-call-number": ("sutartis ar linija", "contract or line"),
    "shield-call-unknown": (
        "Neįrašytas. Nustatymuose: [shield] provider_phone.",
        "Not written down. In the settings: [shield] provider_phone.",
    ),
    "shield-call-cert": ("NKSC", "National CERT"),
    "shield-call-cert-when": ("jei svetainė neveikia ilgiau", "if the site stays down"),
    "shield-call-sheet": ("Ką sakyti tiekėjui", "What to say to the provider"),
    # -- modes and orders
    "shield-calm": ("Ramu", "Calm"),
    "shield-guarded": ("Sargyba", "Guarded"),
    "shield-siege": ("Apgultis", "Siege"),
    "shield-modes": ("Griežtumas ir kodėl", "Mode, and why"),
    "shield-listener-public": ("Vieša svetainė ir portalas", "Public site and portal"),
    "shield-listener-staff": ("Darbuotojų durys", "Staff's own door"),
    "shield-since": ("nuo {at}", "since {at}"),
    "shield-until": ("ranka, iki {at}", "by hand, until {at}"),
    "shield-until-by": ("nustatė {by}, iki {at}", "set by {by}, until {at}"),
    "shield-why-sources": (
        "Adresų per minutę daug daugiau nei įprasta šią valandą.",
        "Far more addresses a minute than usual for this hour.",
    ),
    "shield-why-newcomers": (
        "Daug adresų iš tinklų, kurių anksčiau nebuvo.", "Many addresses from networks that were never here before.",
    ),
    "shield-why-queue": ("Užklausos per ilgai laukė eilėje.", "Requests waited too long in the queue."),
    "shield-why-processor": ("Durims pritrūko procesoriaus.", "The front ran short of processor time."),
    "shield-why-connections": ("Jungtasi gausiai, bet nieko neprašyta.", "Many connected without asking for anything."),
    "shield-why-turned-away": ("Per daug nepažįstamų liko be puslapio.", "Too many strangers got no page."),
    "shield-why-demand": ("Nepažįstamų užklausų per daug.", "Too many requests of strangers."),
    "shield-why-quiet": ("Tylu, nieko neįprasta.", "It is quiet, nothing unusual."),
    "shield-why-by-hand": ("Nustatyta ranka.", "Set by hand."),
    "shield-why-hand-off": ("Ranka nustatytas laikas baigėsi.", "The time that was set by hand is over."),
    "shield-why-other": ("Skydas išmatavo, kad reikia.", "The shield measured that it has to."),
    "shield-figure-bound": ("{what}: {value} (riba {bound})", "{what}: {value} (bound {bound})"),
    "shield-figure-alone": ("{what} – {value}", "{what}: {value}"),
    "shield-figure-sources": ("adresų per minutę", "addresses a minute"),
    "shield-figure-newcomers": ("naujų tinklų adresų per minutę", "addresses of new networks a minute"),
    "shield-figure-queue": ("eilėje, ms", "in the queue, ms"),
    "shield-figure-processor": ("procesoriaus dalis", "share of the processor"),
    "shield-figure-connections": ("jungčių per sekundę", "connections a second"),
    "shield-figure-turned-away": ("be puslapio likusių dalis", "share left without a page"),
    "shield-figure-demand": ("užklausų per sekundę", "requests a second"),
    "shield-order": ("Nustatyti ranka", "Set by hand"),
    "shield-order-how": (
        "Paprastai nereikia. Nustatyta galioja tiek, kiek pasirinksite, o tada skydas vėl sprendžia pats. Tvindymo "
        "metu nustačius „Ramu“, svetainė gali neatlaikyti. Įrašoma į žurnalą.",
        "Usually not needed. What you set holds for the time you choose; then the shield decides again. Calm during a "
        "flood may take the site down. It is written into the log.",
    ),
    "shield-order-where": ("Kur", "Where"),
    "shield-order-all": ("Visur", "Everywhere"),
    "shield-order-mode": ("Griežtumas", "Mode"),
    "shield-order-auto": ("Tegu sprendžia skydas", "Let the shield decide"),
    "shield-order-span": ("Kiek laiko", "For how long"),
    "shield-order-15": ("15 minučių", "15 minutes"),
    "shield-order-60": ("1 valandą", "1 hour"),
    "shield-order-240": ("4 valandas", "4 hours"),
    "shield-order-720": ("12 valandų", "12 hours"),
    "shield-order-do": ("Nustatyti", "Set"),
    "shield-said-order": ("Pasirinkite vietą ir griežtumą iš sąrašo.", "Choose a place and a mode from the lists."),
    "shield-said-minutes": ("Pasirinkite, kiek laiko galios.", "Choose for how long it holds."),
    # -- the notice
    "shield-notice": ("Skelbimas svetainėje", "Notice on the site"),
    "shield-notice-how": (
        "Kiekviename viešame puslapyje, su klinikos telefonu. Matomas per kelias sekundes, ir apgulties metu.",
        "On every public page, with the clinic's telephone. It is seen within seconds, under siege as well.",
    ),
    "shield-notice-on": ("Paskelbti", "Publish"),
    "shield-notice-off": ("Nuimti", "Take down"),
    "shield-notice-is": ("Skelbiama nuo {at}", "Published since {at}"),
    "shield-notice-not": ("Neskelbiama", "Not published"),
    # -- charts
    "shield-charts": ("Pastaroji valanda", "The last hour"),
    "shield-charts-none": (
        "Dar nė minutės neišmatuota. Kreivės atsiras po minutės.",
        "No minute was measured yet. The charts come in a minute.",
    ),
    "shield-renews": ("Puslapis atsinaujina pats.", "This page renews itself."),
    "shield-renew": ("Įkelti iš naujo", "Load again"),
}  # fmt: skip
