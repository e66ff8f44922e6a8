"""What the benchmarks write: tables that join over runs, and a document that is made from them."""

import pytest

from benchmarks import document
from benchmarks.fitting import parsed
from benchmarks.tables import Results, Table, latest, shown

TABLE = Table("speed", "Speed", "Of two peers.", ("network", "peer", "ms"), keys=2)


def test_rows_of_the_same_keys_are_replaced_in_place():
    table = TABLE.with_rows([("a", "x", 1.0), ("a", "y", 2.0)]).with_rows([("b", "x", 3.0), ("a", "x", 4.0)])
    assert table.rows == (("a", "x", 4.0), ("a", "y", 2.0), ("b", "x", 3.0))


def test_rows_of_a_run_are_replaced_together():
    table = Table("speed", "", "", ("network", "peer", "ms"), keys=2, run=1)
    table = table.with_rows([("a", "x", 1.0), ("a", "y", 2.0), ("b", "y", 3.0)]).with_rows([("a", "x", 4.0)])
    assert table.rows == (("a", "x", 4.0), ("b", "y", 3.0))


@pytest.mark.parametrize("cell, text", [(None, "-"), (3, "3"), (0.12345, "0.123"), (1234.5, "1234"), ("x", "x"),
                                        (99.96, "100"), (4.0, "4")])
def test_cells_are_shown_with_three_digits(cell, text):
    assert shown(cell) == text


def test_tables_of_one_day_join_in_one_file(tmp_path):
    Results("2026-01-02", tmp_path).add(TABLE.with_rows([("a", "x", 1.0)]))
    Results("2026-01-02", tmp_path).add(TABLE.with_rows([("a", "y", 2.0)]))
    Results("2026-01-01", tmp_path).add(TABLE.with_rows([("old", "x", 9.0)]))
    found = latest(tmp_path)
    assert found.date == "2026-01-02" and found.tables["speed"].rows == (("a", "x", 1.0), ("a", "y", 2.0))
    assert "| a | y | 2 |" in (tmp_path / "2026-01-02.md").read_text()


def test_a_table_of_other_columns_replaces_the_old_one(tmp_path):
    results = Results("2026-01-02", tmp_path)
    results.add(TABLE.with_rows([("a", "x", 1.0)]))
    results.add(Table("speed", "Speed", "", ("network", "s")).with_rows([("b", 1.0)]))
    assert results.tables["speed"].rows == (("b", 1.0),)


def test_the_document_gets_its_tables_and_keeps_its_text(tmp_path):
    results = Results("2026-01-02", tmp_path)
    results.machine = {"processor": "one"}
    results.add(TABLE.with_rows([("a", "x", 1.0)]))
    path = tmp_path / "performance.md"
    path.write_text("Text.\n<!-- table machine -->\nold\n<!-- end -->\n<!-- table speed -->\n<!-- end -->\n"
                    "<!-- table memory -->\n<!-- end -->\nMore text.\n")
    for _ in range(2):                                      # a second time changes nothing
        document.update(results, path)
        text = path.read_text()
        assert text.startswith("Text.\n<!-- table machine -->\nMeasured on 2026-01-02.") and text.endswith("More text.\n")
        assert "old" not in text and text.count("| a | x | 1 |") == 1 and "--tables memory" in text


def test_tables_of_other_programs_are_taken_over():
    text = "Two threads.\n\n| network | program | ms |\n|---|---|---|\n| a | zoo 1 | 2.5 |\n| a | other | 3 |\n"
    (table,) = parsed(text)
    assert (table.note, table.keys) == ("Two threads.", 2)
    assert table.rows == (("a", "zoo 1", 2.5), ("a", "other", 3))
