"""Opens a workbook's parts, those of "Strict Open XML" under the names that openpyxl knows."""

from typing import IO, Any
from zipfile import ZipFile

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
            return _replaced(source.read())

    def open(self, *arguments: Any, **options: Any) -> IO[bytes]:
        part: Any = _Part(super().open(*arguments, **options))
        return part  # type: ignore[no-any-return]


class _Part:
    """A file that is read forwards."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._head = _replaced(source.read(_HEAD_BYTES))

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._source.read(size)
        if size < 0:
            content, self._head = self._head + self._source.read(), b""
        else:
            content, self._head = self._head[:size], self._head[size:]
        return content

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _replaced(content: bytes) -> bytes:
    if _STRICT in content:
        for strict, usual in _NAMES:
            content = content.replace(strict, usual)
    return content
