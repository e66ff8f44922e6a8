"""Pictures of the results, for which matplotlib is needed; without it none are drawn, and that is said."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.tables import Results, Table


def draw(results: Results) -> list[Path]:
    """Draws a picture for each table that has one, beside the results; returns their paths."""
    if importlib.util.find_spec("matplotlib") is None:
        print("no pictures are drawn: matplotlib is not installed")
        return []
    return [_saved(figure, results.path.with_name(f"{results.date}-{name}.png"))
            for name, make in PICTURES.items() if name in results.tables
            for figure in [make(results.tables[name])]]


def _saved(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=100)
    return path


def _figure(columns: int, width: float = 4.5, height: float = 3.6) -> tuple[Any, list[Any]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(width * columns, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [figure.add_subplot(1, columns, place + 1) for place in range(columns)]


def _inference(table: Table) -> Any:
    """A bar for each peer, a group for each network and batch: how many times slower than the fastest."""
    cases = list(dict.fromkeys((row[0], row[1]) for row in table.rows))
    peers = list(dict.fromkeys(row[2] for row in table.rows))
    ms = {(row[0], row[1], row[2]): row[table.column("ms/image")] for row in table.rows}
    figure, (axes,) = _figure(1, width=1.6 * len(cases) + 2, height=4)
    for place, peer in enumerate(peers):
        present = [(i, ms[*case, peer]) for i, case in enumerate(cases) if (*case, peer) in ms]
        least = [min(ms[*cases[i], other] for other in peers if (*cases[i], other) in ms) for i, _ in present]
        axes.bar([i + (place - len(peers) / 2) * 0.8 / len(peers) for i, _ in present],
                 [value / best for (_, value), best in zip(present, least)], 0.8 / len(peers), label=peer, align="edge")
    axes.set_xticks(range(len(cases)), [f"{network}\nbatch {batch}" for network, batch in cases])
    axes.set_ylabel("time / time of the fastest")
    axes.set_ylim(0, 6)
    axes.legend(fontsize=7)
    return figure


def _cold(table: Table) -> Any:
    figure, axes = _figure(2)
    for ax, column, unit in zip(axes, ("s", "peak MB"), ("seconds to the first predictions", "peak memory, MB")):
        ax.barh([row[0] for row in table.rows][::-1], [row[table.column(column)] for row in table.rows][::-1])
        ax.set_xlabel(unit)
    return figure


def _scaling(table: Table) -> Any:
    figure, axes = _figure(3)
    kinds = {"batch": ("batch", "images/s"), "size": ("size", "ms/image"), "depth": ("network", "ms/image")}
    for ax, (kind, (across, up)) in zip(axes, kinds.items()):
        for label, rows in _grouped(row for row in table.rows if row[0] == kind):
            places = [row[table.column(across)] for row in rows]
            places = [int(place.removeprefix("plain")) if isinstance(place, str) else place for place in places]
            ax.plot(places, [row[table.column(up)] for row in rows], "o-", label=label)
        ax.set_xlabel({"network": "convolutions"}.get(across, across))
        ax.set_ylabel(up)
        ax.set_ylim(bottom=0)
        ax.legend(fontsize=7)
    return figure


def _grouped(rows: Iterator[tuple[Any, ...]]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Rows of one line of a plot: a network with its number of threads, or all depths."""
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        name = "3x3, 64 channels" if row[1].startswith("plain") else f"{row[1]}, {row[4]} threads"
        groups.setdefault(name, []).append(row)
    return list(groups.items())


def _classify(table: Table) -> Any:
    figure, axes = _figure(2)
    for ax, column in zip(axes, ("images/s", "peak MB")):
        for option in dict.fromkeys(row[2] for row in table.rows):
            rows = [row for row in table.rows if row[2] == option]
            ax.plot([row[1] for row in rows], [row[table.column(column)] for row in rows], "o-",
                    label="full size" if option == "-" else option)
        ax.legend(fontsize=7)
        ax.set_xscale("log")
        ax.set_xlabel("pictures")
        ax.set_ylabel(column)
        ax.set_ylim(bottom=0)
    return figure


PICTURES: dict[str, Callable[[Table], Any]] = {"inference": _inference, "cold": _cold, "scaling": _scaling,
                                               "classify": _classify}
