"""Recipients that an ACCETTAZIONE names are read however a provider lists them."""

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.provider_text import Named, among, provider_words, recipients_in
from tests.unit.pec.strategies import PATIENT

CODE = "2026112309300042"
OPENING = (
    f'Il giorno 23/11/2026 alle ore 10:30:00 il messaggio\n"Avviso {CODE}" proveniente da "a@pec.example"\n'
)
ACCEPTED = "\ufffd stato accettato dal sistema ed inoltrato.\nIdentificativo messaggio: opec1.x@pec.example"
BULLETS = (
    "- ",
    "* ",
    "\u2022 ",
    "\u2022",
    "\u00b7 ",
    "\u2013 ",
    "\u25aa ",
    "o\t",
    "\t",
    "1. ",
    "2) ",
    "(3) ",
    "4.- ",
    "5\t",
    "6 - ",
    "n. 7: ",
    "a) ",
    "> - ",
    "\ufffd ",
    "\ufffd\ufffd\ufffd",
    "â€¢ ",
    "? ",
    "+ ",
    "[1] ",
    "1:",
    "1.1 ",
    "ii) ",
    "A. ",
    "nr. 1 ",
    "Destinatario 1: ",
    "Cc: ",
    "",
)
KINDS = (
    '("posta {}")',
    "(posta {})",
    "('posta {}')",
    "(\u201cposta {}\u201d)",
    "(\ufffdposta {}\ufffd)",
    '("posta\n {}")',
    '( "Posta {}" )',
    "[posta {}]",
    "- posta {}",
    '("posta elettronica {}")',
    '\t("posta {}")',
    '("posta\n> {}")',
    '(posta "{}")',
    '("casella di posta {}")',
    '(tipo: "posta {}")',
    "(\u00e2\u20ac\u0153posta {}\u00e2\u20ac\x9d)",
)


def named(listed: str, opening: str = "ed indirizzato a:") -> list[tuple[str, bool | None]]:
    words = provider_words(f"{OPENING}{opening}{listed}{ACCEPTED}", "Avviso", CODE, maybe_body=False)
    return [(one.address, one.certified) for one in recipients_in(words)[0]]


def lines(bullet: str, kind: str, ends: str = "\n") -> str:
    return ends + "".join(
        f"{bullet}{address} {kind.format(word)}{ends}"
        for address, word in (("rossi@mail.example", "ordinaria"), ("b.2-c_d@pec.example", "certificata"))
    )


