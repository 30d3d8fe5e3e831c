"""The first two pages of a report, for whoever has no time for the others: claim, how sure, what else, what is missing.

Written for counsel: every figure is said in words, with the place where it stands for programs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.bundles import report as blocks
from linkage.bundles.profiles import SMALL, Profile
from linkage.bundles.report import Block, cell
from linkage.model.case import SETTLED
from linkage.model.kinds import noun
from linkage.model.times import to_text
from linkage.model.verdict import AGAINST
from linkage.scoring.shares import WHOLE

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

_TIERS = {
    1: "flagged: linkage is validated, and the evidence of coordinated abuse passes the bar",
    2: (
        "for a person to decide: linkage is validated; the evidence of abuse is near the bar, of one kind, or only in"
        " how things are shared, or members have a site or an organization of their own"
    ),
    3: "linked only: nothing here claims abuse",
}

#: What is claimed where two people decided, instead of what the program would claim.
_DECIDED = {
    "confirmed": "are run by one operator, and are used for coordinated abuse: two people decided so",
    "compromised": "are used by somebody who took them over, or pays with what was stolen: two people decided so",
    "benign": "are linked, and benign: two people decided so. Abuse is not claimed",
    "reseller": "are linked because a reseller or an agency runs them: two people decided so. Abuse is not claimed",
    "inconclusive": "are linked, and two people decided that no more can be said. Abuse is not claimed",
}

#: What is claimed while a verdict is open again.
_OPEN = "The case was taken up again since two people decided: until they do anew, abuse is not claimed."

#: What else accounts that share things can be, and the terms by which each would show.
ALTERNATIVES = (
    ("one company or organization", ("one_organization", "one_payer", "one_site", "office_hours")),
    ("a class, a course or a shared tool", ("one_lesson", "one_timetable")),
    ("people at one event", ("one_event",)),
    ("a household or a small team", ("small_group",)),
    ("customers of a reseller or of one proxy network", ("same_sizes", "even_volume", "own_work", "long_history")),
    ("strangers who use the same public things", ("little_of_its_own",)),
)

#: Figures of a cluster as people call them, in the order of the report.
_FIGURES = {
    "cluster_id": "Cluster",
    "size": "Members, accounts",
    "tier": "Tier",
    "flagged": "Flagged",
    "score": "Score: suspicion of coordinated abuse, 0 to 1",
    "abuse_score": "Abuse score, points",
    "linkage_score": "Linkage score, bits",
    "q_value": "q: how often chance alone would do",
    "kinds": "Kinds of evidence that corroborate",
    "first_seen": "First seen, UTC",
    "last_seen": "Last seen, UTC",
    "events": "Events",
    "tokens": "Tokens",
    "cost_usd_micros": "Cost, US dollars",
    "lineage": "Against the refresh before",
}
#: Excluded members that the report names.
_NAMED = 20
#: Terms that the summary tells in words; terms.csv has all.
_SENTENCES = 8
#: Reasons for leaving accounts out that the summary tells.
_REASONS = 3


def claims_abuse(cluster: Mapping[str, Any], verdict: Mapping[str, Any] | None) -> bool:
    """Whether the bundle says that the accounts are abused: by two people's verdict that stands, or by the program.

    Once two people decided, the program no longer claims anything, also where the case is open again.
    """
    if verdict is not None and verdict["approved_at"] is not None:
        return verdict["verdict"] in AGAINST and verdict["status"] in SETTLED
    return int(cluster["tier"]) == 1


def claim(cluster: Mapping[str, Any], profile: Profile, verdict: Mapping[str, Any] | None) -> str:
    """What is claimed. Where two people decided, it is what they did, and not what the program computed."""
    size = count(int(cluster["size"]), profile)
    if verdict is not None and verdict["approved_at"] is not None:
        if verdict["status"] not in SETTLED:
            return f"{_whom(size, verdict)} are linked. {_OPEN}"
        return f"{_whom(size, verdict)} {_DECIDED[verdict['verdict']]}."
    if cluster["tier"] == 1:
        return f"{size} accounts are run by one operator, and are used for coordinated abuse."
    if cluster["tier"] == 2:
        return f"{size} accounts are run by one operator; whether it is abuse is for a person to decide."
    return f"{size} accounts are linked; abuse is not claimed."


def _whom(size: str, verdict: Mapping[str, Any]) -> str:
    if verdict["members"] is not None:
        return f"{verdict['members']:,} accounts"
    return f"Those of {size} accounts that the verdict is about"


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


def summary(
    bundle: str, profile: Profile, cluster: Mapping[str, Any], rows: Rows, found: Mapping[str, Any]
) -> list[Block]:
    """Title, mark and what counsel reads first; it ends where a page does."""
    as_of = to_text(found["method"]["as_of"].replace(microsecond=0))
    tier = int(cluster["tier"])
    return [
        blocks.title(f"Evidence bundle {bundle}"),
        blocks.mark(f"TLP:{profile.mark} – {bundle}"),
        blocks.text(
            f"Profile: {profile.name}. Records up to {as_of}. Who signed it, and how to check that without trusting "
            "whoever handed it over, is in README.txt."
        ),
        *_verdict(found["verdict"]),
        blocks.heading("Claim"),
        blocks.text(found["claim"]),
        blocks.text(
            f"By the program alone: tier {tier}, {_TIERS[tier]} (finding.json: cluster.tier)."
            + ("" if found["verdict"] is not None else " No person's decision is in this bundle.")
        ),
        blocks.heading("How sure"),
        blocks.points(_sure(cluster, rows, profile, found)),
        blocks.heading("What speaks for abuse"),
        *_sentences(rows["terms"], 1, profile),
        blocks.heading("What speaks against abuse"),
        *_sentences(rows["terms"], -1, profile),
        blocks.heading("What else it could be"),
        blocks.points([_alternative(one, profile) for one in found["alternatives"]]),
        blocks.heading("What was left out"),
        blocks.points(_left_out(rows, profile)),
        blocks.heading("Figures of the cluster"),
        Block("table", columns=("figure", "value"), rows=tuple(_figures(found["cluster"]))),
        blocks.text("From finding.json: cluster."),
        Block("page"),
    ]


def _figures(cluster: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the cluster's row holds, called as people do; money in dollars and not in millionths of one."""
    told = {name: value for name, value in cluster.items() if name != "top_reasons"}
    if told.get("cost_usd_micros") is not None:
        told["cost_usd_micros"] = f"{told['cost_usd_micros'] / 1e6:,.2f}"
    if told.get("kinds"):
        told["kinds"] = [noun(kind) for kind in told["kinds"]]
    return [(_FIGURES.get(name, name), cell(told[name])) for name in sorted(told, key=_place)]


