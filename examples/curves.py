"""Curves of a training run as files: CSV always, PNG where Matplotlib is installed."""

from __future__ import annotations

import csv
import importlib.util
import pathlib

Curves = dict[str, list[float]]


def save(curves: Curves, folder: pathlib.Path, name: str) -> list[pathlib.Path]:
    """Writes one row for each epoch, and a plot of the losses and of everything else.

    Args:
        curves: ``history.history`` of a call of `fit`.
        folder: made if it does not exist.
        name: of the files, without a suffix.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f"{name}.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *curves])
        writer.writerows([epoch, *row] for epoch, row in enumerate(zip(*curves.values()), 1))
    if importlib.util.find_spec("matplotlib") is None:
        return [table]
    return [table, _plot(curves, folder / f"{name}.png")]


def _plot(curves: Curves, path: pathlib.Path) -> pathlib.Path:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    losses = [key for key in curves if key.endswith("loss")]
    panels = [panel for panel in (losses, [key for key in curves if key not in losses]) if panel]
    figure, row = pyplot.subplots(1, len(panels), figsize=(4.5 * len(panels), 3.5), squeeze=False)
    for axes, panel in zip(row[0], panels):
        for key in panel:
            axes.plot(range(1, len(curves[key]) + 1), curves[key], label=key)
        axes.set_xlabel("epoch")
        axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    return path
