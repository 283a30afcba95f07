"""A mail as pymap reads it: the size without the bytes, header lines without a signature, and the bytes as they are."""

import re
from collections.abc import Collection, Sequence
from email.header import decode_header, make_header
from functools import cached_property

from pymap.bytes import Writeable
from pymap.message import BaseLoadedMessage, BaseMessage
from pymap.mime import MessageContent
from pymap.parsing.specials import FetchRequirement
from pymap.parsing.specials.flag import Flag

from sandbox.folders import Entry
from sandbox.mail import Mail, Original

_FIELD = re.compile(rb"([!-9;-~]+):(?:.*\r?\n(?:[ \t].*\r?\n)*)")


class LastRead:
    """The mail that a client read last: a large one is fetched in parts, and is to be signed once for all of them."""

    def __init__(self) -> None:
        self._original: Original | None = None
        self._whole = b""

    def read(self, original: Original) -> bytes:
        if self._original is not original:
            self._original, self._whole = original, original.whole()
        return self._whole


class StoredMessage(BaseMessage):
    """An entry of a folder."""

    def __init__(self, entry: Entry, last_read: LastRead) -> None:
        super().__init__(entry.uid, entry.mail.at.in_rome(), map(Flag, entry.flags))
        self._mail = entry.mail
        self._last_read = last_read

    async def load_content(self, requirement: FetchRequirement) -> "LoadedMessage":
        return LoadedMessage(self, requirement, self._mail, self._last_read)


class LoadedMessage(BaseLoadedMessage):
    """Parsed only where a client asks for a part."""

    def __init__(
        self, message: StoredMessage, requirement: FetchRequirement, mail: Mail, last_read: LastRead
    ) -> None:
        super().__init__(message, requirement, None)
        self._mail = mail
        self._last_read = last_read

    @property
    def _original(self) -> Original:
        assert self._mail.original is not None  # noqa: S101 - the door is open: every mail has one
        return self._mail.original

    @property
    def _whole(self) -> bytes:
        return self._last_read.read(self._original)

    @cached_property
    def _parsed(self) -> MessageContent:
        return MessageContent.parse(self._whole)

    @property
    def content(self) -> MessageContent:
        return self._parsed

    def __bytes__(self) -> bytes:
        return self._whole

    def get_size(self, section: Sequence[int] | None = None) -> int:
        return super().get_size(section) if section else self._mail.size_bytes

    def get_body(self, section: Sequence[int] | None = None, binary: bool = False) -> Writeable:
        return super().get_body(section, binary) if section or binary else Writeable.wrap(self._whole)

    def get_header(self, name: bytes) -> Sequence[str]:
        return [
            str(make_header(decode_header(field.partition(b":")[2].decode("utf-8", "replace").strip())))
            for field in _fields(self._original.head(), {name.upper()}, inverse=False)
        ]

    def get_message_headers(
        self,
        section: Sequence[int] | None = None,
        subset: Collection[bytes] | None = None,
        inverse: bool = False,
    ) -> Writeable:
        if section:
            return super().get_message_headers(section, subset, inverse)
        head = self._original.head()
        if subset is None:
            return Writeable.wrap(head)
        return Writeable.wrap(b"".join(_fields(head, subset, inverse=inverse)) + b"\r\n")

    def get_message_text(self, section: Sequence[int] | None = None) -> Writeable:
        if section:
            return super().get_message_text(section)
        return Writeable.wrap(self._whole[len(self._original.head()) :])


def _fields(head: bytes, names: Collection[bytes], *, inverse: bool) -> list[bytes]:
    return [one[0] for one in _FIELD.finditer(head) if (one[1].upper() in names) != inverse]
