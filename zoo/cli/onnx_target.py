"""``zoo convert`` to ONNX: the one target that needs a live model, and so everything below it."""

from __future__ import annotations

import os

from zoo.io.document import ModelDocument
from zoo.models import export_onnx, restore


def write(document: ModelDocument, path: str | os.PathLike[str]) -> None:
    """Makes the model and writes it as an ONNX file."""
    export_onnx(restore.model(document), path)
