"""Opens a workbook's parts, those of "Strict Open XML" under the names that openpyxl knows."""

from typing import IO, Any
from zipfile import ZipFile

MAX_AT_ONCE_BYTES = 50_000_000  # of a row, a text or a part that is read as a whole
_HEAD_BYTES = 1 << 16  # the first element, which names the spaces of all others, stands within
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMES = (
    (_STRICT + b"spreadsheetml/", b"http://schemas.openxmlformats.org/spreadsheetml/2006/"),
    (_STRICT + b"officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
)


class WorkbookArchive(ZipFile):
    """Reads a whole part with every name replaced, and opens a part with those of its beginning replaced."""

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        with super().open(name, pwd=pwd) as source:
            content = source.read(MAX_AT_ONCE_BYTES + 1)
        _require_bearable(len(content))
        return _replaced(content)

    def open(self, *arguments: Any, **options: Any) -> IO[bytes]:
        part: Any = _Part(super().open(*arguments, **options))
        return part  # type: ignore[no-any-return]


class _Part:
    """A file that is read forwards, and of which no more is read than memory can bear before an entry ends."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._ended_at = 0
        self._head = _replaced(source.read(_HEAD_BYTES))

    def read(self, size: int = -1) -> bytes:
        _require_bearable(self.tell() - self._ended_at)
        if not self._head:
            return self._source.read(size)
        if size < 0:
            content, self._head = self._head + self._source.read(), b""
        else:
            content, self._head = self._head[:size], self._head[size:]
        return content

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._source.tell() - len(self._head)

    def end_entry(self) -> None:
        """Note that a row or a text has ended, and is no longer in memory."""
        self._ended_at = self.tell()

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _require_bearable(count: int) -> None:
    """Raise ValueError for a part that unpacks to more than any office writes."""
    if count > MAX_AT_ONCE_BYTES:
        raise ValueError(count)


def _replaced(content: bytes) -> bytes:
    if _STRICT in content:
        for strict, usual in _NAMES:
            content = content.replace(strict, usual)
    return content
