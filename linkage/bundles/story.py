"""The finding in words: what is claimed, how sure, what else it could be, what was left out, and the whole report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.bundles import pictures
from linkage.bundles import report as blocks
from linkage.bundles.profiles import SMALL, Profile
from linkage.bundles.report import Block, cell
from linkage.model.kinds import noun
from linkage.model.times import to_text

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

_TIERS = {
    1: "flagged: linkage is validated, and the evidence of coordinated abuse passes the bar",
    2: "for a person to decide: linkage is validated; the evidence of abuse is near the bar, or of one kind",
    3: "linked only: nothing here claims abuse",
}

#: What else accounts that share things can be, and the terms by which each would show.
ALTERNATIVES = (
    ("one company or organization", ("one_organization", "one_payer", "one_site", "office_hours")),
    ("a class, a course or a shared tool", ("one_lesson",)),
    ("people at one event", ("one_event",)),
    ("a household or a small team", ("small_group",)),
    ("customers of a reseller or of one proxy network", ("same_sizes", "own_work", "long_history")),
)

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
    ("account", "what signs in, or holds an API key, at the provider whose logs were read"),
    ("bit", "unit of evidence: one bit doubles the odds that accounts belong together"),
    ("cluster", "accounts that belong together"),
    ("degree", "how many accounts used an identifier, of everybody"),
    ("evidence", "what sharing an identifier is worth, in bits"),
    ("identifier", "a value that accounts may share: an address, a card's fingerprint, a prompt template's hash"),
    ("membership", "how surely an account belongs to the cluster, 0 to 1"),
    ("q", "how often chance alone would make a group this tight; about linkage only"),
    ("score", "suspicion of coordinated abuse, 0 to 1; not strength of linkage"),
    ("term", "one observation for or against abuse, in points; together they are the abuse score"),
    ("trust, θ", "share of an identifier's account pairs that belong together, as far as other evidence can tell"),
)


def claim(cluster: Mapping[str, Any], profile: Profile) -> str:
    """What is claimed, in one sentence."""
    size = count(int(cluster["size"]), profile)
    if cluster["tier"] == 1:
        return f"{size} accounts are run by one operator, and are used for coordinated abuse."
    if cluster["tier"] == 2:
        return f"{size} accounts are run by one operator; whether it is abuse is for a person to decide."
    return f"{size} accounts are linked; abuse is not claimed."


def count(number: int, profile: Profile) -> str:
    """A count as the profile tells it: small ones not in public."""
    return f"fewer than {SMALL}" if not profile.records and number < SMALL else f"{number:,}"


def alternatives(terms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What else it could be, and what the data say about that."""
    points = {term["term"]: float(term["points"]) for term in terms}
    return [
        {
            "alternative": name,
            "measured": any(term in points for term in speaks),
            "points": round(sum(min(points.get(term, 0.0), 0.0) for term in speaks), 6),
            "terms": list(speaks),
        }
        for name, speaks in ALTERNATIVES
    ]


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
        "claim": claim(cluster, profile),
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
    method = found["method"]
    parts = [
        blocks.title(f"Evidence bundle {bundle}"),
        blocks.text(f"Profile: {profile.name}. TLP:{profile.tlp.upper()}. As of {to_text(method['as_of'])}."),
        *_verdict(found["verdict"]),
        blocks.heading("Claim"),
        blocks.text(found["claim"]),
        blocks.text(f"Tier {cluster['tier']} – {_TIERS[int(cluster['tier'])]}. (finding.json: cluster.tier)"),
        blocks.heading("How sure"),
        blocks.points(_sure(cluster, rows, profile)),
        blocks.heading("What speaks for it"),
        *_sentences(rows["terms"], 1),
        blocks.heading("What speaks against it"),
        *_sentences(rows["terms"], -1),
        blocks.heading("What else it could be"),
        blocks.points([_alternative(one) for one in found["alternatives"]]),
        blocks.heading("What was left out"),
        *_left_out(rows, profile),
        Block("page"),
        blocks.heading("Figures of the cluster"),
        Block(
            "table",
            columns=("figure", "value"),
            rows=tuple((name, cell(value)) for name, value in found["cluster"].items() if name != "top_reasons"),
        ),
        blocks.text("From finding.json: cluster."),
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
        *blocks.table(("term", "points", "observed", "expected", "effect"), rows["terms"], "terms.csv", 60),
        blocks.heading("Method"),
        blocks.points(_method(method)),
        blocks.heading("Limits"),
        blocks.points(LIMITS),
        blocks.heading("Glossary"),
        Block("table", columns=("word", "means"), rows=GLOSSARY),
    ]  # fmt: skip
    return parts


