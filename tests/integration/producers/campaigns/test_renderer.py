"""From a judged line to its job."""

from dataclasses import replace
from pathlib import Path

import pytest

from pec.jobs import JobRejected
from producers.campaigns.attachments import Folder
from producers.campaigns.campaign import ImportRequest, validate_file
from tests.integration.producers.campaigns.spreadsheets import csv_ansi


def test_no_job_is_made_without_an_attachment_that_went_after_it_was_judged(tmp_path: Path) -> None:
    (tmp_path / "lettera.html").write_text("<p>Salve</p>")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    file = csv_ansi(tmp_path, [["PEC", "Allegato"], ["n@pec.example.it", "a.pdf"]])
    order = ImportRequest(file=file, subject="S", body=tmp_path / "lettera.html", stated={"account": "acme"})

    with validate_file(order, 1_000_000, lambda share: None) as campaign:
        assert campaign.first
        values = campaign.first.values
        (tmp_path / "a.pdf").unlink()
        forgetful = replace(campaign.renderer, folder=Folder(tmp_path))

        with pytest.raises(OSError, match=r"a\.pdf"):
            campaign.renderer.job(values, "x")
        with pytest.raises(JobRejected, match=r"Allegato: a.pdf: is not in"):
            forgetful.job(values, "x")
