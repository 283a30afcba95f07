"""The settings of an office: `pec.toml` in its folder, completed at the first start, and the environment."""

import json
import os
import tomllib
from pathlib import Path

from cli.errors import Exit, Failure
from cli.office.folder import Folder
from cli.office.questions import ask_account
from config.settings import Settings, SettingsError, load_settings
from config.text_files import read_text
from config.texts import _

_ARCHIVE = "PEC_ARCHIVE__URL"
_HEADING = "# The settings of this office, for `pec up` and for every command that is run in this folder.\n"


def office_settings(folder: Folder, *, ask: bool) -> Settings:
    """Return the settings. At the first start they name server and archive, and the account is asked for."""
    named = os.environ.get("PEC_CONFIG")
    if named and Path(named).absolute() != folder.settings:
        raise Failure(
            _("PEC_CONFIG names {other}, but an office has its settings in {file}: unset it").format(
                other=named, file=folder.settings
            ),
            Exit.USAGE,
        )
    os.environ["PEC_CONFIG"] = str(folder.settings)
    _complete(folder)
    settings = load_settings()
    if settings.redis_url != folder.redis_url:
        raise Failure(
            _(
                "PEC_REDIS_URL, or redis_url in {file}, names another server than this office's: write {url}. "
                "If the folder was moved, correct the url of [archive] too"
            ).format(file=folder.settings, url=folder.redis_url),
            Exit.USAGE,
        )
    if not settings.console.folder:
        os.environ["PEC_CONSOLE__FOLDER"] = str(folder.console)
    return settings if settings.accounts else _with_account(folder, settings, ask=ask)


def _complete(folder: Folder) -> None:
    """Write what the file lacks. What a person wrote into it stays."""
    text = read_text(folder.settings) if folder.settings.exists() else _HEADING
    try:
        stated = tomllib.loads(text)
    except ValueError:
        return  # load_settings says what is wrong
    before = "" if "redis_url" in stated else f"redis_url = {json.dumps(folder.redis_url)}\n"
    keeps = "archive" in stated or _ARCHIVE in os.environ
    after = "" if keeps else f"\n[archive]\nurl = {json.dumps(str(folder.archive), ensure_ascii=False)}\n"
    if before or after:
        head = _HEADING if text.startswith(_HEADING) else ""
        _write(folder.settings, f"{head}{before}{text.removeprefix(_HEADING)}{after}")


def _with_account(folder: Folder, settings: Settings, *, ask: bool) -> Settings:
    if not ask:
        raise Failure(
            _(
                "there is no account yet: run `pec up` once in a terminal, which asks for it, or write it into "
                "{file} or the environment (PEC_API__TOKEN, PEC_ACCOUNTS__<NAME>__SENDER, …)"
            ).format(file=folder.settings),
            Exit.USAGE,
        )
    before = read_text(folder.settings)
    _write(folder.settings, before + ask_account(with_token=settings.api.token is None))
    try:
        return load_settings()
    except SettingsError:
        _write(folder.settings, before)
        raise


def _write(path: Path, text: str) -> None:
    """Replace the file, which holds secrets, as a whole."""
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(path)
