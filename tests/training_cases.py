"""Cases of the corpus's folder ``training``: their descriptions and arrays."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import numpy as np

from tests.corpus import CORPUS


def names(*prefixes: str) -> list[str]:
    """Names of the cases that begin with one of the prefixes."""
    if CORPUS is None:
        return []
    index = json.loads((CORPUS / "training" / "INDEX.json").read_text())
    return [case["case"] for case in index["cases"] if case["case"].startswith(prefixes)]


def meta(name: str) -> dict[str, Any]:
    """What a case is."""
    return json.loads((CORPUS / "training" / name / "meta.json").read_text())


def arrays(name: str) -> dict[str, np.ndarray]:
    """All arrays of a case."""
    with np.load(CORPUS / "training" / name / "io.npz") as file:
        return dict(file)


def layers(name: str) -> list[dict[str, Any]]:
    """The records of a sequential model's layers, as the file before training holds them."""
    with zipfile.ZipFile(CORPUS / "training" / name / "initial.keras") as file:
        records = json.loads(file.read("config.json"))["config"]["layers"]
    return [record for record in records if record["class_name"] != "InputLayer"]


def plain(record: Any) -> Any:
    """A record without Keras's notes of where classes are."""
    if isinstance(record, dict):
        return {key: plain(value) for key, value in record.items() if key not in ("module", "registered_name")}
    return [plain(item) for item in record] if isinstance(record, list) else record
