"""Build hook: a wheel without the browser half of the widgets is refused.

The bundle is committed, so an install needs neither Node.js nor the npm registry. With
`HEPNB_BUILD_JS=1` the hook rebuilds it from `widgets_js/` first. An editable install may come
before the bundle exists, because that is how somebody who writes the bundle works.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):
    """Rebuild the bundle if asked to, then insist that it is there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if self.target_name != "wheel" or version == "editable":
            return
        sources = Path(self.root, "widgets_js")
        static = Path(self.root, "hepnb", "widgets", "static")
        if os.environ.get("HEPNB_BUILD_JS") == "1":
            npm = shutil.which("npm")
            if npm is None:
                raise RuntimeError("HEPNB_BUILD_JS=1 was set, but there is no npm on the PATH")
            subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=sources, check=True)
            subprocess.run([npm, "run", "build"], cwd=sources, check=True)
        if not any(static.glob("*.js")):
            raise RuntimeError(
                "hepnb/widgets/static holds no bundle: run `npm ci && npm run build` in "
                "widgets_js, or set HEPNB_BUILD_JS=1"
            )
