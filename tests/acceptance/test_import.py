"""A clerk's spreadsheet, from Excel to `pec:jobs`: processes as she runs them."""

import csv
import json
import os
import pty
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.acceptance.command import PATIENCE_SECONDS, PEC, ROOT, read_all

# What Excel in Italy saves as "CSV": cp1252, semicolons, CRLF.
SPREADSHEET = (
    "Ragione sociale;Indirizzo PEC;Città;Importo;Allegato\r\n"
    "Caffè Perù s.r.l.;caffe@pec.example.it;Forlì;1.250,00;fattura-1.pdf\r\n"
    '"Rossi ""Sedie"" & C.";rossi@pec.example.it;Nardò;80,50;fattura-2.pdf\r\n'
    ";;;;\r\n"
    "Bianchi Niccolò;bianchi@@pec.example.it;Cantù;12,00;fattura-1.pdf\r\n"
    "Caffè Perù s.r.l.;caffe@pec.example.it;Forlì;1.250,00;fattura-1.pdf\r\n"
    "Verdi Papà;verdi.pec.example.it;Roma;7,00;fattura-1.pdf\r\n"
    "Neri;neri@pec;Milano;7,00;fattura-1.pdf\r\n"
    "Gialli;gialli@pec.example.it;Bari;9,00;fattura-3.pdf\r\n"
    "Caffè Perù s.r.l.;CAFFE@pec.example.it;Forlì;1.250,00;fattura-1.pdf\r\n"
    "Viola;viola@libero.it;Lecce;3,00;fattura-1.pdf\r\n"
)
BODY = "<style>p {color:red}</style><p>Spett. {ragione sociale}, {città}: dovete {importo} €.</p>"
MEGABYTES = 1024  # ru_maxrss counts KiB
Import = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(redis: Redis, redis_url: str) -> dict[str, str]:
    return {**os.environ, "PEC_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def clerk(environment: Mapping[str, str], tmp_path: Path) -> Import:
    """Runs `pec import` in her folder, where the attachments are; the third is missing."""
    (tmp_path / "Solleciti novembre.csv").write_bytes(SPREADSHEET.encode("cp1252"))
    (tmp_path / "lettera.html").write_text(BODY, encoding="utf-8")
    for number in (1, 2):
        (tmp_path / f"fattura-{number}.pdf").write_bytes(b"%PDF " + bytes([number]))

    def imports(file: str, *options: str) -> "subprocess.CompletedProcess[str]":
        asked = ("--account", "acme", "--subject", "Sollecito a {Ragione sociale}", "--body", "lettera.html")
        return subprocess.run(
            [*PEC, "import", file, *asked, *options],
            env=dict(environment),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    return imports


def jobs_in(redis: Redis) -> list[dict[str, Any]]:
    entries: Any = redis.xrange("pec:jobs")
    return [json.loads(fields[b"job"]) for _, fields in entries]


def test_a_dry_run_reports_the_clerk_all_that_is_wrong(clerk: Import, redis: Redis) -> None:
    ran = clerk("Solleciti novembre.csv", "--dry-run", "--json")

    assert ran.returncode == 3
    assert redis.xlen("pec:jobs") == 0
    summary = json.loads(ran.stdout)
    assert summary["count"] == 3
    assert summary["empty_lines"] == 1
    assert [(one["line"], one["field"]) for one in summary["refused"]] == [
        (5, "Indirizzo PEC"),
        (7, "Indirizzo PEC"),
        (8, "Indirizzo PEC"),
        (9, "Allegato"),
    ]
    assert summary["duplicates"] == [{"line": 6, "like": 2}, {"line": 10, "like": 2}]
    assert [one["line"] for one in summary["warnings"]] == [11]
    assert summary["first"]["subject"] == "Sollecito a Caffè Perù s.r.l."
    assert summary["first"]["body"].endswith("<p>Spett. Caffè Perù s.r.l., Forlì: dovete 1.250,00 €.</p>")
    assert summary["first"]["attachments"] == ["fattura-1.pdf"]
    assert summary["cost_eur"] == 0.15


def test_the_clerks_spreadsheet_is_refused_mended_and_imported_once(
    clerk: Import, redis: Redis, tmp_path: Path
) -> None:
    refused = clerk("Solleciti novembre.csv", "--refused", "da correggere.csv")
    assert refused.returncode == 3
    assert redis.xlen("pec:jobs") == 0
    assert "Traceback" not in refused.stderr

    assert clerk("Solleciti novembre.csv", "--skip-invalid").returncode == 0
    mend(tmp_path / "da correggere.csv")
    (tmp_path / "fattura-3.pdf").write_bytes(b"%PDF 3")
    mended = clerk("da correggere.csv")
    assert mended.returncode == 0, mended.stderr

    jobs = [job for job in jobs_in(redis) if job["type"] == "send"]
    assert [job["recipient"].partition("@")[0] for job in jobs] == [
        *("caffe", "rossi", "viola"),
        *("bianchi", "verdi", "neri", "gialli"),
    ]
    assert jobs[1]["subject"] == 'Sollecito a Rossi "Sedie" & C.'
    assert {job["batch"] for job in jobs} == {"solleciti-novembre"}

    (tmp_path / "Solleciti novembre.csv").rename(tmp_path / "Solleciti novembre (1).csv")
    assert clerk("Solleciti novembre (1).csv", "--skip-invalid").returncode == 0
    assert [job for job in jobs_in(redis) if job["type"] == "send"] == jobs  # though no worker took them yet


def mend(path: Path) -> None:
    """Edit the file as in Excel, which writes it in its own style."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    assert header[-3:] == ["pec-id", "pec-batch", "errors"]
    for row in rows:
        row[1] = row[1].replace("@@", "@").replace("verdi.pec", "verdi@pec").removesuffix("@pec")
        row[1] = f"{row[1]}@pec.example.it" if "@" not in row[1] else row[1]
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])


def test_a_hundred_times_the_lines_take_no_more_memory(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "lettera.html").write_text(BODY, encoding="utf-8")

    few, many = (peak_kib(environment, tmp_path, lines) for lines in (200, 20_000))

    assert many - few < 8 * MEGABYTES


def peak_kib(environment: Mapping[str, str], folder: Path, lines: int) -> int:
    """Return the most memory that a dry run of so many lines took."""
    with (folder / "soci.csv").open("w", encoding="cp1252", newline="") as file:
        file.write("Ragione sociale;Città;Importo;PEC\r\n")
        file.writelines(f"Società {n};Forlì;{n},00;ditta{n}@pec.example.it\r\n" for n in range(lines))
    asked = ("--account", "acme", "--subject", "A {città}", "--body", "lettera.html", "--dry-run")
    with subprocess.Popen(
        [*PEC, "import", "soci.csv", *asked], env=dict(environment), cwd=folder, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        said = process.stdout.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert f"messages   {lines}" in said
    return int(used.ru_maxrss)


def test_a_terminal_sees_progress_and_a_pipe_does_not(
    clerk: Import, environment: Mapping[str, str], tmp_path: Path
) -> None:
    assert "reading" not in clerk("Solleciti novembre.csv", "--dry-run").stderr
    master, terminal = pty.openpty()
    command = [*PEC, "import", "Solleciti novembre.csv", "--account", "acme", "--subject", "S"]
    subprocess.run(
        [*command, "--body", "lettera.html", "--skip-invalid"],
        env={**environment, "TERM": "xterm"},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    os.close(terminal)

    shown = read_all(master)

    assert "reading" in shown
    assert "enqueuing" in shown
