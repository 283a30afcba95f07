"""A run's memory, which must stay flat once what is great has been there."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

PAGE_BYTES = 4096
MAX_GROWTH = 1.2


@dataclass(slots=True)
class Memory:
    """This process's, in bytes, as often as it was noted."""

    resident: list[int] = field(default_factory=list)

    def note(self) -> None:
        source = Path("/proc/self/statm")
        if source.exists():
            self.resident.append(int(source.read_text().split()[1]) * PAGE_BYTES)

    @property
    def tenths(self) -> list[float]:
        """In each tenth of the run: the median."""
        size = max(1, len(self.resident) // 10)
        return [median(self.resident[start : start + size]) for start in range(0, len(self.resident), size)][
            :10
        ]

    @property
    def growth(self) -> float:
        """From the middle of the run to its end: by then it has had the greatest, for which the heap grows once."""
        return self.tenths[-1] / self.tenths[len(self.tenths) // 2] if self.resident else 1.0

    def __str__(self) -> str:
        return f"memory × {self.growth:.3f}, in MB, a tenth each: " + " ".join(
            f"{found / 1e6:.0f}" for found in self.tenths
        )
