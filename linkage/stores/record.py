"""run.json: the record of a refresh as bytes, and back."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from linkage.model.run import Basis, RunRecord
from linkage.model.times import from_text, to_text

_SCHEMA = "linkage.run/1"


def render(run: RunRecord) -> bytes:
    """``run`` as the bytes of run.json: one key a line, sorted, with a digest over all others."""
    fields: dict[str, Any] = {
        "schema": _SCHEMA,
        "refresh_id": run.refresh_id,
        "parent_refresh_id": run.parent_refresh_id,
        "number": run.number,
        "as_of": to_text(run.as_of),
        "window": run.window,
        "window_first": run.window_first.isoformat(),
        "window_last": run.window_last.isoformat(),
        "settings": dict(run.settings),
        "settings_digest": run.settings_digest,
        "input_digest": run.input_digest,
        "seed": run.seed,
        "counts": dict(run.counts),
        "files": dict(run.files),
        "audit_head": run.audit_head,
        "audit_length": run.audit_length,
    }
    if run.basis is not None:
        fields["basis"] = {
            "refresh_id": run.basis.refresh_id,
            "as_of": to_text(run.basis.as_of),
            "sightings": run.basis.sightings,
            "conditions": run.basis.conditions,
        }
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    fields["digest"] = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    return (json.dumps(fields, sort_keys=True, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def parse(data: bytes) -> RunRecord:
    """The record in the bytes of a run.json. Whether its digest holds shows when it is rendered again.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: they are no record of a refresh.
    """
    fields = json.loads(data.decode("ascii"))
    if fields["schema"] != _SCHEMA:
        raise ValueError("another schema")
    basis = fields.get("basis")
    return RunRecord(
        refresh_id=fields["refresh_id"],
        parent_refresh_id=fields["parent_refresh_id"],
        as_of=from_text(fields["as_of"]),
        window=fields["window"],
        window_first=date.fromisoformat(fields["window_first"]),
        window_last=date.fromisoformat(fields["window_last"]),
        settings=fields["settings"],
        settings_digest=fields["settings_digest"],
        input_digest=fields["input_digest"],
        seed=fields["seed"],
        counts=fields["counts"],
        files=fields["files"],
        audit_head=fields["audit_head"],
        audit_length=fields["audit_length"],
        number=fields["number"],
        basis=basis and Basis(basis["refresh_id"], from_text(basis["as_of"]), basis["sightings"], basis["conditions"]),
    )
