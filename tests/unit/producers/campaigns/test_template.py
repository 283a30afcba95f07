"""Placeholders, and what only looks like one."""

import pytest

from producers.campaigns.errors import Misused
from producers.campaigns.template import compile_template

HEADER = ["Nome", "Ragione Sociale", "Color", ""]
VALUES = ["Nicolò", "Rossi & C. <srl>", "blu", ""]


def filled(text: str) -> str:
    return compile_template(text, HEADER, "body.html").fill(VALUES)


def filled_html(text: str) -> str:
    return compile_template(text, HEADER, "body.html").fill_html(VALUES)


@pytest.mark.parametrize("name", ["Nome", "nome", " NOME "])
def test_a_column_is_named_as_a_person_would(name: str) -> None:
    assert filled(f"Caro {{{name}}}, {{nome}}!") == "Caro Nicolò, Nicolò!"


def test_white_space_in_a_name_is_any_white_space() -> None:
    assert filled_html("{ragione&nbsp;sociale}") == filled_html("{ragione\n sociale}")


def test_values_are_escaped_in_html_and_nowhere_else() -> None:
    assert filled_html("<b>{ragione sociale}</b>") == "<b>Rossi &amp; C. &lt;srl&gt;</b>"
    assert filled("{ragione sociale}") == "Rossi & C. <srl>"


def test_line_breaks_of_a_value_are_kept_in_html() -> None:
    template = compile_template("{nome}", HEADER, "body.html")

    assert template.fill_html(["Via Roma 1\r\n00100 Roma", "", "", ""]) == "Via Roma 1<br>00100 Roma"


def test_a_value_that_looks_like_a_placeholder_is_none() -> None:
    assert compile_template("{nome}", HEADER, "s").fill(["{color}", "", "x", ""]) == "{color}"


@pytest.mark.parametrize(
    "text",
    [
        "<style>p {color} @media print { .nome {color:red} }</style>",
        "{color-scheme:red}",
        "{ margin: 0; padding: 0 }",
        "a {} b { } c",
        "one { alone",
    ],
)
def test_styles_and_lone_braces_are_text(text: str) -> None:
    assert filled_html(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{cognome}",
            r"body.html: {cognome} is no column \(did you mean Nome\?\).*Nome, Ragione Sociale, Color",
        ),
        ("{xyz}", r"{xyz} is no column; the columns are"),
        ("{{nome}}", r"write {nome}"),
        ("{{ xyz }}", r"write {xyz}"),
        ("{nome.__class__}", r"write {nome}"),
        ("{x.__class__}", r"is no column"),
        ("{0}", r"is no column"),
        ("{nome!r}", r"write {nome}"),
        ("{nome:>10}", r"write {nome}"),
        ("{<b>nome</b>}", r"tags inside of {nome}"),
    ],
)
def test_what_is_no_column_is_reported_with_the_remedy(text: str, said: str) -> None:
    with pytest.raises(Misused, match=said):
        compile_template(text, HEADER, "body.html")


def test_a_template_knows_the_columns_that_it_uses() -> None:
    assert compile_template("{color} {nome} {color}", HEADER, "s").used == (2, 0)


@pytest.mark.parametrize(
    "marked",
    [
        *("«nome»", "&laquo;nome&raquo;", "«<span>Nome</span>»", "<<nome>>", "&lt;&lt;nome&gt;&gt;"),
        *("[Ragione sociale]", "${nome}", "#{nome}", "%nome%", "«MERGEFIELD nome»"),
    ],
)
def test_a_column_in_the_marks_of_mail_merge_is_not_sent_as_it_stands(marked: str) -> None:
    with pytest.raises(Misused, match=r"write \{(?i:nome|ragione sociale)\} in braces, not "):
        filled_html(f"Gentile {marked},")


@pytest.mark.parametrize(
    "text", ["«Il Sole»", "[ nome ]", "al 5% di Nome, al 6%", "<b>nome</b>", "a << nome >> b"]
)
def test_marks_around_something_else_are_text(text: str) -> None:
    assert filled(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("Gentile {nome", "Gentile {Nome, oggi", "Gentile nome},", "{ragione&nbsp;sociale, per {color}"),
        *("{<b>nome</b>, per {color}", "{color} e <i>Nome</i>}"),
    ],
)
def test_a_column_with_a_brace_on_one_side_is_not_sent_as_it_stands(text: str) -> None:
    with pytest.raises(Misused, match=r"write \{(Nome|Ragione Sociale)\}, with a brace on both sides"):
        filled(text)


@pytest.mark.parametrize(
    "text", ["{", "art. 1}", "{nomenclatura", "soprannome}", "<style>a {nome: 1}</style>"]
)
def test_a_single_brace_beside_something_else_is_text(text: str) -> None:
    assert filled(text) == text


def test_a_brace_that_is_meant_can_be_written_in_a_subject() -> None:
    assert filled("art. &#123;1&#125; per {nome}") == "art. {1} per Nicolò"