def _place(name: str) -> int:
    names = list(_FIGURES)
    return names.index(name) if name in names else len(names)


def _verdict(verdict: Mapping[str, Any] | None) -> list[Block]:
    """What people decided, before what was computed."""
    if verdict is None:
        return []

    def by(name: str) -> str:
        who = verdict[f"{name}_by"]
        return f"{name} {to_text(verdict[f'{name}_at'].replace(microsecond=0))}" + (f" by {who}" if who else "")

    reasons = ", ".join(code.replace("_", " ") for code in verdict["reasons"])
    approved = by("approved") if verdict["approved_at"] else "not approved: another person has not looked at it yet"
    sentences = [
        f"{_upper(verdict['verdict'])}: {reasons}. (finding.json: verdict)",
        f"{_upper(by('proposed'))}; {approved}. Case {verdict['case']} is {verdict['status']}.",
    ]
    if verdict["members"] is not None:
        sentences.append(f"It is about {verdict['members']:,} members, and about no others.")
    if verdict["excluded"]:
        named, more = verdict["excluded"][:_NAMED], len(verdict["excluded"]) - _NAMED
        rest = f", and {more:,} more (finding.json: verdict.excluded)" if more > 0 else ""
        sentences.append(f"It is not about these members: {', '.join(named)}{rest}.")
    if verdict["ends_at"]:
        sentences.append(f"It ends {to_text(verdict['ends_at'].replace(microsecond=0))}.")
    return [blocks.heading("Verdict"), blocks.points(sentences)]


def _upper(sentence: str) -> str:
    """With a capital first, and nothing else changed: names and times are in it."""
    return sentence[:1].upper() + sentence[1:]


def _sure(cluster: Mapping[str, Any], rows: Rows, profile: Profile, found: Mapping[str, Any]) -> list[str]:
    kinds = [row["kind"] for row in rows["kinds"] if row["corroborates"]]
    named = ", ".join(noun(kind) for kind in kinds) or "none"
    scoring = found["method"]["settings"]["scoring"]
    bar, searches = scoring["flag_points"], scoring["replicates"]
    ahead = sum(1 for row in rows["terms"] if row["points"] > 0)
    against = sum(1 for row in rows["terms"] if row["points"] < 0)
    # A schedule validates a group from the share of its members at which it counts whole.
    whole = min(WHOLE, scoring["kind_cap_points"]) * scoring["cap_scale"]
    scheduled = any(row["term"] == "one_schedule" and row["points"] >= whole - 1e-6 for row in rows["terms"])
    rounded = "" if profile.records else " Of each only the next whole point is told, so they need not add up."
    chance = _chance(cluster["q_value"], searches, scheduled=scheduled)
    return [
        f"That they belong together: {chance} (q = {cluster['q_value']:.3g}; finding.json: cluster.q_value).",
        f"What ties a member to the others: {cluster['linkage_score']:.1f} bits on average, of {len(kinds)} "
        f"kind{'' if len(kinds) == 1 else 's'} of evidence that say so independently: {named} (finding.json: "
        "cluster.linkage_score; kinds.csv). Each bit doubles the odds by the program's own reckoning. The figure ranks "
        "groups; it is no probability that a court could use.",
        f"That it is abuse: {cluster['abuse_score']:+.{2 if profile.records else 0}f} points, where {bar:g} of more "
        "than one kind, of what members do among them, flag a group without a site or an organization of its own; "
        f"score {cluster['score']:.{3 if profile.records else 2}f} of 1. {ahead} "
        f"observations speak for abuse and {against} against (terms.csv).{rounded}",
        f"How often the program is wrong about abuse: {found['error_rates']['abuse']}",
        f"Members: {count(int(cluster['size']), profile)} (finding.json: cluster.size).",
    ]


