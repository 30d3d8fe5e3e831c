"""The casework database: its tables, and the migrations that lead to them, one after another.

A migration never changes once it is released; a later one alters what an earlier one made. They run when a person
asks for it (``linkage doctor --migrate``) or when the database is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

METADATA = MetaData()

SCHEMA_VERSION = Table(
    "schema_version",
    METADATA,
    Column("version", BigInteger, primary_key=True),
    Column("applied_at", Text, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger, primary_key=True),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

RUN_HISTORY = Table(
    "run_history",
    METADATA,
    Column("run_id", BigInteger, primary_key=True),
    Column("verb", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("refresh_id", Text),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("timings", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("fault", Text),
    Column("trigger", Text, nullable=False),
    Column("exit_code", BigInteger),
)

ALLOW_LIST = Table(
    "allow_list",
    METADATA,
    Column("entry_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("cidr", Text),
    Column("identifier", BigInteger),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("added_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("removed_at", Text),
)

CASE_ACTS = Table(
    "case_acts",
    METADATA,
    Column("case_id", Text, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("verb", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

#: Refreshes whose lineage the cases have followed.
CASES_FOLLOWED = Table(
    "cases_followed",
    METADATA,
    Column("refresh_id", Text, primary_key=True),
    Column("at", Text, nullable=False),
)

#: The tick that the schedule did last: one row, or none before its first.
SCHEDULE = Table(
    "schedule",
    METADATA,
    Column("only", BigInteger, primary_key=True),
    Column("every_seconds", BigInteger, nullable=False),
    Column("tick", Text, nullable=False),
    Column("ended_at", Text, nullable=False),
    Column("exit_code", BigInteger, nullable=False),
)

#: What was found worth telling: a condition has a key, and is told once.
ALERTS = Table(
    "alerts",
    METADATA,
    Column("alert_id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("figures", Text, nullable=False),
)

#: The outbox: an alert and a receiver, from before the first attempt on.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("alert_id", Text, primary_key=True),
    Column("receiver", Text, primary_key=True),
    Column("attempts", BigInteger, nullable=False),
    Column("next_at", Text),
    Column("ended_at", Text),
    Column("status", Text, nullable=False),
    Column("fault", Text),
)

#: Purges that were begun and not ended; whoever writes next to the lake ends them.
PURGES = Table(
    "purges",
    METADATA,
    Column("account", BigInteger, primary_key=True),
    Column("at", Text, nullable=False),
)

#: Indicators that others gave: a row for each file that was taken in, removed ones included, and the indicators of
#: those that were not removed, as HMACs: no value of an identifier.
WATCH_LISTS = Table(
    "watch_lists",
    METADATA,
    Column("list_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("file_digest", Text, nullable=False),
    Column("indicators", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("imported_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("removed_at", Text),
)

WATCH_INDICATORS = Table(
    "watch_indicators",
    METADATA,
    Column("list_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("first_seen", Text),
    Column("last_seen", Text),
)


@dataclass(frozen=True, slots=True)
class Guard:
    """What the database itself refuses: ``act`` on ``table``, or only where ``when`` holds of the row ``NEW``."""

    name: str
    table: str
    act: Literal["INSERT", "UPDATE", "DELETE"]
    says: str
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """Statements that lead from version ``version`` − 1 to ``version``: SQL as SQLite takes it, and guards."""

    version: int
    purpose: str
    statements: tuple[str | Guard, ...]


_RUNS = """
CREATE TABLE run_history (
    run_id INTEGER PRIMARY KEY, verb TEXT NOT NULL, status TEXT NOT NULL, refresh_id TEXT,
    started_at TEXT NOT NULL, finished_at TEXT NOT NULL, actor TEXT NOT NULL,
    timings TEXT NOT NULL, counts TEXT NOT NULL, fault TEXT
)"""

_AUDIT = """
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, previous TEXT NOT NULL, digest TEXT NOT NULL
)"""

_ALLOW = """
CREATE TABLE allow_list (
    entry_id TEXT PRIMARY KEY, kind TEXT NOT NULL, cidr TEXT, identifier INTEGER, reason TEXT NOT NULL,
    author TEXT NOT NULL, added_at TEXT NOT NULL, expires_at TEXT, removed_at TEXT,
    CHECK ((cidr IS NULL) <> (identifier IS NULL))
)"""

_NO_UPDATE = Guard("audit_no_update", "audit", "UPDATE", "the audit chain is append-only")
_NO_DELETE = Guard("audit_no_delete", "audit", "DELETE", "the audit chain is append-only")

# INSERT OR REPLACE deletes without firing a delete trigger: only the next number may come in.
_NEXT_ONLY = Guard(
    "audit_next_only",
    "audit",
    "INSERT",
    "the audit chain is append-only",
    when="NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)",
)

_CASE_ACTS = """
CREATE TABLE case_acts (
    case_id TEXT NOT NULL, revision INTEGER NOT NULL, verb TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL,
    detail TEXT NOT NULL, PRIMARY KEY (case_id, revision)
)"""

_CASES_FOLLOWED = "CREATE TABLE cases_followed (refresh_id TEXT PRIMARY KEY, at TEXT NOT NULL)"

_ACT_NO_UPDATE = Guard("case_acts_no_update", "case_acts", "UPDATE", "what was done to a case stands")
_ACT_NO_DELETE = Guard("case_acts_no_delete", "case_acts", "DELETE", "what was done to a case stands")
_ACT_NEXT_ONLY = Guard(
    "case_acts_next_only",
    "case_acts",
    "INSERT",
    "what was done to a case stands",
    when="NEW.revision <> (SELECT coalesce(max(revision), 0) + 1 FROM case_acts WHERE case_id = NEW.case_id)",
)

#: Runs from before this migration were started by people; how they ended their status says.
_TRIGGER = "ALTER TABLE run_history ADD COLUMN \"trigger\" TEXT NOT NULL DEFAULT 'person'"

_EXIT_CODE = "ALTER TABLE run_history ADD COLUMN exit_code INTEGER"

_SCHEDULE = """
CREATE TABLE schedule (
    "only" INTEGER PRIMARY KEY CHECK ("only" = 1), every_seconds INTEGER NOT NULL, tick TEXT NOT NULL,
    ended_at TEXT NOT NULL, exit_code INTEGER NOT NULL
)"""

_ALERTS = """
CREATE TABLE alerts (
    alert_id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, subject TEXT NOT NULL, at TEXT NOT NULL,
    figures TEXT NOT NULL
)"""

_DELIVERIES = """
CREATE TABLE deliveries (
    alert_id TEXT NOT NULL REFERENCES alerts, receiver TEXT NOT NULL, attempts INTEGER NOT NULL, next_at TEXT,
    ended_at TEXT, status TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'given up')), fault TEXT,
    PRIMARY KEY (alert_id, receiver)
)"""

_PURGES = "CREATE TABLE purges (account INTEGER PRIMARY KEY, at TEXT NOT NULL)"

_WATCH_LISTS = """
CREATE TABLE watch_lists (
    list_id TEXT PRIMARY KEY, source TEXT NOT NULL, key_id TEXT NOT NULL, file_digest TEXT NOT NULL,
    indicators INTEGER NOT NULL, author TEXT NOT NULL, imported_at TEXT NOT NULL, expires_at TEXT, removed_at TEXT
)"""

_WATCH_INDICATORS = """
CREATE TABLE watch_indicators (
    list_id TEXT NOT NULL REFERENCES watch_lists, kind TEXT NOT NULL, name TEXT NOT NULL, first_seen TEXT,
    last_seen TEXT, PRIMARY KEY (list_id, kind, name)
) WITHOUT ROWID"""

MIGRATIONS = (
    Migration(1, "run history, audit chain, allow-list", (_RUNS, _AUDIT, _ALLOW, _NO_UPDATE, _NO_DELETE, _NEXT_ONLY)),
    Migration(2, "cases", (_CASE_ACTS, _CASES_FOLLOWED, _ACT_NO_UPDATE, _ACT_NO_DELETE, _ACT_NEXT_ONLY)),
    Migration(3, "schedule, alerts, purges", (_TRIGGER, _EXIT_CODE, _SCHEDULE, _ALERTS, _DELIVERIES, _PURGES)),
    Migration(4, "watch lists", (_WATCH_LISTS, _WATCH_INDICATORS)),
)