BOTH = [("rossi@mail.example", False), ("b.2-c_d@pec.example", True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bullet", BULLETS)
def test_each_recipient_may_stand_on_a_line_of_its_own(bullet: str, kind: str) -> None:
    assert named(lines(bullet, kind)) == BOTH
    assert named(lines(bullet, kind, "\r\n")) == named(lines(bullet, kind))


@pytest.mark.parametrize(
    "opening",
    [
        "ed indirizzato a:",
        "ed indirizzato a",
        "indirizzato ai seguenti destinatari:",
        "e destinato a :",
        "ed indirizzato al destinatario",
        "ed indirizzato a n. 2 destinatari:",
        "ed inviato a:",
        "avente come destinatari:",
    ],
)
def test_the_words_before_the_list_vary(opening: str) -> None:
    assert named(lines("- ", KINDS[0]), opening) == BOTH


@pytest.mark.parametrize(
    "listed",
    [
        ' rossi@mail.example ("posta ordinaria"), b.2-c_d@pec.example ("posta certificata") ',
        ' rossi@mail.example ("posta ordinaria") b.2-c_d@pec.example ("posta certificata") ',
        ' rossi@mail.example ("posta ordinaria") - b.2-c_d@pec.example ("posta certificata") ',
        ' rossi@mail.example ("posta ordinaria") e b.2-c_d@pec.example ("posta certificata") ',
        '\n- <rossi@mail.example> ("posta ordinaria")\n- <b.2-c_d@pec.example> ("posta certificata")\n',
        '\n- "rossi@mail.example" ("posta ordinaria");\n- "b.2-c_d@pec.example" ("posta certificata").\n',
        '\n*rossi@mail.example* ("posta ordinaria")\n*b.2-c_d@pec.example* ("posta certificata")\n',
        '\n- rossi@mail.example\n  ("posta\n   ordinaria")\n- b.2-c_d@pec.example\n  ("posta\n   certificata")\n',
        '\n- rossi@mail.example <mailto:rossi@mail.example> ("posta ordinaria")\n'
        '- b.2-c_d@pec.example <mailto:b.2-c_d@pec.example> ("posta certificata")\n',
        '<ul><li>rossi@mail.example (&quot;posta ordinaria&quot;)</li>'
        "<li>b.2-c_d@pec.example (&quot;posta certificata&quot;)</li></ul>",
        '<br>- rossi@mail.example ("posta ordinaria")<br/>- b.2-c_d@pec.example ("posta certificata")<br />',
        "<br>&bull;&nbsp;rossi@mail.example (&ldquo;posta ordinaria&rdquo;)<br>&#8226; b.2-c_d@pec.example"
        " (&ldquo;posta certificata&rdquo;)<br>",
        "<table><tr><td>1</td><td>rossi@mail.example</td><td>posta ordinaria</td></tr>"
        "<tr><td>2</td><td>b.2-c_d@pec.example</td><td>posta certificata</td></tr></table>",
        '\n- Mario Rossi <rossi@mail.example> ("posta ordinaria")\n'
        '- "Neri, S.r.l." <b.2-c_d@pec.example> ("posta certificata")\n',
        "<table><tr><th>Destinatario</th><th>Tipo</th></tr><tr><td>rossi@mail.example</td><td>posta ordinaria</td></tr>"
        "<tr><td>b.2-c_d@pec.example</td><td>posta certificata</td></tr></table>",
        '<style>li > a { color: red }</style><ul><!-- 1 > 0 --><li>rossi@mail.example ("posta ordinaria")</li>'
        '<li>b.2-c_d@pec.example ("posta certificata")</li></ul>',
        '\n- rossi@mail.exam=\nple ("posta ordinaria")\n- b.2-c_d@pec.example ("posta certi=\r\nficata")\n',
        "\n- rossi@mail.example (=22posta ordinaria=22)\n- b.2-c_d@pec.example (=22posta=20certificata=22)\n",
        '\n=E2=80=A2 rossi@mail.example ("posta ordinaria")\n=E2=80=A2 b.2-c_d@pec.example ("posta certificata")\n',
    ],
)  # fmt: skip
def test_lists_come_in_many_forms(listed: str) -> None:
    assert named(listed) == BOTH


@pytest.mark.parametrize(
    "address", ["1@pec.example", "12.34@pec.example", "2.ufficio@pec.example", "5-bis@pec.example",
                "e@pec.example", "n.1@pec.example", "o'neill@pec.example", "a=20b@pec.example",
                "_x@pec.example", "ed@pec.example", "posta@pec.example"],
)  # fmt: skip
@pytest.mark.parametrize("before", [" ", "\n- ", "\n1. ", "\n\t"])
def test_an_address_that_looks_like_a_bullet_is_whole(address: str, before: str) -> None:
    assert named(f'{before}{address} ("posta certificata")\n') == [(address, True)]


_locals = st.text("abcdefghij0123456789", min_size=1, max_size=12)
_addresses = st.builds("{}.x@{}.example".format, _locals, _locals)


@given(
    st.lists(st.tuples(_addresses, st.booleans()), min_size=1, max_size=30, unique_by=lambda pair: pair[0]),
    st.sampled_from(BULLETS),
    st.sampled_from(KINDS),
    st.sampled_from(["\n", "\r\n", "\n\n", "<br>", "\n    ", ",\n", ";\r\n"]),
    st.booleans(),
)
@PATIENT
def test_any_list_is_read_back_whole_and_in_its_order(
    recipients: list[tuple[str, bool]], bullet: str, kind: str, between: str, quoted: bool
) -> None:
    listed = between + "".join(
        f"{bullet}{address} {kind.format('certificata' if certified else 'ordinaria')}{between}"
        for address, certified in recipients
    )
    if quoted:
        listed = quopri.encodestring(listed.encode()).decode()

    assert named(listed) == recipients


@pytest.mark.parametrize(
    ("listed", "wanted", "read"),
    [
        ("1.b@pec.example", {"b@pec.example"}, "b@pec.example"),
        ("12.-b@PEC.example", {"b@pec.example"}, "b@pec.example"),
        ("1.b@pec.example", {"1.b@pec.example"}, "1.b@pec.example"),
        ("1.b@pec.example", {"b@pec.example", "1.b@pec.example"}, "1.b@pec.example"),
        ("b1.@pec.example", {"b@pec.example"}, "b1.@pec.example"),
        ("1.b@pec.example", {"c@pec.example"}, "1.b@pec.example"),
    ],
)
def test_a_number_without_a_space_is_distinguished_from_an_address_by_the_recipients(
    listed: str, wanted: set[str], read: str
) -> None:
    assert among(wanted, Named(listed, None)) == read


def test_a_label_before_an_address_names_no_recipient_where_its_kind_is_not_said() -> None:
    error = "è stato rilevato un errore 5.1.1 - ordinaria@x.example (posta ordinaria)"

    assert named(f" b@pec.example {error}") == [("b@pec.example", None)]
    assert named(f" b@pec.example, Ufficio protocollo c@x.example {error}") == [("b@pec.example", None)]


def test_what_follows_the_list_is_left_for_the_error() -> None:
    listed, rest = recipients_in('indirizzato a:\n- b@pec.example ("posta certificata")\n errore 5.2.2')

    assert listed == (Named("b@pec.example", True),)
    assert rest.split() == ["errore", "5.2.2"]


@pytest.mark.parametrize(
    "noise",
    [
        "- ",
        "1. ",
        "a@",
        "\ufffd",
        "e ",
        "posta ",
        "mailto:",
        "<li>",
        "=22",
        "<!--",
        "<style>",
        "destinatari ",
        "indirizzato a ",
        "a@b (posta ",
    ],
)
@pytest.mark.timeout(10)
def test_no_list_takes_long_to_read(noise: str) -> None:
    assert len(named(noise * 60_000)) < 2
