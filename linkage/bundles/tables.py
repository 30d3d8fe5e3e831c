"""The tables of a bundle: their columns, types and meaning, in one place; they become data/schema."""

from __future__ import annotations

from linkage.model.tables import ACTIVITY, BASELINE, EVENTS, FOLLOWED, NULL_MAXIMA, SIGHTINGS, USAGE, Column, Table


def _c(name: str, type_: str, meaning: str, *, null: bool = False) -> Column:
    return Column(name, type_, meaning, null)


# --- for people: each as CSV, and as Parquet without loss ------------------------------------------------------

MEMBERS = Table(
    "members",
    "Accounts of the cluster, the surest first.",
    (
        _c("account", "BIGINT", "number of the account in this bundle: see records/accounts"),
        _c("account_id", "VARCHAR", "the account, or its pseudonym"),
        _c("membership", "DOUBLE", "0–1"),
        _c("role", "VARCHAR", "core or periphery"),
        _c("events", "BIGINT", "events in the window"),
        _c("tokens", "BIGINT", "input + output tokens"),
        _c("first_seen", "TIMESTAMP", "first event in the window, UTC"),
        _c("last_seen", "TIMESTAMP", "last event in the window, UTC"),
        _c("reasons", "VARCHAR", "bits for and against membership, by kind of evidence"),
    ),
)

LINKS = Table(
    "links",
    "The ten strongest links of each member.",
    (
        _c("account_a", "BIGINT", "number of the account in this bundle"),
        _c("account_b", "BIGINT", "number of the account in this bundle"),
        _c("bits", "DOUBLE", "log-odds that the two belong together, capped"),
        _c("kinds", "VARCHAR", "identifier kinds that tie them"),
        _c("shared", "BIGINT", "identifiers that both used"),
        _c("rarest", "BIGINT", "number of the identifier with the fewest accounts that both used", null=True),
        _c("degree", "BIGINT", "accounts on it, of everybody: its rarity", null=True),
        _c("event_a", "BIGINT", "row, from 0, of the first event of account_a on it in records/events", null=True),
        _c("event_b", "BIGINT", "row, from 0, of the first event of account_b on it in records/events", null=True),
    ),
)

