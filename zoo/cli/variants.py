"""Networks as they are named on a command line: ``vgg16``, or with arguments, ``mobilenet:alpha=0.5,size=160``."""

from __future__ import annotations

import json
import re
from typing import Any

from zoo.applications.registry import get_application, list_models
from zoo.errors import ConfigError, NotInManifest
from zoo.hub import WeightsEntry, weights_manifest

_APPLICATIONS = {name.casefold() for name in list_models()}

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


def find_entries(text: str) -> list[WeightsEntry]:
    """The weight files of a network that agree with its arguments, in the order of the manifest.

    Raises:
        ConfigError: there is no such network.
        NotInManifest: no weights agree with the arguments.
    """
    name, arguments = parse(text)
    own = {model.casefold(): model for model in own_models()}
    name = own[name.casefold()] if name.casefold() in own else get_application(name).name
    entries = [entry for entry in weights_manifest().entries if entry.model.casefold() == name.casefold()]
    found = [entry for entry in entries if arguments.items() <= entry.variant.items()]
    if not found:
        raise NotInManifest(f"No weights are published for {text!r}. There are: "
                            f"{', '.join(map(str, entries)) or 'none'}")
    return found


def find_entry(text: str) -> WeightsEntry:
    """The weights of a network: the first of `find_entries`."""
    return find_entries(text)[0]


def own_models() -> list[str]:
    """Names of the models that were registered beside the applications."""
    return [model for model in weights_manifest().models if model.casefold() not in _APPLICATIONS]
