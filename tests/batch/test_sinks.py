"""Rows in files: parsed back, flushed, kept when something goes wrong."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from zoo.batch.rows import Prediction, Row
from zoo.batch.sinks import CsvSink, JsonLinesSink, output_file

ROWS = [
    Row("a, \"b\".jpg", (Prediction(3, "tabby, cat", 0.75), Prediction(1, "d\u00f6g", 0.25))),
    Row("line\nbreak.png", error="damaged: \"x\", y"),
    Row("\u732b.png", (Prediction(0, "x", 1e-30),)),
]


def test_csv_parses_back() -> None:
    stream = io.StringIO(newline="")
    sink = CsvSink(stream, top_k=2)
    for row in ROWS:
        sink.write(row)
    stream.seek(0)
    lines = list(csv.DictReader(stream))
    assert list(lines[0]) == ["path", "error", "index_1", "label_1", "score_1", "index_2", "label_2", "score_2"]
    assert [line["path"] for line in lines] == [row.path for row in ROWS]
    assert [line["error"] for line in lines] == ["", ROWS[1].error, ""]
    assert (lines[0]["label_1"], lines[0]["label_2"], lines[2]["label_2"]) == ("tabby, cat", "d\u00f6g", "")
    assert float(lines[2]["score_1"]) == 1e-30 and lines[0]["index_1"] == "3"


def test_json_lines_parse_back() -> None:
    stream = io.StringIO()
    sink = JsonLinesSink(stream)
    for row in ROWS:
        sink.write(row)
    values = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert values[0] == {"path": ROWS[0].path, "error": None,
                         "predictions": [{"index": 3, "label": "tabby, cat", "score": 0.75},
                                         {"index": 1, "label": "d\u00f6g", "score": 0.25}]}
    assert values[1]["predictions"] == [] and values[1]["error"] == ROWS[1].error
    assert stream.getvalue().isascii()


def test_names_that_are_no_valid_text_survive(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    with output_file(tmp_path / "rows.csv") as stream:
        CsvSink(stream, 1).write(Row(name, error="x"))
    assert b"caf\xe9.jpg" in (tmp_path / "rows.csv").read_bytes()


def test_output_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "rows.txt"
    with output_file(target) as stream:
        stream.write("one\n")
        assert not target.exists()
    assert target.read_text() == "one\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, RuntimeError])
def test_rows_written_before_an_error_are_kept(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "rows.txt"
    target.write_text("of an earlier run")
    with pytest.raises(error), output_file(target) as stream:
        stream.write("one\n")
        raise error
    assert target.read_text() == "one\n"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_before_the_first_row_leaves_the_earlier_file(tmp_path: Path) -> None:
    target = tmp_path / "rows.txt"
    target.write_text("of an earlier run")
    with pytest.raises(KeyboardInterrupt), output_file(target):
        raise KeyboardInterrupt
    assert target.read_text() == "of an earlier run"
    assert list(tmp_path.iterdir()) == [target]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), output_file(tmp_path / "no" / "rows.txt"):
        pass
