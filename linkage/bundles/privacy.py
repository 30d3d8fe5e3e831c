"""What a profile does to the tables of a bundle, and what it says about that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkage.bundles.profiles import SMALL, Names, Profile

if TYPE_CHECKING:
    import pyarrow

_DONE = {
    "internal": {
        "accounts": "as they are",
        "identifiers": "as they are",
        "times": "as they are",
        "prompts": "not in the bundle: never stored, hashed under the workspace's key",
        "single exchanges": "in records/events.parquet",
        "people, and notes of a case": "as they are",
    },
    "partner": {
        "accounts": "HMAC-SHA256 under the key named here, 80 bits; the key is of this subject and recipient only",
        "identifiers": "the same, with the kind inside; autonomous system and country of addresses are told",
        "networks of addresses": "the same: that two addresses share a /24 or /48 is told, not which",
        "domains and organizations": "numbers of this bundle",
        "times": "cut to the hour",
        "prompts": "not in the bundle",
        "single exchanges": "not in the bundle: counts a day",
        "names of source files, and of people in the audit": "left out",
        "people, and notes of a case": "numbers of this bundle; of what they said only verdict, reasons and hour",
        "who signed": "named in bag-info.txt, finding.json and README.txt, so that their signatures can be checked",
    },
    "public": {
        "accounts": "not in the bundle",
        "identifiers": "not in the bundle",
        "times": "days",
        "prompts": "not in the bundle",
        "single exchanges": "not in the bundle",
        "people, and notes of a case": "left out: verdict, reasons and day are told",
        "who signed": "named in bag-info.txt, finding.json and README.txt, so that their signatures can be checked",
        "small counts": f"below {SMALL}: suppressed, and days with fewer accounts left out",
    },
}
_RESIDUAL = {
    "internal": ["Everything: keep it as the logs themselves are kept."],
    "partner": [
        "Who holds the key can name every account and identifier in it: it stays in the workspace.",
        "Who already knows when and how often an account of theirs was active can find it by that.",
        "That identifiers share a network, and the autonomous system and country of addresses, are told.",
        "Names are the same within this bundle and others to the same recipient on the same subject, and no further.",
        "Counts over everybody are told, because scores depend on them: accounts in all, accounts on each identifier, "
        "what ordinary accounts show, and the order of models by price.",
        "That an identifier was on somebody's watch list is told, because scores depend on it, and not on whose.",
        "A processor's card fingerprint matches nothing at another merchant, with or without an exchange key.",
    ],
    "public": [
        f"Who knows a cluster of {SMALL} or more accounts from elsewhere can recognise it by its size and dates.",
    ],
}
_RETENTION = (
    "Delete the bundle when the matter it was made for is closed. Its maker can resolve pseudonyms as long as their "
    "key is in the workspace; once it is destroyed (`linkage key destroy`, in the audit), nobody can."
)


def statement(profile: Profile, names: Names, indicators: tuple[int, int] | None) -> dict[str, Any]:
    """privacy.json: what was done to each field, and what can still be inferred.

    ``indicators``: how many the bundle holds under an exchange key, and how many identifiers it leaves out there.
    """
    told = {} if indicators is None else {"indicators": dict(zip(("given", "left_out"), indicators, strict=True))}
    return {
        "schema": "linkage.privacy/1",
        "profile": profile.name,
        "done": _DONE[profile.name],
        "key_id": names.key_id,
        "exchange_key": "indicators.csv holds names under an exchange key; left out are identifiers without a "
        "value that others could have, which a refresh finds or a purge leaves behind"
        if indicators is not None
        else "none",
        **told,
        "can_still_be_inferred": _RESIDUAL[profile.name],
        "retention": _RETENTION,
    }


def coarse(profile: Profile, value: Any) -> Any:
    """A value of the finding as the profile tells it: moments to the hour, or to the day in public."""
    if not isinstance(value, datetime) or profile.events:
        return value
    hour = value.hour if profile.records else 0
    return value.replace(hour=hour, minute=0, second=0, microsecond=0)


def suppressed(lists: Mapping[str, pyarrow.Table], size: int) -> dict[str, pyarrow.Table]:
    """The lists that are for everybody: no accounts, no identifiers, no small counts."""
    import pyarrow
    import pyarrow.compute as compute

    terms = lists["terms"]
    words = [name.replace("_", " ") for name in terms["term"].to_pylist()]
    terms = terms.set_column(terms.column_names.index("sentence"), "sentence", pyarrow.array(words, pyarrow.string()))
    for name in ("observed", "expected", "effect") if size < SMALL else ():
        nothing = pyarrow.nulls(terms.num_rows, pyarrow.float64())
        terms = terms.set_column(terms.column_names.index(name), name, nothing)
    kinds = lists["kinds"].drop_columns(["members_tied", "members_without"])
    timeline = lists["timeline"]
    timeline = timeline.filter(compute.greater_equal(timeline["accounts"], SMALL))
    return {"terms": terms, "kinds": kinds, "timeline": timeline, "lineage": lists["lineage"]}
