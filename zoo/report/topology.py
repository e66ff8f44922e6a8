"""The topology of a model as text: a lane for each tensor that is still to be used, beside the names of the layers.

    *     input
    *     conv
    +-*   conv_1        takes conv's output, which somebody else needs, too
    | *   relu
    *-'   add           takes both
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Call = tuple[int, int]                                  # layer by index, and which of its calls
Row = tuple[int, int, str]

_WIDEST = 24                                            # lanes; more than that nobody can follow


def drawn(layers: Sequence[dict[str, Any]]) -> list[Row] | None:
    """Rows of (index of the layer, number of the call, lanes); None for chains, which need no drawing.

    Args:
        layers: as in `zoo.report.description`: each with `name` and `sources`, for each call a list of
            ``[layer, call, output]``.
    """
    index = {layer["name"]: i for i, layer in enumerate(layers)}
    sources: dict[Call, list[Call]] = {}
    for i, layer in enumerate(layers):
        for call, found in enumerate(layer["sources"] or [[]]):
            known = [(index[name], node) for name, node, _ in found if name in index]
            sources[i, call] = list(dict.fromkeys(known))
    order = _in_order(sources)
    uses = Counter(source for found in sources.values() for source in found)
    chain = all(found == ([] if position == 0 else [order[position - 1]])
                for position, found in enumerate(sources[call] for call in order))
    if chain:
        return None
    rows, lanes = [], list[Call | None]()
    for call in order:
        rows.append((call, _row(call, sources[call], uses, lanes)))
    width = min(max(len(line) for _, line in rows), 2 * _WIDEST - 1)
    return [(*call, (line if len(line) <= width else line[:width - 3] + "...").ljust(width) + "  ")
            for call, line in rows]


def _in_order(sources: dict[Call, list[Call]]) -> list[Call]:
    """The calls, each after those that it takes tensors from and otherwise as in the file; those in cycles last."""
    order: dict[Call, None] = {}
    waiting = {call: {source for source in found if source in sources} for call, found in sources.items()}
    users: dict[Call, list[Call]] = {}
    for call, found in waiting.items():
        for source in found:
            users.setdefault(source, []).append(call)
    ready = [call for call, found in waiting.items() if not found]
    ready.reverse()                                     # a stack: a branch is followed to its end
    while ready:
        call = ready.pop()
        order[call] = None
        for user in reversed(users.get(call, [])):
            waiting[user].discard(call)
            if not waiting[user] and user not in order:
                ready.append(user)
    return [*order, *(call for call in sources if call not in order)]


def _row(call: Call, sources: list[Call], uses: Counter[Call], lanes: list[Call | None]) -> str:
    """Draws one call and brings `lanes` up to date: what each lane holds, None if it is free."""
    taken = [lanes.index(source) for source in sources if source in lanes]
    for source in sources:
        uses[source] -= 1
    ended = [lane for lane in taken if not uses[lanes[lane]]]
    before = list(lanes)
    if ended:
        place = min(ended)
    else:
        start = min(taken) + 1 if taken else 0
        free = [lane for lane in range(start, len(lanes)) if lanes[lane] is None]
        place = free[0] if free else len(lanes)
    for lane in ended:
        lanes[lane] = None
    lanes.extend([None] * (place + 1 - len(lanes)))
    lanes[place] = call if uses[call] else None
    first, last = min([place, *taken]), max([place, *taken])
    cells = []
    for lane in range(max(len(lanes), len(before))):
        held = lane < len(before) and before[lane] is not None
        joined = "*" if lane == place else "'" if lane in ended else "+" if lane in taken else "|" if held else " "
        crossing = "-" if first < lane < last and joined == " " else joined
        cells.append(crossing + ("-" if first <= lane < last else " "))
    while lanes and lanes[-1] is None:
        lanes.pop()
    return "".join(cells).rstrip()
