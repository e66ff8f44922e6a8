"""What `scan` looks for, as one table: identifiers, how grave each is, and the advisories that describe it.

The identifiers are part of the interface: they stand in JSON, in SARIF and in `UnsafeFile.rule`.
"""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True)
class Rule:
    """One thing to look for.

    Args:
        id: what it is called in reports.
        severity: one of `SEVERITIES`.
        title: one sentence for people.
        advisories: published ones that the same thing was used in.
    """

    id: str
    severity: str
    title: str
    advisories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        rule: key of `RULES`.
        severity: that of the rule, or higher.
        file: path of the file.
        location: where in it: member, HDF5 address, path of layer names and keys; empty for the whole file.
        message: what was found there.
        advisories: as in `Rule`.
        detail: further lines, such as the instructions of a lambda.
    """

    rule: str
    severity: str
    file: str
    location: str
    message: str
    advisories: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()


_EXTERNAL = ("CVE-2026-1669", "GHSA-3m4q-jmj6-r34q")
_SHAPES = ("CVE-2026-0897", "GHSA-xfhx-r7ww-5995")
_LAMBDA = ("CVE-2024-3660", "CVE-2025-9905", "keras#23048", "tf-keras#910")
_TRAVERSAL = ("CVE-2024-55459", "GHSA-cjgq-5qmw-rcj6", "CVE-2025-12060", "GHSA-hqp4-2352-xf5r")

RULES: dict[str, Rule] = {rule.id: rule for rule in (
    # code
    Rule("lambda-code", "high", "Python code in the file: readers that run lambdas run it", _LAMBDA),
    Rule("lambda-layer", "low", "a Lambda layer: it stands for a function that the file does not hold"),
    Rule("custom-class", "low", "a class that is not Keras's: whoever loads the file needs its code"),
    Rule("custom-function", "low", "a function that is not Keras's: whoever loads the file needs its code"),
    Rule("unsafe-name", "critical", "a config names a module or function that has no place in a model",
         ("CVE-2025-1550", "GHSA-48g7-3x6r-xfhp")),
    Rule("foreign-module", "medium", "a config names a module of another package, which older readers import",
         ("CVE-2025-1550", "GHSA-48g7-3x6r-xfhp")),
    Rule("keras-gadget", "critical", "a config names a function of Keras that is no part of a model",
         ("CVE-2025-8747", "GHSA-c9rc-mg46-23w3", "CVE-2025-9906", "GHSA-36fq-jgmw-4r9c")),
    Rule("tensorflow-file-op", "high", "a TensorFlow operation that touches files or runs Python"),
    Rule("tfsm-layer", "high", "TFSMLayer: loads a TensorFlow program from a path",
         ("CVE-2026-1462", "GHSA-4f3f-g24h-fr8m")),
    Rule("torch-module", "high", "TorchModuleWrapper: holds a pickled PyTorch module",
         ("CVE-2025-49655", "keras#23048")),
    Rule("jax-function", "medium", "JaxLayer or FlaxLayer: holds functions of another framework"),
    # files and addresses
    Rule("vocabulary-file", "high", "a layer takes its vocabulary from a path or an address", ("CVE-2025-12058",)),
    Rule("file-argument", "medium", "a config names a file that a reader might open", ("keras-hub PARSeqTokenizer",)),
    Rule("address", "medium", "a config names an address on the network"),
    # shapes
    Rule("giant-size", "high", "a layer asks for a size that no model has"),
    Rule("over-limit", "medium", "more, longer or deeper than the limits of zoo.io.Limits"),
    # HDF5
    Rule("hdf5-external-link", "high", "a link to another file", _EXTERNAL),
    Rule("hdf5-external-storage", "high", "a dataset whose bytes are in other files", _EXTERNAL),
    Rule("hdf5-virtual-dataset", "high", "a dataset put together from other files", _EXTERNAL),
    Rule("hdf5-soft-link", "medium", "a link to another place of the file", _EXTERNAL),
    Rule("hdf5-custom-link", "high", "a link of a type that the reading program defines", _EXTERNAL),
    Rule("hdf5-filter", "medium", "a filter that HDF5 would load as a plug-in"),
    Rule("hdf5-committed-type", "low", "a named datatype, for which weights have no use"),
    Rule("hdf5-alias", "medium", "an object with two names: a cycle, or one array counted twice"),
    Rule("hdf5-bomb", "high", "a compressed dataset that declares far more than it stores", _SHAPES),
    Rule("hdf5-declared-size", "high", "a dataset that declares more than it stores", _SHAPES),
    Rule("hdf5-overlap", "high", "datasets that claim more bytes than the file has", _SHAPES),
    # archives and folders
    Rule("zip-bomb", "high", "a member that expands to far more than it takes", ("keras#23010",)),
    Rule("zip-duplicate", "high", "two members of one name: readers disagree on which one counts"),
    Rule("zip-path", "high", "a member whose name points outside of the archive", _TRAVERSAL),
    Rule("zip-link", "high", "a link or special file in an archive", ("keras#23015", "keras#22973")),
    Rule("zip-encrypted", "medium", "an encrypted member: nobody can look into it"),
    Rule("zip-overlap", "high", "members that overlap"),
    Rule("folder-link", "high", "a link or special file in a model folder", ("keras#23015", "keras#22973")),
    Rule("shard-path", "high", "a list of shards that points outside of its folder", _TRAVERSAL),
    # other content
    Rule("tensor-overlap", "medium", "tensors that share their bytes"),
    Rule("json-duplicate-key", "high", "a JSON object with a key twice: readers disagree on which one counts"),
    Rule("prepended-data", "medium", "other data before the model: the file is two things at once"),
    Rule("appended-data", "medium", "other data after the model: the file is two things at once"),
    Rule("pickle-code", "critical", "a pickle that asks for functions: unpickling runs them",
         ("keras#23026", "keras#23034", "keras#23047")),
    Rule("pickle", "low", "a pickle of plain values: whoever unpickles the next version of it runs what it says"),
    Rule("pickled-array", "high", "an array of pickled objects",
         ("keras#23026", "keras#23034", "keras#23047")),
    Rule("npy-bomb", "high", "an array that declares more than the file holds", ("keras#23016",)),
    Rule("yaml-tag", "critical", "YAML that names Python objects: unsafe loaders make and call them",
         ("CVE-2021-37678", "GHSA-r6jx-9g48-2r5r")),
    Rule("unreadable", "medium", "could not be looked into"),
    Rule("not-examined", "info", "a format that is recognised but not looked into"),
)}


def finding(rule: str, file: str, location: str, message: str, detail: tuple[str, ...] = ()) -> Finding:
    """A finding of that rule."""
    known = RULES[rule]
    return Finding(rule, known.severity, file, location, message, known.advisories, detail)


def at_least(severity: str) -> tuple[str, ...]:
    """That severity and all above it."""
    return SEVERITIES[SEVERITIES.index(severity):]