EVIDENCE = Table(
    "evidence",
    "Identifiers that members share, the strongest first.",
    (
        _c("identifier", "BIGINT", "number of the identifier in this bundle: see records/identifiers"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("value", "VARCHAR", "the identifier, or its pseudonym"),
        _c("role", "VARCHAR", "evidence, or discounted: shared with many outside"),
        _c("members_on", "BIGINT", "members that used it"),
        _c("degree", "BIGINT", "accounts that used it, of everybody"),
        _c("trust", "DOUBLE", "θ: share of its account pairs that belong together; given, not recomputed"),
        _c("bits", "DOUBLE", "log-odds that it gives an account for membership"),
        _c("events", "BIGINT", "events of members on it"),
        _c("first_seen", "TIMESTAMP", "first use by a member, UTC"),
        _c("last_seen", "TIMESTAMP", "last use by a member, UTC"),
    ),
)

CONTRARY = Table(
    "contrary",
    "What speaks against the finding, or limits it: accounts left out, shared infrastructure, terms against.",
    (
        _c("what", "VARCHAR", "account left out, shared infrastructure, or term against abuse"),
        _c("subject", "VARCHAR", "the account, identifier or term"),
        _c("figure", "DOUBLE", "membership, accounts on it of everybody, or points", null=True),
        _c("reason", "VARCHAR", "in words"),
    ),
)

TERMS = Table(
    "terms",
    "Every term for and against abuse; points sum to the abuse score, but in public, where each is rounded.",
    (
        _c("term", "VARCHAR", "name of the term"),
        _c("evidence", "VARCHAR", "kind of evidence it belongs to"),
        _c("points", "DOUBLE", "signed contribution, capped"),
        _c("observed", "DOUBLE", "what the members show", null=True),
        _c("expected", "DOUBLE", "what matched ordinary accounts show", null=True),
        _c("effect", "DOUBLE", "z", null=True),
        _c("sentence", "VARCHAR", "the term in words with its figures"),
    ),
)

KINDS = Table(
    "kinds",
    "What each identifier kind contributes, and what is left without it.",
    (
        _c("kind", "VARCHAR", "identifier kind"),
        _c("corroborates", "BOOLEAN", "counts as a kind of evidence of its own"),
        _c("bits", "DOUBLE", "mean bits per member from this kind"),
        _c("members_tied", "BIGINT", "members tied to another member by this kind"),
        _c("linkage_score_without", "DOUBLE", "linkage score when the kind is dropped"),
        _c("members_without", "BIGINT", "members that stay tied when the kind is dropped"),
    ),
)

TIMELINE = Table(
    "timeline",
    "What the cluster did each UTC day.",
    (
        _c("day", "DATE", "UTC day"),
        _c("accounts", "BIGINT", "members active"),
        _c("events", "BIGINT", "events"),
        _c("tokens", "BIGINT", "tokens"),
        _c("expected_events", "DOUBLE", "share of the whole population's day that the cluster's total would give"),
    ),
)

LINEAGE = Table(
    "lineage",
    "How the cluster follows from the refresh before.",
    (
        _c("event", "VARCHAR", "new, continued, grew, shrank, merged, split or revived"),
        _c("parent_refresh_id", "VARCHAR", "parent refresh", null=True),
        _c("parent_cluster_id", "VARCHAR", "cluster of the parent refresh", null=True),
        _c("overlap", "DOUBLE", "Jaccard of the two member sets", null=True),
    ),
)

ACTIONS = Table(
    "actions",
    "Accounts that the finding would have suspended: surest members of a flagged cluster. A person decides.",
    (
        _c("account_id", "VARCHAR", "the account"),
        _c("action", "VARCHAR", "suspend"),
        _c("membership", "DOUBLE", "0–1"),
        _c("reason", "VARCHAR", "why"),
        _c("evidence", "VARCHAR", "file and row of this bundle that it rests on"),
    ),
)

INDICATORS = Table(
    "indicators",
    "Identifiers of the cluster for partners to match: HMAC-SHA256 under the exchange key that both hold.",
    (
        _c("kind", "VARCHAR", "identifier kind"),
        _c("pseudonym", "VARCHAR", "its name in this bundle"),
        _c("exchange", "VARCHAR", "HMAC-SHA256, hex, of kind and value under the exchange key"),
        _c("key_id", "VARCHAR", "what tells that key from others, and says nothing of it"),
        _c("first_seen", "TIMESTAMP", "first use by a member, UTC"),
        _c("last_seen", "TIMESTAMP", "last use by a member, UTC"),
    ),
)

SOURCES = Table(
    "sources",
    "Files that were ever offered to the workspace, with reconciled counts: read = accepted + duplicate + quarantined.",
    (
        _c("file_digest", "VARCHAR", "SHA-256 of the file's bytes"),
        _c("file_name", "VARCHAR", "base name of the file; empty where the bundle leaves the house"),
        _c("source", "VARCHAR", "name of the export"),
        _c("read", "BIGINT", "records in the file, by a count that is independent of the reader"),
        _c("accepted", "BIGINT", "rows accepted"),
        _c("duplicate", "BIGINT", "rows that were in already"),
        _c("quarantined", "BIGINT", "rows set aside"),
        _c("refused", "VARCHAR", "rule by which the whole file was refused", null=True),
    ),
)

# --- for a re-run: Parquet only ----------------------------------------------------------------------------------

RECORD_ACCOUNTS = Table(
    "accounts",
    "Accounts that the cluster was judged on, and accounts that were judged for it.",
    (
        _c("account", "BIGINT", "number in this bundle, from 0"),
        _c("account_id", "VARCHAR", "the account, or its pseudonym"),
        _c("core", "BOOLEAN", "of the candidate community: given"),
        _c("elsewhere", "DOUBLE", "bits by which another community claims it more strongly: given", null=True),
        _c("created_at", "TIMESTAMP", "when the account was made, UTC", null=True),
        _c("email_domain", "BIGINT", "number that stands for its e-mail domain", null=True),
        _c("organization", "BIGINT", "number that stands for its organization", null=True),
        _c("verified", "BOOLEAN", "identity or phone verified", null=True),
        _c("status", "VARCHAR", "active, closed, banned, …", null=True),
    ),
)

RECORD_IDENTIFIERS = Table(
    "identifiers",
    "Identifiers that these accounts used; those that two or more accounts share come first, in canonical order.",
    (
        _c("identifier", "BIGINT", "number in this bundle, from 0"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("value", "VARCHAR", "the identifier, or its pseudonym"),
        _c("prefix", "VARCHAR", "addresses: /24 of v4, /48 of v6, or its pseudonym", null=True),
        _c("private", "BOOLEAN", "addresses: private, CGNAT, loopback, link-local or reserved", null=True),
        _c("degree", "BIGINT", "accounts on it, of everybody"),
        _c("trust", "DOUBLE", "θ: given", null=True),
        _c("bits", "DOUBLE", "what sharing it is worth to a pair: given", null=True),
        _c("allowed", "BOOLEAN", "allow-listed when the refresh ran: no evidence"),
    ),
)

SCHEDULES = Table("schedules", "Accounts seen in step with others, a row for each schedule: given.", SIGHTINGS.columns)

MODEL_RELEASES = Table(
    "model_releases",
    "When a model became available.",
    (
        _c("model", "VARCHAR", "model"),
        _c("released_at", "TIMESTAMP", "UTC"),
    ),
)

RECORD_WATCHED = Table(
    "watched",
    "Identifiers of these accounts that were on watch lists when the refresh ran; there only where any was.",
    (
        _c("identifier", "BIGINT", "number of the identifier in this bundle"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("source", "VARCHAR", "whose watch list; a number where the bundle leaves the house"),
        _c("accounts", "BIGINT", "accounts on it, of everybody"),
        _c("reported_first", "TIMESTAMP", "when the source saw it first, UTC", null=True),
        _c("reported_last", "TIMESTAMP", "when the source saw it last, UTC", null=True),
    ),
)

RECORD_DECIDED = Table(
    "decided",
    "Where a verdict of two people, and not evidence, says who is in the cluster: given; there only where any does.",
    (
        _c("account", "BIGINT", "number of the account in this bundle"),
        _c(
            "stands",
            "VARCHAR",
            "kept or moved: in it by the verdict, and counts for nothing in q; held: in it as before; apart: not in it",
        ),
    ),
)

RECORD_FOLLOWED = Table(
    "followed",
    "Uses of what was a confirmed case's own when people looked, by accounts here, each with numbers of this bundle; "
    "cases are numbers where the bundle leaves the house: given; there only where anybody new was on any.",
    FOLLOWED.columns,
)

#: Tables that are there as CSV and Parquet, for people and programs.
LISTS = (MEMBERS, LINKS, EVIDENCE, CONTRARY, TERMS, KINDS, TIMELINE, LINEAGE, ACTIONS, INDICATORS, SOURCES)
#: Tables of records/.
RECORDS = (
    RECORD_ACCOUNTS,
    RECORD_IDENTIFIERS,
    MODEL_RELEASES,
    EVENTS,
    SCHEDULES,
    SIGHTINGS,
    ACTIVITY,
    USAGE,
    BASELINE,
    NULL_MAXIMA,
    RECORD_WATCHED,
    RECORD_DECIDED,
    RECORD_FOLLOWED,
)