def _chance(q: float, searches: int, *, scheduled: bool) -> str:
    """What ``q`` says, in counts of 10,000, and that so many were not run: it is a tail fitted to ``searches``.

    ``scheduled``: members keep a schedule, which has a probability by chance of its own.
    """
    few = round(q * 10_000) == 0
    told = "fewer than one" if few else f"{q * 10_000:,.0f}"
    if scheduled:
        return (
            f"of 10,000 populations in which nobody belongs together, {told} would hold as much, by what "
            f"{searches} searches of the same data, rewired at random, found, or by how seldom habits alone would keep "
            "the schedule of most members, whichever says more"
        )
    return (
        f"of 10,000 searches of the same data, rewired at random, {told} would find a group as tight; {searches} were "
        "run, and the rest is the law that fits the best they found"
    )


def _points(value: float, profile: Profile) -> str:
    """Points of a term; in public only what they do not exceed."""
    return f"{value:+.2f} points" if profile.records else f"up to {value:+.0f} point{'' if abs(value) == 1 else 's'}"


def _sentences(terms: Sequence[Mapping[str, Any]], sign: int, profile: Profile) -> list[Block]:
    told = [
        f"{_points(row['points'], profile)}: {row['sentence']} (terms.csv, row {number})"
        for number, row in enumerate(terms, 1)
        if row["points"] * sign > 0
    ]
    if not told:
        return [blocks.text("Nothing that was measured.")]
    more = len(told) - _SENTENCES
    rest = [f"{more} more, of less weight each (terms.csv)."] if more > 0 else []
    return [blocks.points([*told[:_SENTENCES], *rest])]


def _alternative(one: Mapping[str, Any], profile: Profile) -> str:
    name = _upper(one["alternative"])
    if one["points"] < 0:
        return f"{name}: the data show signs of it, {_points(one['points'], profile)}."
    if not one["measured"]:
        return f"{name}: the records do not tell{'' if profile.records else ', or a small count would show'}."
    return f"{name}: looked for, and no sign of it in the data."


def _left_out(rows: Rows, profile: Profile) -> list[str]:
    """Whom and what the finding is not about, or does not rest on."""
    where = " (contrary.csv)" if profile.records else ""
    said = []
    accounts = [row for row in rows["contrary"] if row["what"] == "account left out"]
    if accounts:
        why = f" Why: {_reasons(accounts)}." if profile.records else ""
        said.append(f"Accounts that were considered, and are not members: {count(len(accounts), profile)}{where}.{why}")
    shared = sum(1 for row in rows["contrary"] if row["what"] == "shared infrastructure")
    if shared:
        said.append(
            "Identifiers that members share and that count for little, because many others use them too: "
            f"{count(shared, profile)}{where}."
        )
    if rows.get("sources"):
        said.append(_rows_read(rows["sources"]))
    return [*said, *_HIDDEN[profile.name]]


#: What the profile leaves out, in words.
_HIDDEN = {
    "internal": (
        "Texts of prompts: they are never stored.",
        "Everybody else's records. Counts over them are here, where scores depend on them.",
    ),
    "partner": (
        "Names of accounts and values of identifiers, which stand under pseudonyms; single exchanges; minutes and "
        "seconds; texts of prompts (privacy.json).",
        "Everybody else's records. Counts over them are here, where scores depend on them.",
    ),
    "public": (
        f"Accounts, identifiers and single exchanges, and whatever would tell a count below {SMALL} (privacy.json). "
        "Without them the finding can be verified, and not computed again.",
    ),
}


def _reasons(accounts: Sequence[Mapping[str, Any]]) -> str:
    """The commonest reasons, with how many accounts each is of."""
    found = Counter(
        "belongs more strongly to another cluster" if row["reason"].startswith("belongs more") else row["reason"]
        for row in accounts
    )
    ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    told = [f"{reason} ({number:,})" for reason, number in ranked[:_REASONS]]
    rest = sum(number for _, number in ranked[_REASONS:])
    return "; ".join([*told, *([f"other reasons ({rest:,})"] if rest else [])])


def _rows_read(sources: Sequence[Mapping[str, Any]]) -> str:
    read, accepted, duplicate, aside = (
        sum(int(row[name]) for row in sources) for name in ("read", "accepted", "duplicate", "quarantined")
    )
    refused = sum(1 for row in sources if row["refused"] is not None)
    return (
        f"Of {read:,} rows in the files that were read, {accepted:,} were taken in, {duplicate:,} were in already and "
        f"{aside:,} broke a rule and were set aside; {refused:,} files were refused whole (custody/sources.csv)."
    )
