"""The folder of an office: its lock, and its settings with what a person wrote into them."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cli.errors import Failure
from cli.office import folder as folder_module
from cli.office.folder import Folder
from cli.office.settings import office_settings
from config.settings import SettingsError

KILLED = """\
import subprocess, sys
from pathlib import Path
from cli.office.folder import Folder

folder = Folder(Path(sys.argv[1]))
folder.make()
lock = folder.lock()
left = subprocess.Popen(["sleep", "60"], pass_fds=[lock.fileno()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(left.pid)
"""
ACCOUNT = '[accounts.acme]\nsender = "acme@pec.example"\nusername = "acme"\npassword = "p"\ntoken = "t"\n'


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    for name in [one for one in os.environ if one.startswith("PEC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PEC_CONFIG", str(tmp_path / "office" / "pec.toml"))
    monkeypatch.setenv("PEC_CONSOLE__FOLDER", "")  # the code under test sets both: they go with the test
    made = Folder(tmp_path / "office")
    made.make()
    return made


def test_what_a_killed_start_left_keeps_the_next_one_from_the_files(
    office: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "_WAIT_SECONDS", 0.1)
    command = [sys.executable, "-c", KILLED, str(office.path)]
    left = int(subprocess.run(command, capture_output=True, check=True).stdout)
    try:
        with pytest.raises(Failure, match="earlier start still use"):
            office.lock()
    finally:
        os.kill(left, signal.SIGKILL)
    monkeypatch.setattr(folder_module, "_WAIT_SECONDS", 30)
    office.lock().close()


def test_a_file_that_a_person_wrote_gets_what_it_lacks_and_keeps_the_rest(office: Folder) -> None:
    office.settings.write_text(f"# ours\nlog_level = 'debug'\n{ACCOUNT}", encoding="utf-8")
    settings = office_settings(office, ask=False)
    written = office.settings.read_text(encoding="utf-8")

    assert settings.accounts["acme"].sender == "acme@pec.example"
    assert (settings.redis_url, settings.archive.url) == (office.redis_url, str(office.archive))
    assert os.environ["PEC_CONSOLE__FOLDER"] == str(office.console)
    assert "# ours\nlog_level = 'debug'\n" in written
    assert office.settings.stat().st_mode & 0o077 == 0
    office_settings(office, ask=False)
    assert office.settings.read_text(encoding="utf-8") == written, "the next start changes nothing"


def test_an_archive_elsewhere_is_kept(office: Folder) -> None:
    office.settings.write_text(f'{ACCOUNT}[archive]\nurl = "/srv/archive"\n', encoding="utf-8")
    assert office_settings(office, ask=False).archive.url == "/srv/archive"


def test_without_an_account_the_folder_is_prepared_and_the_remedy_said(office: Folder) -> None:
    with pytest.raises(Failure, match="there is no account yet"):
        office_settings(office, ask=False)
    assert set(tomllib.loads(office.settings.read_text(encoding="utf-8"))) == {"redis_url", "archive"}


def test_a_file_that_is_no_toml_is_left_alone(office: Folder) -> None:
    office.settings.write_text("redis_url = \n", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not TOML"):
        office_settings(office, ask=False)
    assert office.settings.read_text(encoding="utf-8") == "redis_url = \n"
