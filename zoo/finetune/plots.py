"""Pictures of a run; needs Matplotlib, which nothing else does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zoo.finetune.record import Epoch
from zoo.io.atomic import replacing

_MOST_NUMBERS = 30                      # classes up to which each cell of a confusion matrix has its number written


def history(path: Path, epochs: Sequence[Epoch], best: Epoch) -> None:
    """Draws loss and accuracy of each epoch, the best one marked, a line where a phase begins."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    numbers = np.arange(1, len(epochs) + 1)
    changes = {i + 0.5: epochs[i].phase for i in numbers[:-1] if epochs[i].phase != epochs[i - 1].phase}
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy")):
        for key, title in ((name, "training"), (f"val_{name}", "validation")):
            axes.plot(numbers, [getattr(epoch, key) for epoch in epochs], marker=".", label=title)
        axes.plot(epochs.index(best) + 1, getattr(best, f"val_{name}"), "o", fillstyle="none", color="black",
                  label="kept in the file")
        for change, phase in changes.items():
            axes.axvline(change, color="gray", linestyle=":", label=f"{phase} from here")
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    _save(figure, path)


def confusion(path: Path, classes: Sequence[str], table: np.ndarray) -> None:
    """Draws the table of true classes (rows) and classes that the model named (columns), as shares of each row."""
    size = min(3.5 + 0.45 * len(classes), 20)
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(classes))
    axes.set_xticks(ticks, classes, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(ticks, classes, parse_math=False)
    axes.set(xlabel="named by the model", ylabel="true class", title="validation images")
    if len(classes) <= _MOST_NUMBERS:
        _numbers(axes, table, shares)
    figure.colorbar(image, label="share of the class", shrink=0.8)
    _save(figure, path)


def _numbers(axes: Any, table: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(table):
        if count:
            axes.text(column, row, str(count), ha="center", va="center",
                      color="white" if shares[row, column] > 0.5 else "black")


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=110, format="png")
