"""The connection's writing side: each answer leaves as one piece, after a delay, or cut in the middle of a mail."""

import asyncio
import re

from sandbox.imap_faults import ImapFaults

_LITERAL = re.compile(rb"BODY\[[^\]]*\](?:<\d+>)? \{(\d+)\}\r\n")


class Wire:
    """A stand-in for asyncio's StreamWriter: pymap writes and drains."""

    def __init__(self, writer: asyncio.StreamWriter, faults: ImapFaults) -> None:
        self._writer = writer
        self._faults = faults
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self._pieces.append(bytes(piece))

    async def drain(self) -> None:
        """Write the answer. Raise ConnectionError if it was cut."""
        answer, self._pieces = b"".join(self._pieces), []
        if delay_seconds := self._faults.behaviour.delay_seconds:
            self._faults.count("delay_seconds")
            await asyncio.sleep(delay_seconds)
        literal = _LITERAL.search(answer)
        if literal and self._faults.take_cut():
            self._writer.write(answer[: literal.end() + int(literal[1]) // 2])
            self._writer.close()
            raise ConnectionAbortedError
        self._writer.write(answer)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()
