"""Ways to damage a model file: blindly, and with knowledge of what is in it. Each is a function of bytes."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

_SIZES = (0, 1, 2, 3, 7, 8, 255, 256, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 63) - 1,
          (1 << 64) - 1)
_VALUES: tuple[Any, ...] = (None, True, False, 0, 1, -1, 2, 3, 10 ** 9, -10 ** 9, 1 << 40, 1 << 70, 0.5, 1e308, -0.0,
                            float("nan"), float("inf"), "", "x", "relu", "dense", "\0", "\ud7ff" * 3, "same",
                            "a" * 5000,
                            [], {}, [None], [[]], [1, 2, 3], [0], {"a": 1}, {"class_name": "Dense", "config": {}},
                            {"class_name": "Lambda", "config": {"name": "l"}}, "channels_first", [10 ** 6] * 3,
                            "float16")
_NUMBER = re.compile(rb"(?<=[:\[, ])-?\d+(?:\.\d+)?(?=[,\]} ])")
_STRING = re.compile(rb'"[A-Za-z_][\w/]{1,40}"')

Mutation = Callable[[bytes, bytes, random.Random], bytes]


def truncated(data: bytes, other: bytes, rng: random.Random) -> bytes:
    return data[:rng.randrange(len(data))]


def flipped(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A few bytes changed; structures are mostly at the beginning."""
    changed = bytearray(data)
    reach = len(data) if rng.random() < 0.5 else min(len(data), 4096)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        changed[rng.randrange(reach)] = rng.choice((0, 255, rng.randrange(256)))
    return bytes(changed)


def spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The beginning of one file and the end of another."""
    return data[:rng.randrange(len(data))] + other[rng.randrange(len(other)):]


def block_moved(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A block removed, doubled, zeroed, or taken from another file."""
    at, size = rng.randrange(len(data)), rng.choice((1, 8, 64, 512, 4096))
    block = data[at:at + size]
    start = rng.randrange(len(other))
    new = rng.choice((b"", block * 2, bytes(len(block)), other[start:start + size]))
    return data[:at] + new + data[at + size:]


