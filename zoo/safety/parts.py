"""The parts of a file, by what they begin with: containers, and the containers and texts inside of them.

A part is a `Source`: a whole file, a member of an archive, an attribute. What kind it is decides what is looked for;
what it is called decides nothing.
"""

from __future__ import annotations

import math
import re
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.errors import CorruptFile, FileError, UnsafeFile
from zoo.io import archive, hdf5, json_codec, yaml_codec
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.source import FileRange, Memory, Source
from zoo.safety import configs, pickles
from zoo.safety.rules import Finding, finding

_HEAD = 4096
_TAIL = 1 << 16
_DEPTH = 4                              # archives in archives
_SPOOLED = 1 << 24                      # members larger than this are expanded to a temporary file
_BLOCK = 1 << 20
_END_OF_ZIP = b"PK\x05\x06"
_SPACE = b"\xef\xbb\xbf \t\r\n"
_YAML_KEYS = re.compile(rb"^-?\s*(?:class_name|config|backend|keras_version|layers|nodes|name|loss|optimizer):",
                        re.MULTILINE)
_NPY_SHAPE = re.compile(r"'shape': \(((?:\d{1,18}L?, ?)*(?:\d{1,18}L?)?)\)")
_NPY_DTYPE = re.compile(r"'descr': '[<>|=]?([biufcSUV?])(\d{1,9})'")
_NPY_OBJECTS = re.compile(r"'\|?O\d*'")
_GRAPH_OPERATIONS = re.compile(rb"\b(ReadFile|WriteFile|EagerPyFunc|PyFunc|PyFuncStateless|MatchingFiles)\b")
_MODEL_KEY = re.compile(rb'"(?:class_name|modelTopology|weight_map)"')
_UNEXAMINED = (
    (re.compile(rb"\x08[\x02-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]", re.DOTALL), "an ONNX model"),
    (re.compile(rb"....TFL3", re.DOTALL), "a TensorFlow Lite model"),
    (re.compile(rb"GGUF"), "a GGUF model"),
    (re.compile(rb".{257}ustar", re.DOTALL), "a tar archive"),
)


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Args:
        source: its bytes.
        file: the file that it is in, for findings.
        location: its place there.
        depth: in how many archives it is.
        quiet: whether pickles of plain values belong here.
    """

    source: Source
    file: str
    location: str = ""
    limits: Limits = DEFAULT_LIMITS
    depth: int = 0
    quiet: bool = False
    head: bytes = field(default=b"", repr=False)

    def found(self, rule: str, message: str, place: str = "", detail: tuple[str, ...] = ()) -> Finding:
        """A finding in this part."""
        return finding(rule, self.file, f"{self.location}{place}", message, detail)

    def refusal(self, error: UnsafeFile) -> Finding:
        """The finding that an error of a guard is."""
        place = error.where.removeprefix(self.file) or self.location
        message = str(error).removeprefix(error.where).lstrip(":, ")
        return finding(error.rule, self.file, place.lstrip(":!") or "", message)


def examine(part: Part) -> Iterator[Finding]:
    """Everything that is found in a part and inside of it.

    Raises:
        CorruptFile: it begins like something known and is damaged.
    """
    part = Part(part.source, part.file, part.location, part.limits, part.depth, part.quiet, part.source.read(0, _HEAD))
    for test, check in _KINDS:
        if test(part):
            yield from check(part)
            return


def is_known(source: Source) -> bool:
    """Whether a file is of a kind that is looked into."""
    part = Part(source, source.where, head=source.read(0, _HEAD))
    return any(test(part) for test, _ in _KINDS)


# ---- HDF5

def _is_hdf5(part: Part) -> bool:
    return part.head.startswith(hdf5.SIGNATURE)


def _hdf5(part: Part) -> Iterator[Finding]:
    refused: list[UnsafeFile] = []
    end = _end_of_hdf5(part)
    if 0 < end < part.source.size:
        yield part.found("appended-data", f"{part.source.size - end} bytes after the end of the HDF5 file")
    try:
        root = hdf5.read(part.source, part.limits, refused.append)
    except UnsafeFile as error:
        refused.append(error)
        root = None
    except CorruptFile:
        yield from map(part.refusal, refused)
        raise
    yield from map(part.refusal, refused)
    for path, group in root.walk() if root is not None else ():
        yield from _attributes(part, path, group.attributes)
        for name, member in group.members.items():
            if isinstance(member, hdf5.Dataset):
                yield from _attributes(part, f"{path}/{name}", member.attributes)


def _end_of_hdf5(part: Part) -> int:
    """Where the superblock says that the file ends."""
    version = part.head[8] if len(part.head) > 48 else 255
    at = {0: 40, 1: 44, 2: 28, 3: 28}.get(version)
    return int.from_bytes(part.head[at:at + 8], "little") if at is not None else 0


def _attributes(part: Part, path: str, attributes: dict[str, Any]) -> Iterator[Finding]:
    """Attributes hold JSON, pieces of it, or names."""
    for name, value in attributes.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text.lstrip()[:1] in ("{", "["):
                place = f"/{path.strip('/')}@{name}".replace("//", "/")
                inner = Part(Memory(text.encode("utf-8", "surrogatepass"), f"{part.source.where}:{place}"), part.file,
                             f"{part.location}{':' if part.location else ''}{place}", part.limits)
                yield from _json(inner)


# ---- archives

def _is_zip(part: Part) -> bool:
    return part.head.startswith(archive.SIGNATURES)


def _zip(part: Part) -> Iterator[Finding]:
    refused: list[UnsafeFile] = []
    yield from _around_zip(part)
    try:
        found = archive.read_zip(part.source, part.limits, refused.append)
    except UnsafeFile as error:
        refused.append(error)
        found = None
    except CorruptFile:
        yield from map(part.refusal, refused)
        raise
    yield from map(part.refusal, refused)
    if found is None:
        return
    checkpoint = any(name.endswith("/data.pkl") for name in found.members)
    for name in found.members:
        yield from _member(part, found, name, checkpoint and name.endswith(".pkl"))


def _member(part: Part, found: archive.Archive, name: str, quiet: bool) -> Iterator[Finding]:
    location = f"{part.location}{'!' if part.location else ''}{name}"
    if part.depth >= _DEPTH:
        yield finding("over-limit", part.file, location, f"archives nested deeper than {_DEPTH}")
        return
    try:
        if found.size(name) > _SPOOLED and not isinstance(found.members[name], (FileRange, Memory)):
            with tempfile.TemporaryDirectory(prefix="zoo-scan-") as folder:
                path = Path(folder, "member")
                with path.open("wb") as target:
                    found.expand(name, target)
                yield from examine(Part(FileRange.whole(path), part.file, location, part.limits, part.depth + 1, quiet))
        else:
            yield from examine(Part(found.member(name), part.file, location, part.limits, part.depth + 1, quiet))
    except FileError as error:
        yield part.refusal(error) if isinstance(error, UnsafeFile) else \
            finding("unreadable", part.file, location, str(error).removeprefix(part.file).lstrip("!:"))


def _around_zip(part: Part) -> Iterator[Finding]:
    """What is before the first member and after the end."""
    size = part.source.size
    start = max(size - _TAIL - 22, 0)
    tail = part.source.read(start)
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) - at < 22:
        return
    directory, offset, comment = struct.unpack_from("<IIH", tail, at + 12)
    end = start + at + 22 + comment
    if end < size:
        yield part.found("appended-data", f"{size - end} bytes after the end of the archive")
    before = start + at - directory - offset
    if before > 0 and offset != 0xFFFFFFFF and not part.head.startswith(archive.SIGNATURES):
        yield part.found("prepended-data", f"{before} bytes before the archive")


def _has_zip_inside(part: Part) -> bool:
    """Whether an archive ends here that something else comes before."""
    if part.head.startswith(archive.SIGNATURES) or part.source.size < 22:
        return False
    tail = part.source.read(max(part.source.size - 22, 0))
    return tail.startswith(_END_OF_ZIP)


def _has_hdf5_inside(part: Part) -> bool:
    """Whether HDF5 begins at one of the places behind a user block."""
    if _is_hdf5(part):
        return False
    return any(part.source.read(at, 8) == hdf5.SIGNATURE for at in (512 << shift for shift in range(12))
               if at < part.source.size)


def _user_block(part: Part) -> Iterator[Finding]:
    yield part.found("prepended-data", "HDF5 behind a block of other data")


# ---- JSON and YAML

def _is_json(part: Part) -> bool:
    start = part.head.lstrip(_SPACE)[:1]
    return start in (b"{", b"[") and b"\0" not in part.head


def _json(part: Part) -> Iterator[Finding]:
    refused: list[UnsafeFile] = []
    text = part.source.read(0, part.limits.json_bytes + 1)
    try:
        value = json_codec.loads(text, part.source.where, part.limits, refused.append)
    except UnsafeFile as error:
        refused.append(error)
        value = None
    except CorruptFile:
        if part.head.lstrip(_SPACE).startswith(b"{") and (part.location or _MODEL_KEY.search(part.head)):
            raise
        return                                              # begins like JSON, and is something of somebody else's
    for error in refused:
        yield part.found(error.rule, str(error).removeprefix(error.where).removeprefix(": "))
    yield from configs.examine(value, part.file, part.location)


def _is_yaml(part: Part) -> bool:
    return b"\0" not in part.head and (len(set(_YAML_KEYS.findall(part.head))) >= 2
                                       or part.head.startswith((b"!!python", b"%YAML")))


def _yaml(part: Part) -> Iterator[Finding]:
    text = part.source.read(0, part.limits.yaml_bytes + 1)
    try:
        value = yaml_codec.loads(text, part.source.where, part.limits)
    except UnsafeFile as error:
        if error.rule != "yaml-tag" or "python" in str(error):
            yield part.refusal(error)
        return
    except CorruptFile:
        return                                              # begins like YAML, and is something of somebody else's
    yield from configs.examine(value, part.file, part.location)


# ---- arrays, pickles, others

def _is_npy(part: Part) -> bool:
    return part.head.startswith(b"\x93NUMPY")


def _npy(part: Part) -> Iterator[Finding]:
    """The header is a Python literal, which is matched and never evaluated."""
    width = 2 if part.head[6:7] == b"\x01" else 4
    length = int.from_bytes(part.head[8:8 + width], "little")
    text = part.source.read(8 + width, min(length, _HEAD)).decode("latin-1")
    start = 8 + width + length
    shape, dtype = _NPY_SHAPE.search(text), _NPY_DTYPE.search(text)
    if shape is None or start > part.source.size:
        raise CorruptFile(f"{part.source.where}: expected the header of a NumPy array, received {text[:100]!r}")
    stored = part.source.size - start
    if _NPY_OBJECTS.search(text):
        yield part.found("pickled-array", f"an array ({shape[1]}) of pickled objects")
        yield from pickles.examine(part.source.part(start, stored, "objects"), part.file, part.location, part.limits,
                                   quiet=True)
    elif dtype is not None:
        size = int(dtype[2]) * (4 if dtype[1] == "U" else 1)
        declared = math.prod(int(number) for number in re.findall(r"\d+", shape[1])) * size
        if declared > stored:
            yield part.found("npy-bomb", f"declares ({shape[1]}), {declared} bytes, and holds {stored}")
        elif declared < stored:
            yield part.found("appended-data", f"{stored - declared} bytes after the array")


def _is_pickle(part: Part) -> bool:
    return pickles.begins_like_pickle(part.head)


def _pickle(part: Part) -> Iterator[Finding]:
    torch = part.head[2:4] == b"\x8a\x0a"                    # PyTorch's magic number comes first
    yield from pickles.examine(part.source, part.file, part.location, part.limits, quiet=part.quiet or torch)


def _is_saved_model(part: Part) -> bool:
    return part.head.startswith(b"\x08\x01\x12")


def _saved_model(part: Part) -> Iterator[Finding]:
    names: set[str] = set()
    before = b""
    for start in range(0, part.source.size, _BLOCK):
        block = before + part.source.read(start, _BLOCK)
        names |= {found.decode("ascii") for found in _GRAPH_OPERATIONS.findall(block)}
        before = block[-32:]
    if names:
        yield part.found("tensorflow-file-op", f"a graph with the operations {', '.join(sorted(names))}")
    yield part.found("not-examined", "a TensorFlow graph: only the names of its operations were looked at")


def _is_safetensors(part: Part) -> bool:
    length = int.from_bytes(part.head[:8], "little")
    return part.head[8:9] == b"{" and 2 <= length <= part.source.size - 8


def _safetensors(part: Part) -> Iterator[Finding]:
    length = int.from_bytes(part.head[:8], "little")
    yield from _json(Part(part.source.part(8, length, "header"), part.file, f"{part.location}header", part.limits))


def _is_unexamined(part: Part) -> bool:
    return any(pattern.match(part.head) for pattern, _ in _UNEXAMINED)


def _unexamined(part: Part) -> Iterator[Finding]:
    title = next(title for pattern, title in _UNEXAMINED if pattern.match(part.head))
    yield part.found("not-examined", f"{title}, which is not looked into")


_KINDS: tuple[tuple[Callable[[Part], bool], Callable[[Part], Iterator[Finding]]], ...] = (
    (_is_hdf5, _hdf5), (_is_zip, _zip), (_is_npy, _npy), (_is_json, _json), (_is_safetensors, _safetensors),
    (_is_saved_model, _saved_model), (_is_pickle, _pickle), (_is_unexamined, _unexamined), (_has_zip_inside, _zip),
    (_has_hdf5_inside, _user_block), (_is_yaml, _yaml),
)
