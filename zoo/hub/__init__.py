"""Weight files: bytes on disk, verified.

`fetch` brings a file that the weights manifest names to a path; whatever path it returns, the content was checked
against a hash. `cache` manages the folder in which the files are kept.

Example:
    >>> entry = weights_manifest().find("VGG16", include_top=True)
    >>> path = fetch(entry)  # doctest: +SKIP
"""

from zoo.hub.download import DownloadSettings as DownloadSettings
from zoo.hub.manifest import Manifest as Manifest
from zoo.hub.manifest import PackageSource as PackageSource
from zoo.hub.manifest import UrlSource as UrlSource
from zoo.hub.manifest import WeightsEntry as WeightsEntry
from zoo.hub.manifest import read_manifest as read_manifest
from zoo.hub.manifest import weights_manifest as weights_manifest
from zoo.hub.retrieve import fetch as fetch
from zoo.hub.retrieve import locate as locate
