"""The messages that the demo sends, and how each must end: every scenario of the sandbox, and one of each fault."""

from dataclasses import dataclass, field
from typing import Any

from pec.names import State

BATCH = "demo"
ACCOUNTS = {"studio": "studio.rossi@pec.example", "comune": "protocollo@pec.example"}


@dataclass(frozen=True, slots=True)
class Planned:
    """One PEC: its job, and the state in which it must end."""

    id: str
    job: dict[str, Any]
    ends: State
    times_sent: int = 1


@dataclass(frozen=True, slots=True)
class _Letter:
    """One job of the demo, in short form."""

    id: str
    to: str  # local part: the sandbox's scenario, up to the +
    subject: str
    ends: State
    times_sent: int = 1
    account: str = "studio"
    attached: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


# Faults stand among letters that go well: three silent answers in a row would open the API's circuit.
_LETTERS = (
    _Letter(
        "fattura-101",
        "consegna+bianchi",
        "Fattura n. 101/2026",
        State.DELIVERED,
        attached=("fattura-101.pdf",),
    ),
    _Letter(
        "diffida-7",
        "risposta-persa+verdi",
        "Diffida ad adempiere",
        State.DELIVERED,
        attached=("diffida.pdf",),
    ),
    _Letter("avviso-1", "silenzio+ditta", "Avviso di accertamento", State.EXPIRED, account="comune"),
    _Letter(
        "verbale-12",
        "tempo-massimo+russo",
        "Verbale di contestazione n. 12",
        State.UNDELIVERED,
        account="comune",
    ),
    _Letter(
        "convocazione",
        "errore-500-inviata+neri",
        "Convocazione dell'assemblea perché è urgente",
        State.DELIVERED,
    ),
    _Letter(
        "preavviso-3",
        "preavviso+gallo",
        "Preavviso di fermo amministrativo",
        State.DELIVERED,
        account="comune",
    ),
    _Letter(
        "fattura-102",
        "mancata-consegna+conti",
        "Fattura n. 102/2026",
        State.UNDELIVERED,
        attached=("f102.pdf",),
    ),
    _Letter("sollecito-4", "connessione-chiusa+greco", "Sollecito di pagamento", State.DELIVERED),
    _Letter("recesso-9", "non-accettazione+costa", "Comunicazione di recesso", State.REFUSED),
    _Letter(
        "allegati-2", "virus+fontana", "Trasmissione allegati", State.REFUSED, attached=("allegati.zip",)
    ),
    _Letter("istanza-55", "errore-500+marino", "Istanza di accesso agli atti", State.HELD, times_sent=0),
    _Letter(
        "invito-8", "posta-ordinaria+ferri", "Invito alla conferenza", State.UNCERTIFIED, account="comune"
    ),
    _Letter(
        "urgente-1",
        "consegna+prefettura",
        "Ordinanza urgente",
        State.DELIVERED,
        account="comune",
        more={"priority": 9},
    ),
    _Letter(
        "delibera-40",
        "consegna+archivio",
        "Delibera n. 40: CONSEGNA: atti",
        State.DELIVERED,
        account="comune",
    ),
)
_SEVERAL = ("consegna+soci", "mancata-consegna+soci")


def planned() -> list[Planned]:
    """Return the letters, one job with two recipients (a PEC each), and one PEC to two that see each other."""
    single = [Planned(letter.id, _job(letter), letter.ends, letter.times_sent) for letter in _LETTERS]
    both = [f"{name}@pec.example" for name in _SEVERAL]
    split = _job(_Letter("circolare-6", "", "Circolare n. 6", State.DELIVERED), recipient=both)
    together = _job(
        _Letter("bando-2", "", "Bando di gara n. 2", State.UNDELIVERED), recipient=both, together=True
    )
    return [
        *single,
        Planned("circolare-6#1", split, State.DELIVERED),
        Planned("circolare-6#2", split, State.UNDELIVERED),
        Planned("bando-2", together, State.UNDELIVERED),
    ]


def jobs(plan: list[Planned]) -> list[dict[str, Any]]:
    """Return each job once."""
    return list({one.job["id"]: one.job for one in plan}.values())


def _job(letter: _Letter, **more: Any) -> dict[str, Any]:
    return {
        "id": letter.id,
        "account": letter.account,
        "recipient": f"{letter.to}@pec.example",
        "subject": letter.subject,
        "body": f"<p>Gentile destinatario,</p><p>si trasmette quanto in oggetto: <b>{letter.subject}</b>.</p>",
        "attachments": [(name, _file(name)) for name in letter.attached],
        "batch": BATCH,
        "metadata": {"pratica": letter.id},
        **letter.more,
        **more,
    }


def _file(name: str) -> bytes:
    """Return a file that opens: the smallest PDF, or an empty ZIP archive."""
    if name.endswith(".zip"):
        return b"PK\x05\x06" + bytes(18)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page]
    body = b"".join(b"%d 0 obj%sendobj\n" % (number, content) for number, content in enumerate(objects, 1))
    return b"%PDF-1.4\n%" + name.encode() + b"\n" + body + b"trailer<</Root 1 0 R/Size 4>>\n%%EOF\n"
