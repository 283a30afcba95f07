"""The folder of campaigns: one folder each, private, changed by one process at a time, deleted when it is old."""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from archive.atomic_files import PRIVATE_FOLDER, atomic_write
from config.settings import Settings
from config.texts import _
from console.campaigns.draft import LETTER, Draft, Phase
from pec.operations.refusals import Refused

_ID = re.compile(r"[0-9a-f]{16}")
_DRAFT, _LOCK = "campaign.json", "lock"
MAX_CAMPAIGNS = 500  # drafts and sent ones together


class NoCampaign(Exception):
    """There is no such campaign, or its files were deleted."""


class Desk:
    """The files of one campaign."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"  # which rows name
        self.everyone = folder / "everyone"  # which everyone gets
        self.letter = folder / LETTER
        self.tasks = folder / "tasks"

    @property
    def id(self) -> str:
        return self.folder.name

    def sheet(self, draft: Draft) -> Path:
        """Return the list, in a folder of its own, so that no row can name it as an attachment."""
        return self.folder / "list" / draft.sheet

    def rows(self, task: str) -> Path:
        """Return the database of rows that a task keeps for pages."""
        return self.folder / f"{task}.sqlite"

    def proof(self, draft: Draft) -> Path:
        """Return the bundle of proof, whose name is that of the folder in it."""
        return self.folder / f"{draft.batch}.zip"

    def report(self, draft: Draft) -> Path:
        """Return the report on paper."""
        return self.folder / f"{draft.batch}.pdf"

    def read(self) -> Draft:
        """Return the draft. Raise NoCampaign."""
        try:
            return Draft.model_validate_json((self.folder / _DRAFT).read_bytes())
        except (OSError, ValidationError):
            raise NoCampaign(self.id) from None

    def write(self, draft: Draft) -> None:
        """Write the draft, whole or not at all."""
        with atomic_write(self.folder / _DRAFT) as file:
            file.write(draft.model_dump_json(indent=2).encode())
            file.flush()
            os.fsync(file.fileno())

    def change(self, choose: Callable[[Draft], Draft]) -> Draft:
        """Replace the draft by what the function makes of it, alone among all processes. Raise NoCampaign."""
        with self.locked():
            draft = choose(self.read())
            self.write(draft)
            return draft

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other request and no other process change the campaign meanwhile. Raise NoCampaign."""
        try:
            file = (self.folder / _LOCK).open("wb")
        except OSError:
            raise NoCampaign(self.id) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Shelf:
    """All campaigns of an installation."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def desk(self, campaign: str) -> Desk:
        """Return the files of a campaign. Raise NoCampaign."""
        if not _ID.fullmatch(campaign) or not (self.root / campaign / _DRAFT).is_file():
            raise NoCampaign(campaign)
        return Desk(self.root / campaign)

    def make(self, owner: str, sheet: str, batch: str, parent: str = "") -> tuple[Desk, Draft]:
        """Return a new campaign, which joins the shelf when its draft is written. Raise Refused or OSError."""
        if len(self.all()) >= MAX_CAMPAIGNS:
            raise Refused(
                "too_many_campaigns",
                _("{limit} campaigns are kept already: delete some that are finished").format(
                    limit=MAX_CAMPAIGNS
                ),
            )
        self.root.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        draft = Draft(
            id=secrets.token_hex(8),
            owner=owner,
            created_at=datetime.now(UTC),
            batch=batch,
            sheet=sheet,
            parent=parent,
        )
        desk = Desk(self.root / draft.id)
        desk.folder.mkdir(PRIVATE_FOLDER)
        for one in (desk.files, desk.everyone, desk.tasks, desk.folder / "list"):
            one.mkdir(PRIVATE_FOLDER)
        return desk, draft

    def all(self) -> list[Draft]:
        """Return every campaign, newest first. Folders without a readable draft are left out."""
        return sorted(self._drafts(), key=lambda one: one.created_at, reverse=True)

    def remove(self, desk: Desk) -> None:
        """Delete the files of a campaign, whatever its phase. Work on it that still runs fails."""
        (desk.folder / _DRAFT).unlink(missing_ok=True)
        shutil.rmtree(desk.folder, ignore_errors=True)

    def discard(self, desk: Desk) -> bool:
        """Delete the files of a campaign unless it is being sent. Return whether they are gone."""
        with suppress(NoCampaign), desk.locked():
            if not _is_started(desk):
                self.remove(desk)
                return True
            return False
        return True

    def remove_old(self, age: timedelta) -> None:
        """Delete what was not changed for so long, and uploads that were broken off an hour ago.

        A campaign that is being sent stays, whatever its age: a person decides about what was not enqueued.
        """
        now = datetime.now(UTC).timestamp()
        for folder in self._folders():
            draft = folder / _DRAFT
            limit = age.total_seconds() if draft.is_file() else timedelta(hours=1).total_seconds()
            if now - _changed_at(draft if draft.is_file() else folder, now) > limit:
                self.discard(Desk(folder))

    def _drafts(self) -> Iterator[Draft]:
        for folder in self._folders():
            try:
                yield Desk(folder).read()
            except NoCampaign:
                continue

    def _folders(self) -> Iterator[Path]:
        if self.root.is_dir():
            yield from (one for one in self.root.iterdir() if _ID.fullmatch(one.name))


def folder_of(settings: Settings) -> Path:
    """Return where the campaigns of these settings are: another Redis has other ones, unless a folder is named."""
    if settings.console.folder:
        return Path(settings.console.folder) / "campaigns"
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    installation = f"{settings.redis_url}\0{settings.namespace}"
    name = hashlib.sha256(installation.encode()).hexdigest()[:16]
    return Path(state).expanduser() / "pecmassiva" / "console" / name / "campaigns"


def _is_started(desk: Desk) -> bool:
    try:
        return desk.read().phase is Phase.STARTED
    except NoCampaign:
        return False


def _changed_at(path: Path, now: float) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return now
