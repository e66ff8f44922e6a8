"""Tables: aligned, cut to the terminal, safe to print."""

from __future__ import annotations

from zoo.report.tables import Column, clean, display_width, fields, table

COLUMNS = (Column("name"), Column("count", right=True), Column("path", keep_end=True))


def test_columns_are_aligned() -> None:
    assert table(COLUMNS, [("a", 1, "x"), ("long", 1234, "y")]) == [
        "name  count  path",
        "----  -----  ----",
        "a         1  x",
        "long   1234  y",
    ]


def test_widest_columns_are_cut_to_fit() -> None:
    lines = table(COLUMNS, [("n" * 10, 5, "/very/long/path/to/image.jpg")], width=40)
    assert max(map(len, lines)) == 40
    assert lines[2] == "nnnnnnnnnn      5  .../path/to/image.jpg"


def test_a_table_that_cannot_fit_stays_readable() -> None:
    assert len(table(COLUMNS, [("n" * 30, 5, "p" * 30)], width=5)[2]) == 8 + 2 + 5 + 2 + 8


def test_numbers_are_never_cut() -> None:
    assert "123456789012" in table(COLUMNS, [("n" * 30, 123456789012, "p")], width=20)[2]


def test_no_rows() -> None:
    assert table(COLUMNS, []) == ["name  count  path", "----  -----  ----"]


def test_control_characters_are_shown_as_escapes() -> None:
    assert clean("a\x1b[31m\nb\udcff\u202e") == "a\\x1b[31m\\nb\\udcff\\u202e"
    assert clean(None) == ""


def test_wide_characters_take_two_columns() -> None:
    assert display_width("\u732be\u0301") == 3
    lines = table((Column("a"), Column("b")), [("\u732b\u732b", "x"), ("abcd", "x")])
    assert [display_width(line) for line in lines[2:]] == [7, 7]


def test_fields_leave_out_what_is_not_known() -> None:
    assert fields([("a", 1), ("no", None), ("empty", ""), ("long name", 0)]) == ["a          1", "long name  0"]
