"""Tables of a snapshot: written by refresh, read by everyone."""

from __future__ import annotations

from linkage.model.tables.table import Table
from linkage.model.tables.table import column as _c

SNAPSHOT_ACCOUNTS = Table(
    "accounts",
    "Every account of the window.",
    (
        _c("account", "BIGINT", "surrogate id"),
        _c("events", "BIGINT", "events in the window"),
        _c("tokens", "BIGINT", "input + output tokens"),
        _c("cost_usd_micros", "BIGINT", "cost"),
        _c("active_days", "BIGINT", "UTC days with an event"),
        _c("first_seen", "TIMESTAMP", "first event in the window"),
        _c("last_seen", "TIMESTAMP", "last event in the window"),
    ),
)

SNAPSHOT_IDENTIFIERS = Table(
    "identifiers",
    "Every identifier of the window that touches at least two accounts, and what sharing it is worth.",
    (
        _c("identifier", "BIGINT", "surrogate id"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("degree", "BIGINT", "distinct accounts on it, d"),
        _c("trust", "DOUBLE", "θ: share of its account pairs that belong together, estimated from other evidence"),
        _c("bits", "DOUBLE", "what sharing it is worth to a pair of accounts, before discounts"),
        _c("hub", "BOOLEAN", "degree above the cap: no pair is formed on it alone"),
        _c("note", "VARCHAR", "why it is discounted, where it is", null=True),
    ),
)

SNAPSHOT_SIGHTINGS = Table(
    "sightings",
    "Sightings merged over the window: one row per account and identifier.",
    (
        _c("account", "BIGINT", "surrogate id"),
        _c("identifier", "BIGINT", "surrogate id"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("events", "BIGINT", "events"),
        _c("tokens", "BIGINT", "tokens"),
        _c("active_days", "BIGINT", "UTC days"),
        _c("first_seen", "TIMESTAMP", "first event"),
        _c("last_seen", "TIMESTAMP", "last event"),
    ),
)

LINKS = Table(
    "links",
    "Linked accounts: pairs that one operator has rather than not, each once.",
    (
        _c("account_a", "BIGINT", "surrogate id"),
        _c("account_b", "BIGINT", "surrogate id"),
        _c("weight_bits", "DOUBLE", "posterior log-odds that the two belong together, capped"),
        _c("kinds", "VARCHAR[]", "identifier kinds that tie them"),
    ),
)

MEMBERS = Table(
    "members",
    "Accounts of clusters; an account is in at most one.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("account", "BIGINT", "surrogate id"),
        _c("membership", "DOUBLE", "0–1"),
        _c("role", "VARCHAR", "core or periphery"),
    ),
)

CLUSTERS = Table(
    "clusters",
    "Clusters of this refresh, highest score first.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("size", "BIGINT", "members"),
        _c("score", "DOUBLE", "suspicion of coordinated abuse, 0–1"),
        _c("linkage_score", "DOUBLE", "mean bits that tie a member to the rest"),
        _c("abuse_score", "DOUBLE", "sum of signed abuse terms, points"),
        _c("q_value", "DOUBLE", "family-wise p of the linkage against the rewired null"),
        _c("tier", "INTEGER", "1 flagged, 2 for a person, 3 linked only"),
        _c("flagged", "BOOLEAN", "tier 1"),
        _c("events", "BIGINT", "events of the members"),
        _c("tokens", "BIGINT", "tokens of the members"),
        _c("cost_usd_micros", "BIGINT", "cost of the members"),
        _c("first_seen", "TIMESTAMP", "first event of a member"),
        _c("last_seen", "TIMESTAMP", "last event of a member"),
        _c("kinds", "VARCHAR[]", "identifier kinds that corroborate"),
        _c(
            "top_reasons",
            "VARCHAR[]",
            "strongest reasons, for people; last, why it is no flag with points beyond the bar",
        ),
        _c("lineage", "VARCHAR", "new, continued, grew, shrank, merged, split or revived"),
    ),
)

