"""Templates as a workspace of pyhf: HistFactory (CERN-OPEN-2012-016) as JSON, schema 1.0.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import StatsError

if TYPE_CHECKING:
    from .templates import Template, Templates

__all__ = ["workspace", "write_workspace"]


def workspace(templates: Templates, parameter: str) -> dict[str, Any]:
    """All channels: shapes as `histosys`, scales as `normsys`, variances of the bins as `staterror`."""
    if not templates.signal:
        raise StatsError("a workspace needs a signal: name it in Templates.of(..., signal=...)")
    return {
        "version": "1.0.0",
        "channels": [
            {
                "name": channel,
                "samples": [
                    {
                        "name": process,
                        "data": template.nominal.values().tolist(),
                        "modifiers": [
                            *_signal(process in templates.signal, parameter),
                            *_modifiers(channel, template),
                        ],
                    }
                    for process, template in processes.items()
                ],
            }
            for channel, processes in templates.channels.items()
        ],
        "observations": [
            {"name": channel, "data": h.values().tolist()} for channel, h in templates.data.items()
        ],
        "measurements": [
            {
                "name": "asimov" if templates.is_asimov else "data",
                "config": {"poi": parameter, "parameters": []},
            }
        ],
    }


def _signal(is_signal: bool, parameter: str) -> list[dict[str, Any]]:
    return [{"name": parameter, "type": "normfactor", "data": None}] if is_signal else []


def _modifiers(channel: str, template: Template) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for nuisance, (up, down) in template.shapes.items():
        both = {"hi_data": up.values().tolist(), "lo_data": down.values().tolist()}
        found.append({"name": nuisance, "type": "histosys", "data": both})
    for nuisance, (high, low) in template.scales.items():
        found.append({"name": nuisance, "type": "normsys", "data": {"hi": high, "lo": low}})
    variances = template.nominal.variances()
    if variances is not None:
        errors = np.sqrt(variances).tolist()
        found.append({"name": f"staterror_{channel}", "type": "staterror", "data": errors})
    return found


def write_workspace(templates: Templates, file: Path, parameter: str) -> Path:
    """The workspace as a file."""
    text = json.dumps(workspace(templates, parameter), indent=1, allow_nan=False)
    try:
        file.write_text(text + "\n")
    except OSError as error:
        raise StatsError(f"{file} cannot be written: {error.strerror}") from error
    return file
