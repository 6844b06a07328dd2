"""What a store holds, in a few plain facts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .snapshot import Snapshot
from .store import Store

__all__ = ["bytes_of", "summary_of", "summary_text"]


def summary_of(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """JSON-able facts of a store: contributions, files, histograms with their axes, tables."""
    with Store.open(directory) as store:
        return store.read(lambda snapshot: _facts(Path(directory), store, snapshot))


def summary_text(facts: Mapping[str, Any]) -> str:
    """The same for a person."""
    state = "sealed" if facts["sealed"] else "open"
    files = f"{facts['bytes']:,} bytes in {facts['packs']} packs and the rest"
    done = f"{facts['committed']} contributions, {facts['folded']} folded, {state}"
    lines = [f"{facts['store']}: {done}; {files}"]
    for h in facts["histograms"]:
        axes = " x ".join(f"{a['name'] or a['type']} {a['bins']}" for a in h["axes"])
        lines.append(
            f"  {h['name']}: {axes}; {h['storage']}, {h['blocks']} blocks of {h['bins']} bins"
        )
    lines += [f"  table {name}" for name in facts["tables"]]
    return "\n".join(lines)


def bytes_of(directory: str | os.PathLike[str]) -> int:
    """Bytes of the store's own files."""
    root, total = Path(directory), 0
    places = [root / "wal", root / "packs"]
    for path in [*(root / n for n in ("manifest", "ledger", "index.h5")), *places]:
        for file in path.iterdir() if path in places and path.is_dir() else [path]:
            total += file.lstat().st_size if file.exists() else 0
    return total


def _facts(directory: Path, store: Store, snapshot: Snapshot) -> dict[str, Any]:
    histograms = []
    for name, signature in snapshot.manifest.signatures.items():
        blocks = snapshot.blocks(name)
        sizes = {i: len(f) for i, f in zip(signature.category_axes, blocks.labels(), strict=True)}
        histograms.append(
            {
                "name": name,
                "label": signature.label,
                "storage": signature.storage,
                "axes": [
                    {"name": ax.name, "type": type(ax).__name__, "bins": sizes.get(i, ax.size)}
                    for i, ax in enumerate(signature.axes)
                ],
                "blocks": sum(1 for _ in blocks.keys()),  # noqa: SIM118 (not a dict)
                "bins": signature.bins,
            }
        )
    return {
        "store": str(directory),
        "sealed": store.sealed,
        "committed": store.committed,
        "folded": store.folded,
        "bytes": bytes_of(directory),
        "packs": len(snapshot.manifest.packs),
        "histograms": histograms,
        "tables": snapshot.tables(),
    }