LINEAGE = Table(
    "lineage",
    "How clusters of this refresh follow from the parent refresh.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("event", "VARCHAR", "new, continued, grew, shrank, merged, split, dissolved or revived"),
        _c("parent_refresh_id", "VARCHAR", "parent refresh", null=True),
        _c("parent_cluster_id", "VARCHAR", "cluster of the parent refresh", null=True),
        _c("overlap", "DOUBLE", "Jaccard of the two member sets", null=True),
    ),
)

CLUSTER_IDENTIFIERS = Table(
    "cluster_identifiers",
    "Identifiers on which a cluster stands: the evidence rows.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("identifier", "BIGINT", "surrogate id"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("members_on", "BIGINT", "members that used it, x"),
        _c("degree", "BIGINT", "accounts that used it anywhere, d"),
        _c("trust", "DOUBLE", "θ"),
        _c("bits", "DOUBLE", "log-odds that it gives an account for membership"),
        _c("events", "BIGINT", "events of members on it"),
        _c("first_seen", "TIMESTAMP", "first use by a member"),
        _c("last_seen", "TIMESTAMP", "last use by a member"),
        _c("role", "VARCHAR", "evidence, or discounted (shared with many outside, or put aside: see ASIDE)"),
    ),
)

CLUSTER_KINDS = Table(
    "cluster_kinds",
    "What each identifier kind contributes to a cluster, and what is left without it.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("members_tied", "BIGINT", "members tied to another member by this kind"),
        _c("bits", "DOUBLE", "mean bits per member from this kind"),
        _c("corroborates", "BOOLEAN", "counts as a kind of evidence of its own"),
        _c("linkage_score_without", "DOUBLE", "linkage score when the kind is dropped"),
        _c("members_without", "BIGINT", "members that stay tied when the kind is dropped"),
    ),
)

CLUSTER_TERMS = Table(
    "cluster_terms",
    "Signed abuse terms of a cluster, for and against; points sum to abuse_score.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("term", "VARCHAR", "name of the term"),
        _c("evidence", "VARCHAR", "kind of evidence it belongs to"),
        _c("observed", "DOUBLE", "what the members show", null=True),
        _c("expected", "DOUBLE", "what matched ordinary accounts show", null=True),
        _c("effect", "DOUBLE", "z, after the floor for how much ordinary groups differ", null=True),
        _c("points", "DOUBLE", "signed contribution, capped"),
        _c("sentence", "VARCHAR", "the term in words with its figures"),
    ),
)

LEFT_OUT = Table(
    "left_out",
    "Accounts that were considered for a cluster and left out, with the reason.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("account", "BIGINT", "surrogate id"),
        _c("membership", "DOUBLE", "0–1, below the bar"),
        _c("reason", "VARCHAR", "why"),
    ),
)

ACCOUNT_BITS = Table(
    "account_bits",
    "Why an account is in (or was left out of) its cluster: bits per step; they sum to the account's total.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("account", "BIGINT", "surrogate id"),
        _c("step", "VARCHAR", "prior, identifier, discount or absence"),
        _c("kind", "VARCHAR", "identifier kind", null=True),
        _c("identifier", "BIGINT", "surrogate id", null=True),
        _c("bits", "DOUBLE", "signed"),
    ),
)

TIMELINE = Table(
    "timeline",
    "What a cluster did each UTC day.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("day", "DATE", "UTC day"),
        _c("accounts", "BIGINT", "members active"),
        _c("events", "BIGINT", "events"),
        _c("tokens", "BIGINT", "tokens"),
        _c("expected_events", "DOUBLE", "share of the whole population's day that the cluster's total would give"),
    ),
)

NULL_MAXIMA = Table(
    "null_maxima",
    "The rewired null: the largest statistics of each size class in each replicate.",
    (
        _c("replicate", "INTEGER", "0 … R−1"),
        _c("size_class", "INTEGER", "floor(log2(size))"),
        _c("kind", "VARCHAR", "of the identifiers that are counted; null: of all", null=True),
        _c("statistic", "DOUBLE", "largest validation statistic found"),
    ),
)

CANDIDATES = Table(
    "candidates",
    "Accounts that a cluster was judged on and accounts judged for it: with BASELINE and the records of these, "
    "membership and scores are computed again without those of anybody else.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("account", "BIGINT", "surrogate id"),
        _c("core", "BOOLEAN", "of the community that the last scoring measured evidence on"),
        _c("score", "DOUBLE", "bits for membership; NULL where it shares nothing that counts", null=True),
        _c("elsewhere", "DOUBLE", "bits by which another community claims it more strongly", null=True),
    ),
)

