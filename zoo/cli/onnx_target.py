"""``zoo convert --to onnx``: the model is built, then exported."""

from __future__ import annotations

import os

from zoo import io
from zoo.models import restore
from zoo.models.exporting import export_onnx


def write(document: io.ModelDocument, path: str | os.PathLike[str]) -> None:
    """Writes the model of a document as ONNX.

    Raises:
        CannotExpress: ONNX lacks something that the model does; everything is listed.
        UnknownClass: layers that are not known cannot be exported.
        MissingDependency: the package ``onnx`` is not installed.
    """
    export_onnx(restore.model(document), path)