def sizes_changed(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Numbers of four or eight bytes overwritten with those that break arithmetic."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 4))):
        width = rng.choice((2, 4, 8))
        at = rng.randrange(max(min(len(data), 8192) - width, 1)) & ~1
        changed[at:at + width] = (rng.choice(_SIZES) & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    return bytes(changed[:len(data)])


def text_changed(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A number or a name of JSON inside the file replaced by one of the same length."""
    found = [match.span() for match in (*_NUMBER.finditer(data), *_STRING.finditer(data))]
    if not found:
        return flipped(data, other, rng)
    changed = bytearray(data)
    for start, stop in rng.sample(found, min(len(found), rng.choice((1, 1, 2, 5)))):
        if changed[start] == ord('"'):
            choice = rng.choice(found)
            new = data[slice(*choice)].strip(b'"')[:stop - start - 2].ljust(stop - start - 2, b"_")
            changed[start + 1:stop - 1] = new
        else:
            changed[start:stop] = rng.choice((b"9", b"0", b"-", b"1")) * (stop - start) if stop - start > 1 else b"9"
    return bytes(changed)


def appended(data: bytes, other: bytes, rng: random.Random) -> bytes:
    return other[:rng.randrange(1, 600)] + data if rng.random() < 0.5 else data + other[:rng.randrange(1, 600)]


# ---- with knowledge of the content

def json_changed(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The architecture (or metadata) changed as JSON: values replaced, keys removed, parts exchanged or repeated."""
    if data.startswith(b"PK"):
        return _zip_with(data, rng, lambda name, content: _mutated_json(content, rng) if name.endswith("config.json")
                         else content)
    if data.startswith(b"\x89HDF"):
        return _hdf5_with(data, lambda file: _change_json_attribute(file, rng))
    return _mutated_json(data, rng)


def members_changed(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A member of an archive left out, renamed, doubled, damaged or compressed; HDF5 attributes exchanged."""
    if data.startswith(b"\x89HDF"):
        return _hdf5_with(data, lambda file: _change_structure(file, rng))
    if not data.startswith(b"PK"):
        return json_changed(data, other, rng)
    kind = rng.choice(("drop", "rename", "damage", "damage", "empty", "foreign"))
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    chosen = rng.choice(names)

    def change(name: str, content: bytes) -> bytes | None:
        if name != chosen or not content:
            return content
        return {"drop": lambda: None, "rename": lambda: content, "damage": lambda: flipped(content, other, rng),
                "empty": lambda: b"", "foreign": lambda: other}[kind]()
    renamed = rng.choice(("x", "assets/x", "../x", "config.json", "model.weights.h5")) if kind == "rename" else None
    return _zip_with(data, rng, change, {chosen: renamed} if renamed else {})


def _zip_with(data: bytes, rng: random.Random, change: Callable[[str, bytes], bytes | None],
              renamed: dict[str, str] | None = None) -> bytes:
    target = io.BytesIO()
    compression = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", compression) as archive:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None and (renamed or {}).get(name, name) not in archive.namelist():
                archive.writestr((renamed or {}).get(name, name), content)
    return target.getvalue()


def _hdf5_with(data: bytes, change: Callable[[h5py.File], object]) -> bytes:
    stream = io.BytesIO(data)
    with h5py.File(stream, "r+") as file:
        change(file)
    return stream.getvalue()


def _change_json_attribute(file: h5py.File, rng: random.Random) -> None:
    names = [name for name in ("model_config", "training_config") if name in file.attrs]
    if not names:
        _change_structure(file, rng)
        return
    name = rng.choice(names)
    text = file.attrs[name]
    file.attrs[name] = _mutated_json(text.encode() if isinstance(text, str) else text, rng)


def _change_structure(file: h5py.File, rng: random.Random) -> None:
    """Attributes of HDF5 objects exchanged, removed or replaced; datasets renamed, removed or given another shape."""
    objects: list[Any] = [file]
    file.visititems(lambda name, member: objects.append(member))
    holders = [member for member in objects if len(member.attrs)]
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice(("swap", "remove", "replace", "move", "reshape", "delete"))
        if kind in ("swap", "remove", "replace") and holders:
            holder = rng.choice(holders)
            name = rng.choice(sorted(holder.attrs) or [""])
            if kind == "remove" and name:
                del holder.attrs[name]
            elif kind == "swap" and name:
                source = rng.choice(holders)
                taken = rng.choice(sorted(source.attrs) or [""])
                if taken:
                    holder.attrs[name] = source.attrs[taken]
            elif name:
                holder.attrs[name] = rng.choice((b"", "x", 5, np.zeros(3), np.array([b"a", b"b"]), h5py.Empty("f4")))
        members = [member for member in objects[1:] if member and member.name]
        if kind not in ("move", "reshape", "delete") or not members:
            continue
        member = rng.choice(members)
        path, parent = member.name, member.parent
        if kind == "move":
            file.move(path, f"{path}_{rng.randrange(9)}")
        elif kind == "delete":
            del parent[path]
        elif isinstance(member, h5py.Dataset):
            del parent[path]
            parent[path] = rng.choice((np.zeros((2, 3), "f4"), np.zeros(0, "f4"), np.zeros((), "f8"), b"text",
                                       np.arange(5), np.zeros((3, 3, 2, 2), ">f2")))
        return


def _mutated_json(data: bytes, rng: random.Random) -> bytes:
    try:
        value = json.loads(data)
    except ValueError:
        return flipped(data, data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        _mutate(value, rng)
    return json.dumps(value).encode()


def _mutate(value: Any, rng: random.Random) -> None:
    places = [place for place in _places(value)]
    if not places:
        return
    holder, key = rng.choice(places)
    kind = rng.random()
    if kind < 0.45:
        holder[key] = rng.choice(_VALUES)
    elif kind < 0.6:
        del holder[key]
    elif kind < 0.8:
        source, taken = rng.choice(places)
        if taken in source if isinstance(source, dict) else taken < len(source):
            holder[key] = json.loads(json.dumps(source[taken]))
    elif isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), json.loads(json.dumps(holder[key])))
    elif isinstance(holder[key], int) and not isinstance(holder[key], bool):
        holder[key] += rng.choice((1, -1, 7, -holder[key] * 2))
    else:
        holder[f"{key}{rng.choice(('', '_', '2'))}"] = rng.choice(_VALUES)


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        items = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, item in items:
            found.append((holder, key))
            waiting.append(item)
    return found


MUTATIONS: dict[str, tuple[Mutation, int]] = {             # with how often each is taken
    "truncated": (truncated, 1), "flipped": (flipped, 3), "spliced": (spliced, 1), "block_moved": (block_moved, 2),
    "sizes_changed": (sizes_changed, 3), "text_changed": (text_changed, 3), "appended": (appended, 1),
    "json_changed": (json_changed, 8), "members_changed": (members_changed, 4),
}


def mutated(data: bytes, other: bytes, rng: random.Random) -> tuple[str, bytes]:
    """A damaged version of a file, and which mutation made it."""
    name = rng.choices(list(MUTATIONS), [weight for _, weight in MUTATIONS.values()])[0]
    try:
        return name, MUTATIONS[name][0](data, other, rng)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, zipfile.BadZipFile, RecursionError):
        return "flipped", flipped(data, other, rng)         # what HDF5 itself refuses to change
