"""`dbs:/PRIMARY/PROCESSED/TIER`: the files of a dataset of CMS, as DBS, its bookkeeping, lists them.

DBS is asked for the valid files, over HTTPS with the user's grid proxy; datasets that users have made
(`.../USER`) are in an instance of their own. It tells names, not places: the files are read through a
redirector. How it answers: https://github.com/dmwm/dbs2go/blob/master/docs/apis.md
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from ...errors import DataError, one_line

__all__ = ["files_of"]

READER = "https://cmsweb.cern.ch:8443/dbs/prod/{instance}/DBSReader"
REDIRECTOR = "root://cms-xrd-global.cern.ch/"
PATIENCE = 60.0
_AUTHORITIES = "/etc/grid-security/certificates"
_LARGEST = 200_000_000
_PIECE = 1 << 16
_NAME = re.compile(r"/[\w.-]+/[\w.-]+/(?P<tier>[\w-]+)", re.ASCII)


def files_of(name: str) -> list[str]:
    """The addresses of a dataset's valid files, in the order of their names.

    `HEPNB_DBS` is another address of DBS's reader, `HEPNB_XROOTD` another redirector or cache. Raises
    `DataError` for a name that is none, without a proxy, and where DBS refuses or does not answer.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError(f"{name!r} is no dataset of DBS: write /PRIMARY/PROCESSED/TIER, no pattern")
    instance = "phys03" if match["tier"] == "USER" else "global"
    reader = (os.environ.get("HEPNB_DBS") or READER).replace("{instance}", instance)
    query = urllib.parse.urlencode({"dataset": name, "validFileOnly": 1})
    answer = _asked(f"{reader.rstrip('/')}/files?{query}")
    rows = answer if isinstance(answer, list) else [answer]
    names = {str(row.get("logical_file_name")) if isinstance(row, dict) else "" for row in rows}
    if not all(file.startswith("/") for file in names):
        raise DataError(f"{reader} answers something else than files: {_told(answer)}")
    if not names:
        raise DataError(f"DBS ({instance}) has no valid file of it: is the name right?")
    redirector = (os.environ.get("HEPNB_XROOTD") or REDIRECTOR).rstrip("/")
    return [f"{redirector}/{file}" for file in sorted(names)]


def _asked(address: str) -> Any:
    """The answer, understood. Raises `DataError` in one line that says what to do."""
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    secure = _secure() if address.startswith("https:") else None
    where = address.partition("/files?")[0]
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE, context=secure) as stream:
            return json.loads(_read(stream))
    except urllib.error.HTTPError as error:
        with error:
            told = _told(error.read(_PIECE).decode(errors="replace"))
        if error.code in (401, 403):
            raise DataError(
                f"{where} refuses the grid proxy ({error.code}): voms-proxy-init --voms cms"
            ) from None
        raise DataError(
            f"{where} answers {error.code} {error.reason}{told and ': '}{told}"
        ) from None
    except ValueError:
        raise DataError(
            f"{where} answers with something else than JSON: try again, or use list:"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = one_line(reason) if isinstance(reason, BaseException) else str(reason)
        raise DataError(f"{where} does not answer ({said}): try again, or use list:") from None


def _read(stream: Any) -> bytes:
    """All of an answer. Raises `OSError` where it takes too long, or is too large."""
    end, pieces, size = time.monotonic() + PATIENCE, [], 0
    while piece := stream.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST:
            raise OSError(f"more than {_LARGEST:,} bytes")
        if time.monotonic() > end:
            raise TimeoutError(f"not whole after {PATIENCE:g} s")
    return b"".join(pieces)


def _secure() -> ssl.SSLContext:
    """What shows the user's proxy, and knows the authorities of the grid."""
    proxy = Path(os.environ.get("X509_USER_PROXY") or f"/tmp/x509up_u{os.getuid()}")
    if not proxy.is_file():
        raise DataError(f"no grid proxy at {proxy}: voms-proxy-init --voms cms")
    context = ssl.create_default_context()
    authorities = os.environ.get("X509_CERT_DIR") or _AUTHORITIES
    if Path(authorities).is_dir():
        context.load_verify_locations(capath=authorities)
    try:
        context.load_cert_chain(proxy)
    except (OSError, ssl.SSLError) as error:
        raise DataError(
            f"{proxy} is no grid proxy ({one_line(error)}): voms-proxy-init --voms cms"
        ) from None
    return context


def _told(answer: Any) -> str:
    """What an answer that is an error says: DBS has rows with a `message`, others a page."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return " ".join(answer.split())[:200]
    row = answer[0] if isinstance(answer, list) and answer else answer
    if isinstance(row, dict):
        row = row.get("message") or row.get("error") or row
    return " ".join(str(row).split())[:200]
