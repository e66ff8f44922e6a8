"""Networks as they are named on a command line: ``vgg16``, or with arguments, ``mobilenet:alpha=0.5,size=160``."""

from __future__ import annotations

import json
import re
from typing import Any

from zoo.applications.registry import get_application
from zoo.errors import ConfigError, NotInManifest
from zoo.hub import WeightsEntry, weights_manifest

HELP = "as in `zoo models`; arguments follow a colon: mobilenet:alpha=0.5,size=160"


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """The name and the arguments; a text of another form, as the path of a file, is a name alone.

    Raises:
        ConfigError: an argument is not ``name=value`` with a number, true or false.
    """
    found = re.fullmatch(r"([^:]+):(\w+=.*)", text)
    if found is None:
        return text, {}
    name, rest = found.groups()
    arguments: dict[str, Any] = {}
    for part in rest.split(","):
        key, _, value = part.partition("=")
        try:
            arguments[key.strip()] = json.loads(value.lower())
        except ValueError as error:
            raise ConfigError(f"{text!r}: expected arguments as in mobilenet:alpha=0.5,include_top=false, "
                              f"received {part!r}") from error
    return name, arguments


def find_entry(text: str) -> WeightsEntry:
    """The weights of a network: of those that agree with its arguments, the ones that the manifest lists first.

    Raises:
        ConfigError: there is no such network.
        NotInManifest: no weights agree with the arguments.
    """
    name, arguments = parse(text)
    name = get_application(name).name
    entries = [entry for entry in weights_manifest().entries if entry.model == name]
    for entry in entries:
        if arguments.items() <= entry.variant.items():
            return entry
    raise NotInManifest(f"No weights are published for {text!r}. There are: {', '.join(map(str, entries)) or 'none'}")
