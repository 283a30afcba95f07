"""Find the work that a process had in hand at a moment, by the notes of worker processes. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Any


def picked(notes: Sequence[dict[str, Any]], at: float, pid: int) -> set[str]:
    """Messages that the process had picked and not settled when it died."""
    found: Counter[str] = Counter()
    for note in notes:
        if note["pid"] == pid and note["at"] <= at:
            found[note.get("picked", "")] += 1
            found[note.get("settled", "")] -= 1
    return {message_id for message_id, times in found.items() if message_id and times > 0}


def in_hand(notes: Sequence[dict[str, Any]], at: float, pid: int) -> set[tuple[str, str]]:
    """Begun and not ended by the process when it died."""
    open_work: set[tuple[str, str]] = set()
    for note in notes:
        if note["pid"] != pid or note["at"] > at:
            continue
        if "begun" in note:
            open_work.add((note["begun"][0], note["begun"][1]))
        elif "ended" in note:
            open_work.discard((note["ended"][0], note["ended"][1]))
    return open_work
