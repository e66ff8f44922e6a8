"""Put the weights manifest into the wheel; everything else is in pyproject.toml.

The manifest stays at the top of the source tree, where maintainers look for it; an installed zoo needs it inside the
package.
"""

import pathlib

from setuptools import setup
from setuptools.command.build_py import build_py

MANIFEST = "weights_manifest.json"


class BuildWithManifest(build_py):
    """Copies the manifest into the package. An editable install reads the one in the source tree."""

    def run(self):
        super().run()
        if not self.editable_mode:
            self.copy_file(MANIFEST, self._manifest_in_package())

    def get_outputs(self, include_bytecode=True):
        outputs = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, self._manifest_in_package()]

    def _manifest_in_package(self):
        return str(pathlib.Path(self.build_lib, "zoo", MANIFEST))


setup(cmdclass={"build_py": BuildWithManifest})
