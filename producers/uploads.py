"""The bytes of jobs on their way to Redis: hashed once and put once, however many jobs share them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from config.foreign_words import system_words
from config.texts import _
from pec.content import decode_file, is_blank, sha256
from pec.jobs import JobRejected
from pec.problems import Problem, problem

KEEP_SECONDS = 7 * 86400  # uploads expire after 7 days; setting them again refreshes them
INLINE_BYTES = 1024  # a body smaller than this goes in the job itself
_MAX_REMEMBERED = 20_000  # hashes; forgetting one costs a second upload, nothing more
_MAX_HASHED_LATELY = 8  # contents; they are held in memory

Attached = Path | tuple[str, bytes] | Mapping[str, str]


class Uploads:
    """The contents of the jobs of one call. A file is read once, whatever happens to it meanwhile.

    `waiting` holds what must be put before the jobs that were prepared with it.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, bytes] = {}
        self.waiting_bytes = 0
        self.may_wait = True  # for room in Redis; once that was of no use, no more
        self._put: set[str] = set()
        self._files: dict[Path, str] = {}
        self._encode = lru_cache(_MAX_HASHED_LATELY)(str.encode)  # the same text again is the same object…
        self._hash = lru_cache(_MAX_HASHED_LATELY)(sha256)  # …and the same object again costs no hashing

    def took(self) -> None:
        """Note that the waiting uploads are in Redis."""
        if len(self._put) > _MAX_REMEMBERED:
            self._put.clear()
        self._put.update(self.waiting)
        self.waiting = {}
        self.waiting_bytes = 0

    def prepare(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Return the job for the stream: large bodies and all attachments by their hash.

        Raise JobRejected. A value that is no body or attachment at all stays, so that the models refuse it.
        """
        ready = dict(job)
        body, attachments = ready.get("body"), ready.get("attachments")
        if isinstance(body, str) and len(body) * 4 >= INLINE_BYTES and not is_blank(body):
            ready["body"] = self._body(body)
        if isinstance(attachments, Sequence) and not isinstance(attachments, str):
            ready["attachments"] = [self._attachment(place, one) for place, one in enumerate(attachments)]
        return ready

    def _body(self, text: str) -> str | dict[str, str]:
        try:
            content = self._encode(text)
        except UnicodeEncodeError:
            raise JobRejected(
                [Problem("body", _("is not Unicode text: it holds half of a character"))]
            ) from None
        return {"sha256": self._upload(content)} if len(content) >= INLINE_BYTES else text

    def _attachment(self, place: int, given: Any) -> Any:
        match given:
            case Path():
                return {"name": given.name, "sha256": self._file(place, given)}
            case (str(name), bytes(content)):
                return {"name": name, "sha256": self._upload(content)}
            case {"name": str(name), "file": str(text)}:
                return {"name": name, "sha256": self._encoded(place, text)}
            case Mapping():
                return given
        reason = _("must be a Path, a pair (name, bytes), or a mapping of name and sha256")
        raise JobRejected([Problem(f"attachments.{place}", reason)])

    def _file(self, place: int, path: Path) -> str:
        if path not in self._files:
            try:
                self._files[path] = self._upload(path.read_bytes())
            except OSError as error:
                reason = _("can't read {path} ({why}): name a readable file").format(
                    path=path, why=system_words(error)
                )
                raise JobRejected([Problem(f"attachments.{place}", reason)]) from None
        return self._files[path]

    def _encoded(self, place: int, text: str) -> str:
        try:
            return self._upload(decode_file(text))
        except PydanticCustomError as error:
            raise JobRejected([problem(f"attachments.{place}.file", error.type)]) from None

    def _upload(self, content: bytes) -> str:
        digest = self._hash(content)
        if digest not in self._put and digest not in self.waiting:
            self.waiting[digest] = content
            self.waiting_bytes += len(content)
        return digest
