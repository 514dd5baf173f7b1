"""Copy the browser files out of two pinned packages while QTB itself is being installed.

They come as packages so that no third-party script or style is kept in the repository and no node is needed.
"""

import gzip
import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = {
    "tabler.min.css": ("starlette_admin", "static/css/vendor/tabler.min.css"),
    "htmx.min.js": ("js_lib_htmx", "static/htmx/htmx.min.js"),
}


class AssetsHook(BuildHookInterface[Any]):
    """Fill qtb/static/vendor before the wheel (editable or not) is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy every asset; a package that lost its file stops the install with its name."""
        target = Path(self.root) / "qtb" / "static" / "vendor"
        target.mkdir(parents=True, exist_ok=True)
        for name, (package, path) in ASSETS.items():
            content = _folder(package).joinpath(path).read_bytes()
            (target / name).write_bytes(content)
            (target / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))  # served to browsers that take it


def _folder(package: str) -> Path:
    # find_spec does not run the package: starlette_admin would want its own run-time dependencies.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the build requirement {package} is missing")
    return Path(spec.origin).parent
