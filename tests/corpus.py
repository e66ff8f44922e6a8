"""Where the golden corpus of Keras files is: it lies beside the project for its developers and CI, not for users."""

from __future__ import annotations

import os
import pathlib

import pytest


def _find() -> pathlib.Path | None:
    beside = pathlib.Path(__file__).resolve().parents[2] / "shared" / "corpus"
    path = pathlib.Path(os.environ.get("ZOO_CORPUS", beside))
    return path if (path / "README.md").is_file() else None


CORPUS = _find()
require_corpus = pytest.mark.skipif(CORPUS is None, reason="shared corpus not present")
