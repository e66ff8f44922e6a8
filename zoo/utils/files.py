"""Files from the web, held to a hash."""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path

import filelock

from zoo.errors import ConfigError, HashMismatch, Offline, Unsupported
from zoo.hub import cache
from zoo.hub.download import download
from zoo.hub.hashes import HEX_LENGTHS, hash_file
from zoo.hub.retrieve import is_offline
from zoo.keras_json import keras_home


def get_file(fname: str | None = None, origin: str | None = None, untar: bool = False, md5_hash: str | None = None,
             file_hash: str | None = None, cache_subdir: str = "datasets", hash_algorithm: str = "auto",
             extract: bool = False, archive_format: str = "auto", cache_dir: str | os.PathLike[str] | None = None,
             force_download: bool = False) -> str:
    """The path of a file in Keras's cache, downloaded if it is not there; its bytes must have the given hash.

    Args:
        fname: its name there; the last part of the address if None.
        origin: its http or https address.
        md5_hash, file_hash: its hash, in hex digits. Without one a file that lies there is taken, but none downloaded.
        cache_subdir: folder in the cache.
        hash_algorithm: ``sha256``, ``md5``, or ``auto`` to go by the length of the hash.
        untar, extract, archive_format: only False and ``auto``: archives are not unpacked.
        cache_dir: of the cache; ``$KERAS_HOME`` or ``~/.keras`` if None.
        force_download: whether to download it even if it is there.

    Raises:
        Unsupported: an archive is to be unpacked.
        ConfigError: there is neither a name nor an address, or no hash for a download.
        Offline, DownloadError, HashMismatch: the file cannot be brought.
    """
    if untar or extract:
        raise Unsupported("get_file: archives are not unpacked: get the archive, and unpack it yourself after a look "
                          "at what is in it.")
    name = Path(urllib.parse.urlsplit(origin or "").path).name if fname is None else fname
    digest = _digest(file_hash or md5_hash, "md5" if file_hash is None and md5_hash else hash_algorithm)
    if not name or Path(name).name != name:
        raise ConfigError(f"get_file: expected the name of a file, or an address that ends with one. "
                          f"Received: fname={fname!r}, origin={origin!r}")
    target = Path(cache_dir or keras_home()).expanduser() / cache_subdir / name
    if target.is_file() and not force_download and (digest is None or _keeps(target, *digest)):
        return str(target)
    if origin is None or digest is None:
        raise ConfigError(f"get_file: {target} is not there, and is not downloaded without an address and a hash "
                          f"(file_hash=...). Put the file there yourself"
                          + (f"; it is at {origin}." if origin else "."))
    if is_offline():
        raise Offline(f"get_file: {origin} would have to be downloaded, but ZOO_OFFLINE is set. "
                      f"Put the file at {target}.")
    with cache.writing():
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(target.with_name(target.name + cache.LOCK)):
            part = download(origin, target)
            if not _keeps(part, *digest):
                found = hash_file(part, [digest[0]])[digest[0]]
                cache.discard(part)
                raise HashMismatch(f"{origin}: expected {digest[0]} {digest[1]}, received {found}.")
            os.replace(part, target)
    return str(target)


def _digest(text: str | None, algorithm: str) -> tuple[str, str] | None:
    """Algorithm and hex digits."""
    if text is None:
        return None
    chosen = next((name for name, length in HEX_LENGTHS.items() if length == len(text)), None) \
        if algorithm == "auto" else algorithm
    if chosen not in HEX_LENGTHS or not re.fullmatch(f"[0-9a-fA-F]{{{HEX_LENGTHS[chosen]}}}", text):
        raise ConfigError(f"get_file: expected the hex digits of {' or '.join(HEX_LENGTHS)}. "
                          f"Received: {text!r} as {algorithm!r}")
    return chosen, text.lower()


def _keeps(path: Path, algorithm: str, digits: str) -> bool:
    return hash_file(path, [algorithm])[algorithm] == digits
