"""The finding in words, for programs and for people: its summary, and after it what that rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linkage.bundles import pictures
from linkage.bundles import report as blocks
from linkage.bundles.profiles import SMALL, Profile
from linkage.bundles.report import Block
from linkage.bundles.summary import Rows, alternatives, claim, claims_abuse, summary

LIMITS = (
    "Linked is not abusive: strength of linkage never raises the score of abuse.",
    "The score orders clusters by suspicion. It is no probability of guilt, and no finding about a person.",
    "q says how often chance alone, in the same data rewired at random, would tie a group as tightly. It is about "
    "linkage only.",
    "Identifiers can be shared without their users knowing: addresses are reassigned, cards are stolen, templates are "
    "published.",
    "The trust of each identifier (θ) and the candidate community are given to a re-run, not recomputed: they depend "
    "on everybody's records, which are not in the bundle.",
    "Whatever the logs did not record is not in the finding: accounts outside the window, identifiers that were not "
    "collected.",
)

GLOSSARY = (
    ("absence", "what an account lacks that nearly all members have, in bits against its membership"),
    ("account", "what signs in, or holds an API key, at the provider whose logs were read"),
    ("bit", "unit of evidence: one bit doubles the odds that accounts belong together"),
    ("cluster", "accounts that belong together"),
    ("corroborates", "counts as a kind of evidence of its own"),
    ("degree", "how many accounts used an identifier, of everybody"),
    ("effect", "how far the members are from matched ordinary accounts, in standard deviations"),
    ("evidence", "what sharing an identifier is worth, in bits"),
    ("expected", "what matched ordinary accounts show: those that were about as active"),
    ("identifier", "a value that accounts may share: an address, a card's fingerprint, a prompt template's hash"),
    ("membership", "how surely an account belongs to the cluster, 0 to 1"),
    ("observed", "what the members show; the sentence beside it says of what"),
    ("point", "unit of suspicion: what one observation adds to the abuse score, or takes from it"),
    ("prior", "how unlikely it is for any account to belong to the cluster, before evidence, in bits"),
    (
        "private work",
        "exchanges of an account that nothing it shares explains: more of it than the members have speaks "
        "against its membership, in bits",
    ),
    ("q", "how often chance alone would make a group this tight; about linkage only"),
    ("refresh", "one run of the program over the records of a window"),
    ("role", "core: holds the cluster together; periphery: others whom its evidence fits"),
    ("score", "suspicion of coordinated abuse, 0 to 1; not strength of linkage"),
    ("term", "one observation for or against abuse, in points; together they are the abuse score"),
    ("tier", "1: flagged; 2: for a person to decide; 3: linked only"),
    ("TLP", "Traffic Light Protocol (FIRST, version 2.0): with whom a document may be shared"),
    ("trust, θ", "share of an identifier's account pairs that belong together, as far as other evidence can tell"),
)


def finding(
    bundle: str,
    profile: Profile,
    cluster: Mapping[str, Any],
    rows: Rows,
    method: Mapping[str, Any],
    verdict: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """finding.json; ``verdict``: what people decided, where the bundle is a case's."""
    small = not profile.records and int(cluster["size"]) < SMALL
    hidden = {"size", "events", "tokens", "cost_usd_micros", "top_reasons"} if small else set()
    return {
        "schema": "linkage.finding/1",
        "bundle": bundle,
        "profile": profile.name,
        "verdict": verdict,
        "claim": claim(cluster, profile, verdict),
        "claims_abuse": claims_abuse(cluster, verdict),
        "cluster": {key: None if key in hidden else value for key, value in cluster.items()},
        "lineage": [dict(row) for row in rows["lineage"]],
        "method": dict(method),
        "error_rates": {
            "q_value": cluster["q_value"],
            "meaning": "family-wise: how often a search of the same data, rewired at random, finds a group this tight",
            "abuse": "not known for this population: no part of it is labelled. docs/explanation/detection.md of "
            "linkage has figures on made-up populations with known truth.",
        },
        "alternatives": alternatives(rows["terms"]),
        "limits": list(LIMITS),
    }


