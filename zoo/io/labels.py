"""Files with the names of classes."""

from __future__ import annotations

import json
import os
from pathlib import Path

from zoo.errors import CorruptFile


def read_labels(path: str | os.PathLike[str]) -> list[str]:
    """Names of classes: one a line, or JSON: a list, or an object from index to name (or to a list that ends with it).

    Raises:
        CorruptFile: it is neither.
        OSError: it cannot be read.
    """
    try:
        content = Path(path).read_text(encoding="utf-8-sig")
        if not content.lstrip().startswith(("[", "{")):
            return [line.strip() for line in content.splitlines() if line.strip()]
        value = json.loads(content)
        if isinstance(value, dict):
            value = [value[str(i)] for i in range(len(value))]
        names = [entry[-1] if isinstance(entry, list) else entry for entry in value]
    except (ValueError, KeyError, IndexError) as error:
        raise CorruptFile(f"{path}: expected labels, one a line in UTF-8, a JSON list, or a JSON object with the keys "
                          f"\"0\", \"1\", ... Received something else: {error!r}") from error
    if not all(isinstance(name, str) for name in names):
        raise CorruptFile(f"{path}: expected labels that are text, received {names[:5]}")
    return names
