"""A remedy's commands are buttons in the console, where it has one."""

import pytest

from console.rendering import environment


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("top up, then `pec resume acme`", "Top up, then «Fai ripartire»"),
        ("`pec resend a#1` or `pec discard a#1`", "«Invia di nuovo» or «Rinuncia»"),
        ("`pec resume --endpoint crm`", "«Prova ora»"),
        ("`pec replay --endpoint crm --dead`", "«Consegna di nuovo»"),
        ("`pec resume --batch b` lets it go on", "<code>pec resume --batch b</code> lets it go on"),
        ("see `pec doctor` of <b>", "See <code>pec doctor</code> of &lt;b&gt;"),
    ],
)
def test_a_command_with_a_button_here_is_named_as_the_button(said: str, shown: str) -> None:
    assert str(environment("it").filters["prose"](said)) == shown
