"""Topologies drawn as text."""

from __future__ import annotations

from typing import Any

from zoo.report.topology import drawn


def layers(*rows: str) -> list[dict[str, Any]]:
    """Layers from rows such as ``"add: a b"``; one more list of sources after ``;`` for each further call."""
    found = []
    for row in rows:
        name, _, calls = row.partition(":")
        sources = [[[word.rstrip("'"), word.count("'"), 0] for word in call.split()] for call in calls.split(";")]
        found.append({"name": name, "sources": sources if calls.strip() else []})
    return found


def picture(*rows: str) -> list[str]:
    described = layers(*rows)
    art = drawn(described)
    assert art is not None
    return [f"{lanes}{described[index]['name']}{f' {call}' if call else ''}" for index, call, lanes in art]


def test_a_chain_needs_no_drawing() -> None:
    assert drawn(layers("a:", "b: a", "c: b")) is None
    assert drawn(layers("a:", "f: a; f", "c: f'")) is None             # a layer called twice, one after the other


def test_a_residual_block() -> None:
    assert picture("a:", "b: a", "c: b", "add: c a", "d: add") == [
        "*    a",
        "+-*  b",
        "| *  c",
        "*-'  add",
        "*    d"]


def test_branches_lanes_in_between_and_order() -> None:
    assert picture("out: p q r", "r: x", "q: x", "p: x", "x:") == [
        "*      x",
        "+-*    r",
        "+-|-*  q",
        "* | |  p",
        "*-'-'  out"]


def test_a_shared_layer() -> None:
    assert picture("a:", "b:", "f: a; b", "dot: f f'") == [
        "*    a",
        "*    f",
        "| *  b",
        "| *  f 1",
        "*-'  dot"]


def test_unused_outputs_and_cycles() -> None:
    assert picture("a:", "unused: a", "b: a") == ["*    a", "+-*  unused", "*    b"]
    assert [row.split()[-1] for row in picture("a: c", "b: a", "c: b", "d:")] == ["d", "a", "b", "c"]


def test_wide_models_stay_narrow() -> None:
    names = [f"n{i}" for i in range(60)]
    rows = picture("x:", *(f"{name}: x" for name in names), f"sum: {' '.join(names)}")
    assert max(map(len, rows)) <= 47 + 2 + 3 and len(rows) == 62
