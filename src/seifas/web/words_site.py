"""The words of the clinic's public site, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms
from seifas.web.words_site_asking import SITE_ASKING_WORDS
from seifas.web.words_site_tips import SITE_TIPS_WORDS

SITE_WORDS: dict[str, tuple[Forms, Forms]] = {
    **SITE_TIPS_WORDS,
    **SITE_ASKING_WORDS,
    # -- frame
    "site-menu": ("Puslapiai", "Pages"),
    "site-portal": ("Pacientams", "For patients"),
    "site-statement": ("Svarbus pranešimas", "Important notice"),
    "site-statement-read": ("Skaityti pranešimą", "Read the notice"),
    "site-flood": (
        "Mūsų svetainę kažkas tvindo užklausomis, todėl ji gali veikti lėtai.",
        "Somebody is flooding our site with requests, so it may be slow.",
    ),
    "site-flood-records": (
        "Pacientų įrašų tai nepaliečia: tvindymas tik užima kelią į svetainę.",
        "This does not touch patients' records: a flood only crowds the way to the site.",
    ),
    "site-flood-call": ("Skubiais klausimais skambinkite:", "If it is urgent, please call:"),
    "site-flood-since": ("Paskelbta {at}.", "Published {at}."),
    "site-never": (
        "Niekada neprašome slaptažodžių, kodų ar pinigų telefonu, el. paštu ar žinute.",
        "We never ask for passwords, codes or money by telephone, e-mail or message.",
    ),
    "site-ask-us": ("Pasiteiraukite registratūroje.", "Please ask at reception."),
    "site-from": ("nuo {price}", "from {price}"),
    "site-closed": ("nedirbame", "closed"),
    "site-phone": ("Telefonas", "Telephone"),
    "site-mail": ("El. paštas", "E-mail"),
    "site-call": ("Paskambinkite:", "Please call:"),
    "site-home": ("Į pradžią", "To the first page"),
    "site-not-here": ("Tokio puslapio nėra", "There is no such page"),
    "site-not-here-more": (
        "Galbūt jis perkeltas arba adresas įrašytas su klaida.",
        "It may have been moved, or the address has a mistake in it.",
    ),
    "site-wrong": ("Taip nepavyks", "That cannot be done"),
    "site-trouble": ("Šiuo metu nepavyko", "This did not work just now"),
    "site-trouble-more": (
        "Pabandykite dar kartą po minutės. Nieko, kas buvo priimta, nedingo.",
        "Please try again in a minute. Nothing that was accepted is lost.",
    ),
    "site-too-large": ("Atsiųsta per daug iš karto.", "That was too much at once."),
    "site-too-slow": ("Siuntimas truko per ilgai.", "Sending took too long."),
    # -- the request for an appointment
    "site-request": ("Registracija vizitui", "Ask for an appointment"),
    "site-request-do": ("Registruotis vizitui", "Ask for an appointment now"),
    "site-request-lead": (
        "Palikite vardą ir kontaktą – paskambinsime arba parašysime ir suderinsime laiką.",
        "Leave your name and how to reach you: we will call or write and agree on a time.",
    ),
    "site-name": ("Vardas ir pavardė", "Your name"),
    "site-contact": ("Telefonas arba el. paštas", "Telephone or e-mail"),
    "site-contact-hint": ("Kad galėtume atsakyti.", "So that we can answer."),
    "site-wish": ("Ko norėtumėte?", "What would you like?"),
    "site-wish-hint": (
        "Užtenka kelių žodžių ir kada jums patogu. Ligų ir vaistų čia nerašykite – apie tai pakalbėsime vizito metu.",
        "A few words and when it suits you. Please leave illnesses and medicines out: we will talk about them here.",
    ),
    "site-homepage": ("Palikite tuščią", "Leave this empty"),
    "site-agreed": (
        "Sutinku, kad klinika su manimi susisiektų dėl šio prašymo.",
        "I agree that the clinic contacts me about this request.",
    ),
    "site-send": ("Siųsti prašymą", "Send the request"),
    "site-sealed": (
        "Prašymas užrakinamas vos jį gavus; atidaryti jį gali tik registratūra ir gydytojai. "
        "Atsakytas prašymas ištrinamas po 14 dienų.",
        "Your request is sealed the moment it arrives; only reception and the doctors can open it. "
        "Once answered it is deleted after 14 days.",
    ),
    "site-thanks": ("Gavome jūsų prašymą", "We have your request"),
    "site-thanks-more": (
        "Susisieksime darbo metu, dažniausiai tą pačią ar kitą dieną.",
        "We will be in touch in opening hours, mostly the same or the next day.",
    ),
    "site-held": ("Prašymas priimtas, bet dar neperduotas", "Your request is taken, but not passed on yet"),
    "site-held-more": (
        "Klinikos sistema šiuo metu užrakinta. Užrakintą prašymą laikome ir perduosime, kai ji bus atrakinta. "
        "Jei mūsų serveris iki tol būtų paleistas iš naujo, prašymas dingtų, todėl dėl skubių dalykų paskambinkite.",
        "The clinic's system is locked just now. We hold your sealed request and pass it on when it is unlocked. "
        "If our server were restarted before then it would be lost, so for anything urgent please call.",
    ),
    "site-full": ("Šiuo metu daugiau prašymų priimti negalime", "We cannot take more requests just now"),
    "site-full-more": (
        "Jūsų prašymas neišsaugotas. Pabandykite vėliau arba paskambinkite.",
        "Your request was not kept. Please try later, or call.",
    ),
    "site-paced": (
        "Iš jūsų tinklo ką tik gavome keletą prašymų. Palaukite ir bandykite dar kartą arba paskambinkite.",
        "Several requests have just come from your network. Please wait and try again, or call.",
    ),
    "site-quick": (
        "Formą gavome neįprastai greitai. Patikrinkite, ar viskas parašyta, ir siųskite dar kartą.",
        "The form came back unusually fast. Please check what you wrote and send it again.",
    ),
    "site-old": (
        "Formą atvėrėte seniai. Patikrinkite, ar viskas parašyta, ir siųskite dar kartą.",
        "You opened the form a long time ago. Please check what you wrote and send it again.",
    ),
    "site-machine": (
        "Užpildytas laukas, kurio žmonės nemato. Jei esate žmogus, siųskite dar kartą jo nepildydami.",
        "A field was filled in that people do not see. If you are one, please send it again without it.",
    ),
    "site-need-name": ("Parašykite savo vardą.", "Please write your name."),
    "site-need-contact": (
        "Parašykite telefono numerį arba el. pašto adresą, kuriuo galėtume atsakyti.",
        "Please write a telephone number or an e-mail address at which we can answer.",
    ),
    "site-need-wish": ("Parašykite, ko norėtumėte.", "Please write what you would like."),
    "site-need-agreed": (
        "Be sutikimo susisiekti negalėsime atsakyti.", "Without your consent to be contacted we cannot answer.",
    ),
    "site-elsewhere": (
        "Formą galima siųsti tik iš mūsų puslapio. Atverkite ją iš naujo.",
        "The form can only be sent from our own page. Please open it again.",
    ),
    # -- gallery
    "site-gallery": ("Galerija", "Gallery"),
    "site-gallery-lead": (
        "Mūsų pacientų nuotraukos prieš ir po. Rezultatai skiriasi.",
        "Pictures of our patients before and after. Results differ.",
    ),
    "site-gallery-none": ("Šiuo metu nuotraukų nėra.", "There are no pictures at the moment."),
    "site-gallery-consent": (
        "Kiekviena nuotrauka rodoma tik turint raštišką paciento sutikimą, kurį jis gali bet kada atšaukti.",
        "Every picture is shown with the patient's written consent, which can be withdrawn at any time.",
    ),
    "site-before": ("Prieš", "Before"),
    "site-after": ("Po", "After"),
    "site-picture": ("Paciento nuotrauka", "A patient's picture"),
    # -- the desk: requests that came in
    "came-in": ("Gauti prašymai", "Requests that came in"),
    "came-in-place": ("Iš svetainės", "From the site"),
    "came-in-hint": (
        "Prašymai iš viešos svetainės. Kiekvienas atvėrimas įrašomas į žurnalą.",
        "Requests from the public site. Every opening is written into the log.",
    ),
    "came-in-waiting": (
        {"one": "{n} laukia atsakymo", "few": "{n} laukia atsakymo", "many": "{n} laukia atsakymo",
         "other": "{n} laukia atsakymo"},
        {"one": "{n} waits for an answer", "other": "{n} wait for an answer"},
    ),
    "came-in-none": ("Neatsakytų prašymų nėra.", "No request waits for an answer."),
    "came-in-when": ("Gauta", "Received"),
    "came-in-open": ("Atverti prašymą", "Open the request"),
    "came-in-one": ("Prašymas vizitui", "A request for an appointment"),
    "came-in-who": ("Kas rašo", "From"),
    "came-in-reach": ("Kaip atsakyti", "How to answer"),
    "came-in-wish": ("Ko nori", "What they would like"),
    "came-in-speaks": ("Formos kalba", "Language of the form"),
    "came-in-done": ("Atsakyta", "Answered"),
    "came-in-mark": ("Pažymėti atsakytu", "Mark as answered"),
    "came-in-again": ("Grąžinti prie laukiančių", "Put back among those that wait"),
    "came-in-remove": ("Tai ne prašymas – ištrinti", "This is no request: delete it"),
    "came-in-find": ("Ieškoti tarp pacientų", "Look among the patients"),
    "came-in-find-hint": (
        "Pavardė įrašoma į paiešką; pasakoma tik tai, ką leidžia paieška.",
        "The surname is put into the search; it tells only what a search tells.",
    ),
    "came-in-unreadable": (
        "To, kas čia atsiųsta, perskaityti neįmanoma: tai ne mūsų formos prašymas.",
        "What was sent here cannot be read: it did not come from our form.",
    ),
    "came-in-seen": (
        {"one": "atvėrė {n} žmogus", "few": "atvėrė {n} žmonės", "many": "atvėrė {n} žmogaus",
         "other": "atvėrė {n} žmonių"},
        {"one": "opened by {n} person", "other": "opened by {n} people"},
    ),
    "came-in-new": ("neatverta", "not opened"),
    "came-in-closed": ("Atsakyti per 14 dienų", "Answered in the last 14 days"),
    "came-in-kept": ("Užverta. Prašymas bus ištrintas po 14 dienų.", "Closed. The request is deleted after 14 days."),
    "came-in-gone": ("Ištrinta.", "Deleted."),
    "came-in-full": (
        "Dėžė pilna: nauji prašymai nepriimami, kol dalis neatsakyta.",
        "The box is full: no new requests are taken until some are answered.",
    ),
}
