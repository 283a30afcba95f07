"""The Italian wording of receipts: as providers were seen to write it, else by the rules of DM 2/11/2005."""

from collections.abc import Sequence
from dataclasses import dataclass

from pec.domains import on_the_wire
from sandbox.clock import Instant
from sandbox.scenarios import Due, Receipt, scenario_of
from sandbox.writing import Writing

PROVIDER = "pecmassiva.example"
RECEIPTS_SENDER = f"posta-certificata@{PROVIDER}"

_WHEN = "Il giorno {day} alle ore {time} ({zone}) "
_TO_ALL = 'messaggio "{subject}" proveniente da "{sender}" ed indirizzato a:{addressees}'
_TO_ONE = 'messaggio "{subject}" proveniente da "{sender}" e destinato all\'utente "{recipient}" '
_TIMEOUT = "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO"


@dataclass(frozen=True)
class Wording:
    prefix: str
    text: str


WORDINGS = {
    Receipt.ACCEPTANCE: Wording(
        "ACCETTAZIONE",
        _WHEN + "il " + _TO_ALL + "è stato accettato dal sistema ed inoltrato. "
        "Identificativo messaggio: {identifier}",
    ),
    Receipt.REFUSAL: Wording(
        "AVVISO DI NON ACCETTAZIONE",
        _WHEN + "nel " + _TO_ALL + "è stato rilevato un problema che ne impedisce l'accettazione a causa di: "
        "indirizzo di un destinatario non valido. Il messaggio non è stato accettato. "
        "Identificativo messaggio: {identifier}",
    ),
    Receipt.VIRUS_REFUSAL: Wording(
        "AVVISO DI NON ACCETTAZIONE PER VIRUS",
        _WHEN + "nel " + _TO_ALL + "è stato rilevato un errore 5.5.1 - {provider} - presenza di un virus. "
        "Il messaggio non è stato accettato. Identificativo messaggio: {identifier}",
    ),
    Receipt.DELIVERY: Wording(
        "CONSEGNA",
        _WHEN + 'il messaggio "{subject}" proveniente da "{sender}" ed indirizzato a "{recipient}" '
        "è stato consegnato nella casella di destinazione. Identificativo messaggio: {identifier}",
    ),
    Receipt.NON_DELIVERY: Wording(
        "AVVISO DI MANCATA CONSEGNA",
        _WHEN + "nel " + _TO_ONE + "è stato rilevato un errore 5.1.1 - {provider} - indirizzo non valido. "
        "Il messaggio è stato rifiutato dal sistema. Identificativo messaggio: {identifier}",
    ),
    Receipt.FULL_MAILBOX: Wording(
        "AVVISO DI MANCATA CONSEGNA",
        _WHEN + "nel " + _TO_ONE + "è stato rilevato un errore 5.2.2 - {provider} - casella piena. "
        "Il messaggio è stato rifiutato dal sistema. Identificativo messaggio: {identifier}",
    ),
    Receipt.TWELVE_HOURS: Wording(
        _TIMEOUT,
        _WHEN + "il " + _TO_ONE + "non è stato consegnato nelle prime dodici ore dal suo invio. "
        "Non escludendo che questo possa avvenire in seguito, si ritiene utile considerare che la spedizione "
        "potrebbe non andare a buon fine. Il sistema provvederà comunque ad inviare un ulteriore avviso "
        "se nelle prossime dodici ore non vi sarà la conferma della ricezione da parte del destinatario. "
        "Identificativo messaggio: {identifier}",
    ),
    Receipt.TWENTY_FOUR_HOURS: Wording(
        _TIMEOUT,
        _WHEN + "nel " + _TO_ONE + "è stato rilevato un errore 5.4.1 - {provider} - il messaggio non è stato "
        "consegnato nelle ventiquattro ore successive al suo invio. "
        "Si ritiene che la spedizione debba considerarsi non andata a buon fine. "
        "Identificativo messaggio: {identifier}",
    ),
}


@dataclass(frozen=True)
class Letter:
    """The details of a PEC that a receipt quotes. The subject ends with the code."""

    sender: str
    recipients: Sequence[str]
    subject: str
    identifier: str


def write(due: Due, letter: Letter, writing: Writing) -> tuple[str, str]:
    """Return subject and text of a receipt, dated with the instant at which it is due."""
    wording = WORDINGS[due.receipt]
    text = wording.text.format(
        **_moment(due.at),
        subject=letter.subject,
        sender=letter.sender,
        recipient=due.recipient and on_the_wire(due.recipient),
        addressees=writing.listed([_addressee(one) for one in letter.recipients]),
        identifier=letter.identifier,
        provider=PROVIDER,
    )
    return writing.spelled(f"{wording.prefix}: {letter.subject}"), text


def identifier_of(code: str) -> str:
    """Return the message id that the provider gives, and that receipts quote."""
    return f"opec1.{code}.1@{PROVIDER}"


def _moment(at: Instant) -> dict[str, str]:
    local = at.in_rome()
    return {"day": f"{local:%d/%m/%Y}", "time": f"{local:%H:%M:%S}", "zone": f"{local:%z}"}


def _addressee(recipient: str) -> str:
    kind = "posta certificata" if scenario_of(recipient).certified else "posta ordinaria"
    return f'{on_the_wire(recipient)} ("{kind}")'
