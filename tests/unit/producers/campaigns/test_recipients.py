"""The recipient's column, by the words of its name and by its values."""

import pytest

from producers.campaigns.columns import columns_of
from producers.campaigns.errors import Unusable
from producers.campaigns.pec_names import Certified, certified
from producers.campaigns.recipients import Tally

OF_PEC = (
    "PEC|pec1|PEC 2|PECs|PÉC|P.E.C.|p. e. c.|INDIRIZZO P.E.C.|Indirizzo PEC|indirizzi pec|indirizzoPEC|PEC-1"
    "|pec_aziendale|PEC aziendale|PEC destinatario|pec del cliente|email (PEC)|Email/PEC|PEC/REM|PEC_EMAIL|mailpec"
    "|casella PEC|mail PEC|E-MAIL Certificata|E_MAIL_CERTIFICATA|email cert.|e mail certificata|Posta certificata"
    "|PostaCertificata|indirizzo di posta elettronica certificata|Caselle di posta certificata|certified email"
    "|pEC AZIENDALE|PECAziendale|INI-PEC|INIPEC|indPEC|POSTACERTIFICATA|emailcertificata|EMAILCERT|DOMICILIODIGITALE"
    "|M@il P.E.C.|PEC-Adresse|Zertifizierte E-Mail|digitales Domizil|courriel certifié|Domicilio dig."
    "|domicilio digitale|Domicili digitali|DOM. DIGITALE|Indirizzo  digitale|recapito digitale|REM mail"
)
OF_OTHERS = (
    "specie|prospect|pecora|speciale|inspector|certificato|digitale|Indirizzo|Posta|Email|E-mail|PEC mittente"
    "|PEC inviata il|Data PEC|Data invio PEC|stato PEC|Esito PEC|note PEC|N. PEC|PEC?|ha PEC? (sì/no)|PEC (S/N)"
    "|REM|Certificata|Indirizzo elettronico|Email non PEC|mail ordinaria (no PEC)|x@pec.example.it"
)


@pytest.mark.parametrize("name", OF_PEC.split("|"))
def test_a_column_of_pec_wins_beside_ordinary_mail_whatever_its_usual_name(name: str) -> None:
    assert columns_of(["E-mail", name, "Email"]).recipient == 1


@pytest.mark.parametrize("name", OF_OTHERS.split("|"))
def test_names_that_only_look_alike_are_not_of_pec(name: str) -> None:
    assert certified(name) is not Certified.YES


def chosen(header: list[str], *rows: list[str]) -> str:
    tally = Tally(len(header), rows)
    return header[columns_of(header, tally=tally).recipient]


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        (["PEC1", "PEC2"], ["a@pec.it", ""], "PEC1"),
        (["PEC", "Domicilio digitale"], ["sì", "a@pec.it"], "Domicilio digitale"),
        (["Destinatario", "Email"], ["Mario Rossi", "a@pec.it"], "Email"),
        (["PEC inviata il", "Email"], ["12/11/2026", "a@pec.it"], "Email"),
        (["PEC verificata", "Email"], ["a@pec.it", "a@mail.it"], "PEC verificata"),
        (["Email", "Codice SDI / PEC"], ["a@mail.it", "M5UXCR1"], "Email"),
        (["Email", "PEC n. 1"], ["a@mail.it", "a@pec.it"], "PEC n. 1"),
        (["Ordinaria", "Certificata"], ["a@mail.it", "a@pec.it"], "Certificata"),
        (["Email", "Certificata"], ["a@mail.it", "sì"], "Email"),
        (["PEC mittente", "Email"], ["noi@pec.it", "a@pec.it"], "Email"),
        (["PEC studio", "PEC destinatario"], ["a@pec.it", "b@pec.it"], "PEC destinatario"),
        (["PEC", "Referente"], ["a@pec.it", "b@mail.it"], "PEC"),
        (["PEC", "Note"], ["rossi@", "scritto a x@mail.it ieri"], "PEC"),
    ],
)
def test_values_decide_between_names(header: list[str], row: list[str], name: str) -> None:
    assert chosen(header, row) == name


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (["PEC1", "PEC2"], ["a@pec.it", "b@pec.it"], r"several columns may be meant \(PEC1, PEC2\)"),
        (["PEC", "Domicilio digitale"], ["a@pec.it", "a@pec.it"], "--to-column"),
        (["PEC", "Email"], ["sì", "a@pec.it"], "no address is in PEC.* addresses are in Email"),
        (["Email", "Recapito"], ["a@mail.it", "a@pec.it"], r"several columns .*\(Email, Recapito\)"),
        (["Nome", "Recapito"], ["Rossi", "a@pec.it"], r"--to-column \(addresses are in Recapito\)"),
    ],
)
def test_columns_of_equal_worth_are_a_question(header: list[str], row: list[str], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        chosen(header, row)


def test_a_column_that_holds_addresses_of_pec_among_other_things_is_a_question() -> None:
    rows = [["a@mail.it", "M5UXCR1"], ["b@mail.it", "b@pec.it"], ["c@mail.it", "0000000"]]

    with pytest.raises(Unusable, match=r"several columns may be meant \(Email, Codice SDI / PEC\)"):
        chosen(["Email", "Codice SDI / PEC"], *rows)