BASELINE = Table(
    "baseline",
    "What scores depend on besides the records of a cluster's candidates: counts and means over everybody.",
    (
        _c("measure", "VARCHAR", "what is counted; see linkage.model.given"),
        _c("cluster_id", "VARCHAR", "stable id, where it is of one cluster", null=True),
        _c("item", "VARCHAR", "identifier kind, feature, capability or model it is about", null=True),
        _c("number", "BIGINT", "cell of matched accounts, band, or surrogate id it is about", null=True),
        _c("value", "DOUBLE", "the figure"),
    ),
)

WATCHED = Table(
    "watched",
    "Identifiers of the window that were on watch lists when the refresh ran; there only where any was.",
    (
        _c("identifier", "BIGINT", "surrogate id"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("source", "VARCHAR", "whose watch list it is on; a row for each"),
        _c("accounts", "BIGINT", "accounts that used it"),
        _c("reported_first", "TIMESTAMP", "when the source saw it first", null=True),
        _c("reported_last", "TIMESTAMP", "when the source saw it last", null=True),
    ),
)

ASIDE = Table(
    "aside",
    "Identifiers that are no evidence for a cluster of a further look, because another group explains them; there only "
    "where a further look found one.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("identifier", "BIGINT", "surrogate id, of those that candidates of the cluster used"),
    ),
)

CROWDS = Table(
    "crowds",
    "Moments at which accounts of a schedule are a crowd; there only where a schedule was found.",
    (
        _c("identifier", "BIGINT", "surrogate id of the schedule"),
        _c("moment", "TIMESTAMP", "begin of the ten minutes"),
        _c("accounts", "BIGINT", "accounts of the schedule that began a session in them"),
        _c("expected", "DOUBLE", "how many of them their own habits lead one to expect"),
    ),
)

DECIDED = Table(
    "decided",
    "Where a verdict of two people, and not evidence, says who is in a cluster; there only where any does.",
    (
        _c("cluster_id", "VARCHAR", "stable id"),
        _c("account", "BIGINT", "surrogate id"),
        _c("case_id", "VARCHAR", "case of the verdict"),
        _c(
            "stands",
            "VARCHAR",
            "kept: in it by the verdict alone; held: in it as before, where evidence without the other accounts would "
            "drop it; moved: in it because it may not be in the one that it fits better; apart: kept out of it",
        ),
    ),
)

FOLLOWED = Table(
    "followed",
    "Uses of what was a confirmed case's own when people looked, by accounts that are of no confirmed verdict; there "
    "only where anybody new is on any.",
    (
        _c("identifier", "BIGINT", "surrogate id"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("case_id", "VARCHAR", "case whose own it was"),
        _c("account", "BIGINT", "surrogate id of the account that used it"),
        _c("new", "BOOLEAN", "not on it when people looked, and of no verdict: a follower"),
        _c("accounts", "BIGINT", "accounts that used it in the window, of everybody"),
        _c("confirmed", "BIGINT", "those of them that are of a confirmed verdict"),
        _c("events", "BIGINT", "events of the account on it"),
        _c("first_seen", "TIMESTAMP", "first use by the account in the window"),
        _c("last_seen", "TIMESTAMP", "last use by the account in the window"),
    ),
)

SNAPSHOT_TABLES = (
    SNAPSHOT_ACCOUNTS,
    SNAPSHOT_IDENTIFIERS,
    SNAPSHOT_SIGHTINGS,
    LINKS,
    MEMBERS,
    CLUSTERS,
    LINEAGE,
    CLUSTER_IDENTIFIERS,
    CLUSTER_KINDS,
    CLUSTER_TERMS,
    LEFT_OUT,
    ACCOUNT_BITS,
    TIMELINE,
    NULL_MAXIMA,
    CANDIDATES,
    BASELINE,
)

#: Tables that a snapshot has only where they hold a row.
OPTIONAL_TABLES = (WATCHED, CROWDS, DECIDED, FOLLOWED, ASIDE)
