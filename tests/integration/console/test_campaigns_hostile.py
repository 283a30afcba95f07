"""Spreadsheets, names and letters of a hostile person: shown as text, sent as text, and leading nowhere."""

import stat
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from producers import Producer
from tests.integration.console.campaigning import Clerk
from tests.integration.producing import jobs_in

HOSTILE = "\"'><script>window.hurt=1</script><img src=x onerror=hurt()>{{7*7}}"
SHEET = "\n".join(
    ";".join('"' + cell.replace('"', '""') + '"' for cell in row)
    for row in (("PEC", "nome", HOSTILE), ("rossi@pec.example", HOSTILE, "x"))
)


def test_hostile_words_of_a_list_are_text_on_every_page(clerk: Clerk) -> None:
    campaign = clerk.begin(SHEET, f"{HOSTILE.replace('/', '')}.csv")
    clerk.done(f"{campaign}/list")
    clerk.write(campaign, subject="Per {nome}", text="Gentile {nome}", name="ostile")

    for step in ("list", "letter", "check", "check?row=1", "start", "delete"):
        page = clerk.done(f"{campaign}/{step}")
        assert "<script>window" not in page, step
        assert "<img src=x" not in page, step
    assert "&lt;script&gt;window.hurt" in clerk.done(f"{campaign}/check")
    assert "<script>window" not in clerk.browser.get("/campaigns").text


def test_a_value_is_escaped_in_the_letter_and_the_letter_runs_in_a_sandbox(clerk: Clerk) -> None:
    campaign = clerk.ready(SHEET, subject="s", text="<p>Per {nome}</p><script>parent.hurt=1</script>")

    answer = clerk.browser.get(f"{campaign}/rows/2")

    assert "&lt;script&gt;window.hurt" in answer.text
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    )
    assert "<iframe sandbox title=" in clerk.browser.get(f"{campaign}/check").text


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+1+1", "@SUM(1)", "-2+3", "\t=1"])
def test_a_formula_in_refused_rows_is_text_for_excel(clerk: Clerk, formula: str) -> None:
    campaign = clerk.begin(f'PEC;nome\nnessuno;"{formula}"\nrossi@pec.example;R\n')
    clerk.done(f"{campaign}/list")

    line = clerk.browser.get(f"{campaign}/refused.csv?of=list").content.decode("utf-8-sig").splitlines()[1]

    assert line.split(";")[1].strip('"')[0] not in "=+@-\t"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\x.csv", "/etc/cron.d/x", "con.csv", ".", "a\0b.csv"]
)
def test_a_name_of_an_upload_leads_nowhere(clerk: Clerk, tmp_path: Path, name: str) -> None:
    clerk.begin(name=name)

    kept = [one for one in tmp_path.rglob("*") if one.is_file() and "list" in one.parts]
    assert len(kept) == 1
    assert kept[0].parent.name == "list"


def test_a_zip_can_t_write_outside_of_its_folder(clerk: Clerk, tmp_path: Path) -> None:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("../../../out.txt", "x")
        archive.writestr("/abs.txt", "y")
        link = ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")

    clerk.upload(f"{campaign}/files", "files", file.getvalue(), "x.zip")

    folder = next(tmp_path.rglob("files"))
    assert sorted(one.name for one in folder.iterdir()) == ["abs.txt", "link.txt", "out.txt"]
    assert not (folder / "link.txt").is_symlink()
    assert not list(tmp_path.glob("**/console/out.txt"))


def test_a_zip_that_states_less_than_it_holds_is_refused(clerk: Clerk) -> None:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x" * 1000)
    lying = file.getvalue().replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")

    clerk.upload(f"{campaign}/files", "files", lying, "x.zip")

    assert "non è possibile aprire" in clerk.browser.notice(f"{campaign}/letter")


@pytest.mark.parametrize(
    "cell", ["../campaign.json", "..\\campaign.json", "/etc/passwd", "avvisi.csv", "../list/avvisi.csv"]
)
def test_a_row_attaches_no_file_but_the_uploaded_ones(clerk: Clerk, producer: Producer, cell: str) -> None:
    campaign = clerk.ready(
        f"PEC;nome;numero;allegato\nrossi@pec.example;R;1;{cell}\n", file_columns="allegato"
    )

    assert "PEC da inviare</dt><dd>0<" in clerk.browser.get(f"{campaign}/check").text
    clerk.start(campaign)
    assert jobs_in(producer) == []


def test_files_of_campaigns_are_their_owner_s_alone(clerk: Clerk, tmp_path: Path) -> None:
    clerk.ready()

    root = tmp_path / "console" / "campaigns"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    open_to_others = [
        one for one in root.rglob("*") if one.is_dir() and stat.S_IMODE(one.stat().st_mode) & 0o077
    ]
    assert open_to_others == []
