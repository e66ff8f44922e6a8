"""What a load of weights did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class LoadReport:
    """Every weight of the model and of the file is in one of these lists.

    Attributes:
        source: the file.
        loaded: weights of the model that got a value, as ``layer/role``.
        skipped: weights left alone on request (`skip_mismatch`), with the shapes.
        missing: weights of the model that the file lacks.
        unexpected: weights of the file that the model has no place for.
        mismatched: pairs whose shapes differ, with both shapes.
        converted: changes of arrays on the way (rotated kernels, permuted rows, casts).
        notes: how it was matched, and what a reader should know.
        optimizer: what became of the compile arguments and the optimizer's state; None if nobody asked for them.
    """

    source: str = ""
    loaded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    optimizer: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether each weight of either side met its counterpart."""
        return not (self.skipped or self.missing or self.unexpected or self.mismatched)

    def __str__(self) -> str:
        lines = [f"{self.source or 'weights'}: {len(self.loaded)} loaded"]
        for title in ("skipped", "missing", "unexpected", "mismatched", "converted", "notes"):
            items = getattr(self, title)
            if items:
                lines.append(f"  {title} ({len(items)}):")
                lines += [f"    {item}" for item in items]
        if self.optimizer is not None:
            lines.append(f"  optimizer: {self.optimizer}")
        return "\n".join(lines)
