"""Which language is spoken, and how a sentence finds its translation."""

import errno
import os
import sys
from typing import Any

import click
import pytest

from cli import COMMANDS, output, pec
from cli.errors import Exit, Failure, rejection, show_failure
from cli.help import in_language, translated_help
from cli.language import language, translated
from config.foreign_words import system_words
from config.settings import SettingsError, load_settings
from config.texts import _, joined
from pec.jobs import JobRejected
from pec.messages import Reason
from pec.names import State
from pec.operations.status.overview_warnings import warnings
from pec.operations.status.paused_batches import said
from pec.operations.status.progress import summary
from pec.problems import problem
from pec.reasons import explain
from pec.store.batches import PausedBatch
from producers.campaigns.columns import columns_of
from producers.campaigns.errors import Unusable
from producers.campaigns.spreadsheet.cell_reader import unwritten_cell
from tests.unit.cli.builders import NOW
from tests.unit.pec.operations.overviews import lanes, overview


def settings_error(**environment: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SettingsError) as raised:
            load_settings()
    return str(raised.value)


@pytest.fixture
def in_italian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "it_IT.UTF-8"}, "it"),
        ({"LANG": "it"}, "it"),
        ({"LANG": "it_CH@euro"}, "it"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "it_IT", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "it_IT"}, "it"),
        ({"LANG": "it_IT", "LC_MESSAGES": "it_IT", "LC_ALL": "C"}, "en"),
        ({"LANG": "it_IT", "LC_ALL": ""}, "it"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "it"}, "en"),  # as gettext has it: C is never translated
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:it:en"}, "it"),
        ({"LANG": "it_IT.UTF-8", "LANGUAGE": "en:it"}, "en"),
        ({"LANG": "POSIX"}, "en"),
    ],
)
def test_the_language_is_chosen_as_gettext_chooses_it(environment: dict[str, str], spoken: str) -> None:
    assert language(environment) == spoken


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        (
            summary({State.DELIVERED: 3, State.QUEUED: 5}, seconds_to_send=360),
            "consegnate: 3 · in coda: 5 · tutte inviate fra circa 6 min",
        ),
        (
            summary({State.DELIVERED: 1, State.HELD: 2}, rejected=1),
            "consegnata: 1 · trattenute: 2 · respinta: 1",
        ),
        (
            explain(Reason("not_delivered", "in other words", {"error": "5.1.1"})),
            "il gestore del destinatario non l'ha consegnata: la casella non esiste",
        ),
        (
            explain(
                Reason(
                    "archive_away",
                    "",
                    {"cause": "no_folder", "place": "/srv/pec", "why": "No such file or directory"},
                )
            ),
            "l'archivio /srv/pec non è utilizzabile (file o cartella inesistente): creare la cartella che lo "
            "contiene, o montare il suo disco",
        ),
        (
            problem("id", "not_held_to_resend", id="inv-1", state="delivered").reason,
            "inv-1 è nello stato «consegnata»: solo un messaggio trattenuto può essere inviato di nuovo",
        ),
        (
            warnings(overview(lanes=lanes(paused=Reason("wallet", "the API's wallet is empty"))))[0],
            "casella acme: il credito presso l'API è esaurito: ricaricare il credito presso "
            "PEC Massiva, poi `pec resume acme`",
        ),
        (
            said(
                PausedBatch(
                    name="nov", since=NOW, reason=Reason("operator", "", {"by": "anna@ufficio"}), parked=7
                ),
                NOW,
            ),
            "il lotto nov è stato messo in pausa da anna@ufficio, 13:00:00 ora di Roma; 7 messaggi in attesa: "
            "`pec resume --batch nov` lo fa ripartire",
        ),
        (
            _("there is no batch {batch}: {remedy}").format(
                batch="novembr", remedy=_("did you mean {name}?").format(name="novembre")
            ),
            "non c'è il lotto novembr: forse novembre?",
        ),
        (
            rejection(JobRejected([problem("subject", "empty_subject")])),
            "respinta: subject: è vuoto: dire di che cosa tratta il messaggio",
        ),
        (
            joined(": ", ("account", problem("account", "unknown_account", names="acme").reason)),
            "account: non è configurata su alcun worker attivo (note: acme): usarne una, o configurarla",
        ),
        (
            joined(": ", ("soci.xlsx, A1", unwritten_cell("A1", 2026, "[27]").reason)),
            "soci.xlsx, A1: contiene 2026 nel formato numero [27], che non si può scrivere come lo mostra il "
            "foglio: scegliere un altro formato, o scrivere il valore come testo",
        ),
        (
            settings_error(PEC_API__RATE="0"),
            "PEC_API__RATE: dev'essere maggiore di 0",
        ),
        (
            _("Redis at {address} can't be used ({why}): {remedy}").format(
                address="redis://localhost:6379/0",
                remedy=_("start one, or set PEC_REDIS_URL"),
                why=system_words(ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))),
            ),
            "Redis a redis://localhost:6379/0 non è utilizzabile (connessione rifiutata): avviarne uno, o "
            "impostare PEC_REDIS_URL",
        ),
    ],
)
@pytest.mark.usefixtures("in_italian")
def test_what_people_meet_most_is_said_in_italian(english: str, italian: str) -> None:
    assert translated(english) == italian


