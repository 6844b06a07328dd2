"""Build hook: a wheel without the browser half of the widgets is refused, and gets the starterkit.

The bundle is committed, so an install needs neither Node.js nor the npm registry. With
`HEPNB_BUILD_JS=1` the hook rebuilds it from `widgets_js/` first. An editable install may come
before the bundle exists, because that is how somebody who writes the bundle works; it reads the
starterkit where it lies.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):
    """Rebuild the bundle if asked to, insist that it is there, and add the starterkit."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        if os.environ.get("HEPNB_BUILD_JS") == "1":
            self.rebuild()
        if not any(Path(self.root, "hepnb", "widgets", "static").glob("*.js")):
            raise RuntimeError(
                "hepnb/widgets/static holds no bundle: run `npm ci && npm run build` in "
                "widgets_js, or set HEPNB_BUILD_JS=1"
            )
        build_data["force_include"]["starterkit"] = "hepnb/starterkit"

    def rebuild(self) -> None:
        """`npm ci && npm run build`, with the versions of the lock file."""
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("HEPNB_BUILD_JS=1 was set, but there is no npm on the PATH")
        sources = Path(self.root, "widgets_js")
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=sources, check=True)
        subprocess.run([npm, "run", "build"], cwd=sources, check=True)
