"""A path that is being looked at, each container in it opened at most once."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from zoo.errors import UnknownFormat
from zoo.io import archive, hdf5, json_codec, safetensors, yaml_codec
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.source import FileRange

_HEAD = 4096
_SPACE = b"\xef\xbb\xbf \t\r\n"
_YAML_KEY = re.compile(rb"^(class_name|config|backend|keras_version|layers|name|nodes|loss|input_config):",
                       re.MULTILINE)


class Probe:
    """Looks at a file or folder by content; what it finds is kept, so that sniffing and reading share the work.

    Args:
        path: a file, or a folder that holds the members of an archive.
        limits: caps for everything that is opened.

    Raises:
        OSError: it does not exist or may not be read.
    """

    def __init__(self, path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS):
        self.path, self.limits = Path(path), limits
        self.is_folder = self.path.is_dir()
        self._source = None if self.is_folder else FileRange.whole(self.path)
        self.head = b"" if self._source is None else self._source.read(0, _HEAD)

    @property
    def where(self) -> str:
        """The path, for messages."""
        return str(self.path)

    @property
    def source(self) -> FileRange:
        """The bytes of the file."""
        if self._source is None:
            raise UnknownFormat(f"{self.where}: expected a file, received a folder")
        return self._source

    @cached_property
    def hdf5(self) -> hdf5.Group | None:
        """The structure of an HDF5 file, None if it is not one."""
        return hdf5.read(self.source, self.limits) if self.head.startswith(hdf5.SIGNATURE) else None

    @cached_property
    def archive(self) -> archive.Archive | None:
        """The members of a zip archive or of a folder, None if it is neither."""
        if self.is_folder:
            return archive.read_folder(self.path, self.limits)
        return archive.read_zip(self.source, self.limits) if self.head.startswith(archive.SIGNATURES) else None

    @cached_property
    def json(self) -> dict[str, Any] | None:
        """The value of a text that begins as a JSON object does, None if it does not."""
        if not self.head.lstrip(_SPACE).startswith(b"{") or b"\0" in self.head:
            return None
        size = min(self.source.size, self.limits.json_bytes + 1)
        return json_codec.loads(self.source.read(0, size), self.where, self.limits)

    @cached_property
    def yaml(self) -> dict[str, Any] | None:
        """The value of a text that begins as the YAML of a model does, None if it does not."""
        if b"\0" in self.head or not _YAML_KEY.search(self.head):
            return None
        size = min(self.source.size, self.limits.yaml_bytes + 1)
        value = yaml_codec.loads(self.source.read(0, size), self.where, self.limits)
        return value if isinstance(value, dict) else None

    @cached_property
    def safetensors(self) -> safetensors.Contents | None:
        """The arrays and texts of a safetensors file, None if it is not one."""
        if self.is_folder or not safetensors.looks_like(self.head, self.source.size):
            return None
        return safetensors.read(self.source, self.limits)

    def beside(self, name: str) -> Probe:
        """The file called `name` in the same folder."""
        return Probe(self.path.with_name(name), self.limits)