def test_in_english_nothing_is_looked_up() -> None:
    assert translated("try again") == "try again"


@pytest.mark.usefixtures("in_italian")
def test_notes_and_errors_are_translated(capsys: pytest.CaptureFixture[str]) -> None:
    output.note(_("All is ready: send a first message, see `pec send --help`."))
    remedy = _("check the id, or look through `pec list`")
    text = _("there is no message {id}: {remedy}").format(id="inv-1", remedy=remedy)
    show_failure(Failure(text, Exit.REJECTED))

    assert capsys.readouterr().err.splitlines() == [
        "Tutto è pronto: inviare un primo messaggio, vedere `pec send --help`.",
        "pec: non c'è alcun messaggio inv-1: controllare l'id, o scorrere `pec list`",
    ]


@pytest.mark.usefixtures("in_italian")
def test_a_pipe_gets_the_readers_language_and_json_never_does(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("ID", _("STATE"), _("REASON")), [("inv-1", State.HELD, _("paused by an operator"))])
    output.facts([(_("state"), State.HELD), (_("why"), _("its turn has come"))])
    output.data({"state": State.HELD, "why": _("its turn has come")})

    assert capsys.readouterr().out.splitlines() == [
        "ID\tSTATO\tMOTIVO",
        "inv-1\ttrattenuta\tmessa in pausa da un operatore",
        "stato   trattenuta",
        "perché  è il suo turno",
        '{"state": "held", "why": "its turn has come"}',
    ]


@pytest.mark.usefixtures("in_italian")
def test_a_terminal_gets_headings_states_and_reasons_and_no_data_translated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.table(("ID", _("STATE"), _("REASON")), [("sent", State.HELD, _("paused by an operator"))])
    output.facts(
        [
            ("id", "sent"),
            ("x@pec.example", State.DELIVERED),
            (_("subject"), "try again"),
            (_("why"), _("try again")),
        ]
    )

    shown = capsys.readouterr().out
    assert [line.split() for line in shown.splitlines() if "trattenuta" in line] == [
        ["sent", "trattenuta", "messa", "in", "pausa", "da", "un", "operatore"]
    ]
    assert "STATO" in shown
    assert [line.split(maxsplit=1) for line in shown.splitlines()[-4:]] == [
        ["id", "sent"],
        ["x@pec.example", "consegnata"],
        ["oggetto", "try again"],
        ["perché", "riprovare"],
    ]


@pytest.mark.usefixtures("in_italian")
def test_help_is_translated_and_its_examples_stay() -> None:
    english = "Send a PEC. Prints its id.\n\n\b\npec send --subject Prova"

    assert translated_help(english) == "Invia una PEC. Stampa il suo id.\n\n\b\npec send --subject Prova"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("in_italian")
def test_the_list_of_commands_shows_the_whole_sentence_in_italian_too(name: str) -> None:
    with click.Context(pec) as ctx:
        command = pec.get_command(ctx, name)

    assert command is not None
    assert not command.get_short_help_str(95).endswith("...")


def test_a_command_that_was_translated_once_still_speaks_english(monkeypatch: pytest.MonkeyPatch) -> None:
    def options() -> list[Any]:
        with click.Context(pec) as ctx:
            found = pec.get_command(ctx, "cancel")
        assert found is not None
        return [found.help, *(getattr(param, "help", None) for param in found.params)]

    english = options()
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    italian = options()
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    assert options() == english
    assert not {*italian} & {*english} - {None}
    assert in_language(pec) is pec


def test_a_sheet_with_a_title_is_refused_in_italian_to_the_end(in_italian: None) -> None:
    with pytest.raises(Unusable) as refused:
        columns_of(["Soci 2026", "Quote"])

    assert translated(str(refused.value)).endswith(
        "Soci 2026, Quote. Se questo è un titolo, eliminare tutte le righe sopra i nomi delle colonne"
    )
