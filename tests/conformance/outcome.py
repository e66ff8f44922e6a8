"""Counting what the corpus says: passed, failed, not yet (each by name), one row a producer and file form."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Tally:
    """Outcomes of one producer's files."""

    title: str
    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    not_yet: dict[str, str] = field(default_factory=dict)

    def row(self) -> str:
        """One line of counts."""
        return (f"{self.title:<34} {len(self.passed):>5} passed {len(self.failed):>4} failed "
                f"{len(self.not_yet):>5} not yet")

    def lines(self) -> list[str]:
        """The counts, every failure with its reason, and what is not yet, by reason."""
        reasons: dict[str, list[str]] = {}
        for name, reason in self.not_yet.items():
            reasons.setdefault(reason, []).append(name)
        return [self.row(), *(f"    FAILED {name}: {why}" for name, why in self.failed.items()),
                *(f"    not yet ({reason}): {', '.join(names)}" for reason, names in sorted(reasons.items()))]


TALLIES: list[Tally] = []                                   # shown by conftest at the end of the run


def tally(title: str) -> Tally:
    """A new row."""
    entry = Tally(title)
    TALLIES.append(entry)
    return entry