def _verdict(verdict: Mapping[str, Any] | None) -> list[Block]:
    """What people decided, before what was computed."""
    if verdict is None:
        return []

    def by(name: str) -> str:
        who = verdict[f"{name}_by"]
        return f"{name} {to_text(verdict[f'{name}_at'])}" + (f" by {who}" if who else "")

    reasons = ", ".join(code.replace("_", " ") for code in verdict["reasons"])
    approved = by("approved") if verdict["approved_at"] else "not approved: another person has not looked at it yet"
    sentences = [
        f"{verdict['verdict'].capitalize()}: {reasons}. (finding.json: verdict)",
        f"{by('proposed').capitalize()}; {approved}. Case {verdict['case']} is {verdict['status']}.",
    ]
    if verdict["members"] is not None:
        sentences.append(f"It is about {verdict['members']:,} members, and about no others.")
    if verdict["excluded"]:
        named, more = verdict["excluded"][:_NAMED], len(verdict["excluded"]) - _NAMED
        rest = f", and {more:,} more (finding.json: verdict.excluded)" if more > 0 else ""
        sentences.append(f"It is not about these members: {', '.join(named)}{rest}.")
    if verdict["ends_at"]:
        sentences.append(f"It ends {to_text(verdict['ends_at'])}.")
    return [blocks.heading("Verdict"), blocks.points(sentences)]


#: Excluded members that the report names.
_NAMED = 20
_KIND_COUNTS = ("members_tied", "linkage_score_without", "members_without")


def _sure(cluster: Mapping[str, Any], rows: Rows, profile: Profile) -> list[str]:
    kinds = [row["kind"] for row in rows["kinds"] if row["corroborates"]]
    named = ", ".join(noun(kind) for kind in kinds) or "none"
    return [
        f"That chance alone ties a group as tightly: q = {cluster['q_value']:.3g} (finding.json: cluster.q_value).",
        f"Mean evidence that ties a member to the rest: {cluster['linkage_score']:.1f} bits, odds of "
        f"2^{cluster['linkage_score']:.1f} to 1 over chance (finding.json: cluster.linkage_score).",
        f"Kinds of evidence that say so independently: {len(kinds)} ({named}; kinds.csv).",
        f"Suspicion of abuse: score {cluster['score']:.3f} of 1; {cluster['abuse_score']:+.2f} points, where "
        f"{_flag(rows)} (terms.csv).",
        f"Members: {count(int(cluster['size']), profile)} (finding.json: cluster.size).",
    ]


def _flag(rows: Rows) -> str:
    ahead = sum(1 for row in rows["terms"] if row["points"] > 0)
    against = sum(1 for row in rows["terms"] if row["points"] < 0)
    return f"{ahead} terms speak for abuse and {against} against"


def _sentences(terms: Sequence[Mapping[str, Any]], sign: int) -> list[Block]:
    told = [
        f"{row['points']:+.2f} points: {row['sentence']} (terms.csv, row {number})"
        for number, row in enumerate(terms, 1)
        if row["points"] * sign > 0
    ]
    return [blocks.points(told[:8])] if told else [blocks.text("Nothing that was measured.")]


def _alternative(one: Mapping[str, Any]) -> str:
    if one["points"] < 0:
        return f"{one['alternative']}: the data show signs of it, {one['points']:+.2f} points."
    if not one["measured"]:
        return f"{one['alternative']}: the records do not tell."
    return f"{one['alternative']}: looked for, and no sign of it in the data."


def _left_out(rows: Rows, profile: Profile) -> list[Block]:
    by_what: dict[str, int] = {}
    for row in rows["contrary"]:
        by_what[row["what"]] = by_what.get(row["what"], 0) + 1
    said = [f"{what}: {count(number, profile)} (contrary.csv)" for what, number in by_what.items()]
    note = "Everybody else's records are not in this bundle; counts over them are, where scores depend on them."
    return [blocks.points([*said, note])]


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