def report(
    bundle: str, profile: Profile, cluster: Mapping[str, Any], rows: Rows, found: Mapping[str, Any]
) -> list[Block]:
    """The whole report: two pages for counsel, then what they rest on."""
    parts = [
        *summary(bundle, profile, cluster, rows, found),
        blocks.heading("Timeline"),
        *_timeline(rows, profile),
    ]
    if profile.records:
        parts += _evidence(rows)
    parts += [
        blocks.heading("What each kind of identifier gives"),
        *blocks.table(("kind", "corroborates", "bits", *(_KIND_COUNTS if profile.records else ())), rows["kinds"],
                      "kinds.csv", 20),
        blocks.heading("Every term for and against abuse"),
        *blocks.table(("term", "points", *(_TERM_FIGURES if profile.records else ()), "sentence"), rows["terms"],
                      "terms.csv", 60),
        blocks.heading("Method"),
        blocks.points(_method(found["method"])),
        blocks.heading("Limits"),
        blocks.points(LIMITS),
        blocks.heading("Glossary"),
        Block("table", columns=("word", "means"), rows=GLOSSARY),
    ]  # fmt: skip
    return parts


_KIND_COUNTS = ("members_tied", "linkage_score_without", "members_without")
_TERM_FIGURES = ("observed", "expected", "effect")


def _timeline(rows: Rows, profile: Profile) -> list[Block]:
    days = rows["timeline"]
    sentence = "Events a day as bars; the line is what the whole population's days would have them be. (timeline.csv)"
    if not profile.records:
        days = [day for day in days if int(day["accounts"]) >= SMALL]
        sentence += f" Days with fewer than {SMALL} accounts are left out."
    return [blocks.picture(pictures.timeline(days)), blocks.text(sentence)]


def _evidence(rows: Rows) -> list[Block]:
    return [
        blocks.heading("What holds it together"),
        blocks.picture(_graph(rows)),
        blocks.text(
            f"The {pictures.MOST_ACCOUNTS} surest members (circles) and the strongest identifiers that they share "
            "(squares). All of it: interop/graph.graphml."
        ),
        blocks.heading("Evidence"),
        *blocks.table(
            ("kind", "value", "members_on", "degree", "trust", "bits", "events", "role"),
            rows["evidence"], "evidence.csv", 25,
        ),
        blocks.heading("Members"),
        *blocks.table(("account_id", "membership", "role", "events", "reasons"), rows["members"], "members.csv", 40),
        blocks.heading("What speaks against, or limits it"),
        *blocks.table(("what", "subject", "figure", "reason"), rows["contrary"], "contrary.csv", 40),
    ]  # fmt: skip


def _graph(rows: Rows) -> str:
    members = rows["members"][: pictures.MOST_ACCOUNTS]
    evidence = [row for row in rows["evidence"] if row["role"] == "evidence"][: pictures.MOST_IDENTIFIERS]
    account = {row["account"]: at for at, row in enumerate(members)}
    identifier = {row["identifier"]: at for at, row in enumerate(evidence)}
    uses = [
        (account[row["account"]], identifier[row["identifier"]])
        for row in rows["uses"]
        if row["account"] in account and row["identifier"] in identifier
    ]
    return pictures.graph(
        [row["account_id"] for row in members], [(row["kind"], row["value"]) for row in evidence], uses
    )


def _method(method: Mapping[str, Any]) -> list[str]:
    return [
        f"Computed by linkage {method['version']}, method {method['method']}, refresh {method['refresh_id']}.",
        f"Window: {method['window']}, {method['window_first']} to {method['window_last']}, UTC; seed {method['seed']}.",
        f"Population: {method['accounts']:,} accounts, {method['identifiers']:,} shared identifiers.",
        f"Input digest {method['input_digest'][:16]}…, settings digest {method['settings_digest'][:16]}…",
        "An identifier is worth what sharing it has been seen to mean: the share of its account pairs that other "
        "evidence ties as well (Fellegi and Sunter 1969).",
        "Members are those whose evidence, for and against, passes a bar that follows the members themselves.",
        "Abuse is judged by terms that compare members with accounts that were about as active, each capped; linkage "
        "is not among them.",
        "The null distribution of q comes from the same search over the same data, rewired at random.",
    ]
