"""What a profile does to the tables of a bundle, and what it says about that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkage.bundles.numbers import replaced
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
        "what the terms measured": "left out: a share of a known number of members is a count of them; of its points "
        "the next whole one is told, so that they need not add up, and the score in tenths",
        "allow-list, and size as a term": "left out: the first is the house's own; the second would tell a size below "
        f"{SMALL}",
        "events, tokens and cost in all": "to two digits and whole hundreds, upwards, so that days which are left "
        "out cannot be had as what is missing from the sum; overlap with earlier clusters to one",
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
        "First and last day are told, also where so few accounts were active that the timeline leaves the day out.",
        "Whole points of a term bound what the members showed, for whoever knows the program.",
    ],
}
_RETENTION = (
    "Delete the bundle when the matter it was made for is closed. Its maker can resolve pseudonyms as long as their "
    "key is in the workspace; once it is destroyed (`linkage key destroy`, in the audit), nobody can."
)


#: Terms that tell of the house's own decisions, and those that are a function of the size alone.
_HOUSE_TERMS, _SIZE_TERMS = ("allowed_organization",), ("small_group", "no_ordinary_reason")

#: Terms whose points follow from how few members something is true of: only that they count is told.
_TOLD_BY_SIGN = ("little_of_its_own",)


#: What a term looks for, without a figure.
PLAIN = {
    "canary_hits": "canaries that several of them touched",
    "closed_accounts": "accounts that the provider closed, more than of everybody's",
    "even_volume": "how evenly they share what they do, compared with all accounts",
    "followers": "use of what was a confirmed case's own",
    "little_of_its_own": "members on nothing that is mostly the group's own",
    "long_history": "accounts that are old, as ordinary ones are",
    "many_networks": "more network operators an account than ordinary accounts have",
    "many_own_templates": "prompt templates that they share, and hardly anyone else uses",
    "moves_at_release": "traffic that moves to a new model within two days",
    "no_ordinary_reason": "no site, payer, organization, lesson or event of their own that would explain it",
    "no_private_work": "less work of their own than ordinary accounts have",
    "office_hours": "work at office hours",
    "one_capability": "exchanges that draw on one capability, more than ordinary accounts' do",
    "one_event": "sharing that falls on a few days: an event",
    "one_lesson": "one prompt template of their own that carries much of their work: a lesson or a tool",
    "one_organization": "one organization or e-mail domain of their own, or several",
    "one_payer": "one payment instrument for most of them",
    "one_schedule": "work that begins at the same moments, again and again",
    "one_site": "addresses of their own that carry most of their work: a site",
    "one_timetable": "prompt templates of their own with one day each: a class and its exercises",
    "own_work": "work of their own, as ordinary accounts have",
    "rotating_cards": "payment instruments that a few of them share each",
    "rotating_networks": "more networks an account a day than ordinary accounts have",
    "round_the_clock": "hours of activity that are spread over the day",
    "same_sizes": "requests of more alike sizes than other groups have",
    "shared_exits": "addresses that a few of them share each, and hardly anyone else",
    "small_group": "so few accounts that a household or a small team is as likely",
    "strongest_models": "use of the strongest models, more than ordinary accounts'",
    "tied_twice": "a second kind of things that they share, and hardly anyone else uses",
    "unverified": "accounts that are not verified, more than ordinary ones",
    "watch_list": "identifiers that others reported",
    "young_accounts": "accounts that are younger than ordinary ones",
}


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


def figures(profile: Profile, cluster: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster's row as the profile tells it.

    In public, what would tell how few did something is rounded: sums over days of which some are left out, and scores
    from which the points of a single term could be had.
    """
    told = {key: coarse(profile, value) for key, value in cluster.items()}
    if profile.records:
        return told
    for name in ("events", "tokens", "cost_usd_micros"):
        # In hundreds at least: two digits of a small sum are all of it.
        unit = max(100, 10 ** (len(str(told[name])) - 2))
        told[name] = math.ceil(told[name] / unit) * unit
    # Downwards, so that nothing is told as certain that is not; hundredths would give the points of single terms back.
    told["score"] = math.floor(told["score"] * 10) / 10
    told["abuse_score"] = float(round(told["abuse_score"]))
    return {**told, "top_reasons": []}


def suppressed(lists: Mapping[str, pyarrow.Table], size: int) -> dict[str, pyarrow.Table]:
    """The lists that are for everybody: no accounts, no identifiers, no small counts, nor what one follows from.

    A share of the members is a count of them where their number is told, so what a term measured is left out, and of
    its points the next whole one is told.
    """
    import pyarrow
    import pyarrow.compute as compute

    untold = [*_HOUSE_TERMS, *(_SIZE_TERMS if size < SMALL else ())]
    terms = lists["terms"]
    terms = terms.filter(compute.invert(compute.is_in(terms["term"], pyarrow.array(untold))))
    words = [PLAIN.get(name, name.replace("_", " ")) for name in terms["term"].to_pylist()]
    # Away from zero: nothing that speaks for or against is lost, however little.
    whole = [
        math.copysign(1 if name in _TOLD_BY_SIGN else math.ceil(abs(value)), value) if value else 0.0
        for name, value in zip(terms["term"].to_pylist(), terms["points"].to_pylist(), strict=True)
    ]
    nothing = pyarrow.nulls(terms.num_rows, pyarrow.float64())
    told = {"sentence": words, "points": whole, "observed": nothing, "expected": nothing, "effect": nothing}
    for name, values in told.items():
        terms = replaced(terms, name, values)
    kinds = lists["kinds"].drop_columns(["members_tied", "members_without"])
    timeline = lists["timeline"]
    # Nor days on which few were idle: who was not is told by the size.
    accounts = timeline["accounts"].to_numpy()
    timeline = timeline.filter((accounts >= SMALL) & ((accounts == size) | (size - accounts >= SMALL)))
    # A share of everybody's day times the cluster's total: exact, it would give the total back.
    expected = [float(f"{value:.1e}") for value in timeline["expected_events"].to_pylist()]
    timeline = replaced(timeline, "expected_events", expected)
    lineage = replaced(lists["lineage"], "overlap", compute.round(lists["lineage"]["overlap"], 1))
    return {"terms": terms, "kinds": kinds, "timeline": timeline, "lineage": lineage}
