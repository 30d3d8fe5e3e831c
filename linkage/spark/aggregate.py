"""Events that lie on a cluster → daily aggregates beside them, by that cluster. Read :func:`aggregate`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from linkage.config import Settings
from linkage.errors import ConfigurationError, InputRefused, LinkageError, UsageError
from linkage.ingest import aggregate as statements
from linkage.ingest.columns import CONTRACT_KINDS, REQUIRED, check_kinds
from linkage.ingest.keyed import Keyed
from linkage.ingest.manifest import BY_DAY, FILES, FOLDER, QUARANTINE, AggregatedDay, Manifest
from linkage.ingest.mapping import DEFAULT_SOURCE, Mapping
from linkage.ingest.projection import Shape
from linkage.ingest.reading import shaped
from linkage.ingest.rules import ROW_RULES, Refusal
from linkage.ingest.statements import render
from linkage.spark.dialect import spark_sql
from linkage.spark.rows import FILE, PLACE, Reading, canonical

if TYPE_CHECKING:
    from pyspark import StorageLevel
    from pyspark.sql import DataFrame, SparkSession

#: Settings of the session of a run, which is one of its own: UTC, faults instead of NULL, times as others read them.
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
    # A cluster may be set to pass over what it cannot read: in the rows, and in the count that they are held against.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What a run did. ``read = accepted + duplicate + quarantined``, and so for every file in ``OUTPUT/files``."""

    files: int
    days: int
    read: int
    accepted: int
    duplicate: int
    quarantined: int


def aggregate(
    spark: SparkSession,
    paths: Sequence[str],
    output: str,
    *,
    table: str | None = None,
    mapping: Mapping | None = None,
    source: str | None = None,
    settings: Settings | None = None,
    key: bytes | None = None,
    now: datetime,
) -> Aggregated:
    """Aggregate the events of Parquet files at ``paths``, or of ``table``, into the new folder ``output``.

    Rows mean what they mean to ``linkage ingest``: the same rules, duplicates and digests, and so a refresh of what is
    taken in has the same id and result as one of the events. ``key`` is the workspace's; it is needed where events
    hold prompts, and without it the quarantine has no digests. Canonical names and identifiers pass through the
    cluster's shuffles and its executors' disks; prompts and card numbers do not.

    Raises:
        UsageError: nothing to read, ``output`` is there already, or events hold prompts and no key is given.
        ConfigurationError: a configured kind is wrong, the mapping is of the long layout, or pyspark is not installed.
        InputRefused: a column that is needed is missing or of a type without single values.
        LinkageError: the job failed, or its counts do not reconcile; ``output`` has no manifest then.
    """
    settings, mapping = settings or Settings(), mapping or Mapping()
    check_kinds(settings.kinds)
    if mapping.layout == "long":
        raise ConfigurationError(
            "the long layout is not read on Spark", hint="Give events of one row per exchange, or use `linkage ingest`."
        )
    with _faults(), _session(spark) as session:
        given = session.table(table) if table is not None else _parquet(session, paths)
        found = _files(given)
        stated = source or mapping.source or None
        reading = _reading(given, found, mapping, stated, settings, key, now)
        rows = _rows(given, reading).persist(_on_disk())
        settled = _settle(session, rows)
        files = _reconciled(session, rows, settled, found)
        _write(files, output, FILES)
        _write(_quarantine(session, rows, settled, files), output, QUARANTINE)
        days = _days(session, output, settings.kinds)
        digest = mapping.digest(source, settings)
        totals = files.groupBy().sum("read", "accepted", "duplicate", "quarantined").collect()[0]
        result = Aggregated(len(found), len(days), *(int(total or 0) for total in totals))
        manifest = Manifest(
            stated or DEFAULT_SOURCE, digest, settings.kinds, result.files, result.quarantined, tuple(days)
        )
        text = session.createDataFrame([(manifest.to_text(),)], "value string")
        text.coalesce(1).write.mode("error").option("compression", "none").text(f"{output}/{FOLDER}")
        rows.unpersist()
        settled.unpersist()
    return result


def _parquet(session: SparkSession, paths: Sequence[str]) -> DataFrame:
    """Files at ``paths``, in folders of any depth, each once. Names of folders are no columns of events."""
    reader = session.read.option("mergeSchema", "true").option("recursiveFileLookup", "true")
    return reader.parquet(*paths)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the input. ``hash`` is that of its path; ``digest`` stands for path, size and time of writing."""

    path: str
    name: str
    hash: int
    digest: str
    read: int


def _files(given: DataFrame) -> list[_File]:
    """Files of the input by path, each with its records as the Parquet footers count them."""
    from pyspark.sql import functions as f

    of = ("file_path", "file_name", "file_size", "file_modification_time")
    counted = (
        given.select(*(f.col(f"_metadata.{name}").alias(name) for name in of))
        .groupBy(*of)
        .count()
        .select("*", f.xxhash64("file_path").alias("hash"))
        .collect()
    )
    found = [
        _File(
            row["file_path"],
            row["file_name"],
            row["hash"],
            hashlib.sha256(
                "|".join((row["file_path"], str(row["file_size"]), row["file_modification_time"].isoformat())).encode()
            ).hexdigest(),
            row["count"],
        )
        for row in counted
    ]
    if len({file.hash for file in found}) < len(found):
        raise LinkageError("two paths have the same hash", hint="Rename one of the files, and run again.")
    return sorted(found, key=lambda file: file.path)


def _reading(
    given: DataFrame,
    found: list[_File],
    mapping: Mapping,
    stated: str | None,
    settings: Settings,
    key: bytes | None,
    now: datetime,
) -> Reading:
    """How the rows are read: as ingest reads them, by the columns that the input has."""
    chosen = mapping.assign(settings, tuple(given.columns))
    missing = [target for target in REQUIRED["events"] if target not in chosen or chosen[target] not in given.columns]
    if missing:
        raise InputRefused(f"the input has no column {missing[0]}", hint="Name it in a mapping file (--mapping).")
    chosen = {target: name for target, name in chosen.items() if name in given.columns}
    if "prompt" in chosen and key is None:
        raise UsageError(
            "the events hold prompts, and no key is given to hash them with",
            hint="Give the workspace's secret.key with --key, or hash prompts at the edge and leave the column out.",
        )
    schema = _selected(given, chosen).limit(0).toArrow().schema
    try:
        empty = shaped(_empty(schema), {target: target for target in chosen}, pa.array([], pa.int64()))
    except Refusal as refusal:
        raise InputRefused(refusal.reason) from None
    return Reading(
        Shape(
            mapping,
            {target: empty.schema.field(target).type for target in chosen},
            tuple(chosen.values()),
            lines=False,
            extra=tuple(kind for kind in settings.kinds if kind not in CONTRACT_KINDS),
            stated_source=stated is not None,
        ),
        np.array([file.hash for file in found], dtype=np.int64),
        settings.kinds,
        stated or DEFAULT_SOURCE,
        Keyed(key) if key is not None else None,
        now,
        settings.ingest.future_tolerance_hours,
    )


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)


def _selected(given: DataFrame, chosen: dict[str, str]) -> DataFrame:
    """The chosen columns under their contract names, and where each row stands."""
    from pyspark.sql import functions as f

    return given.select(
        f.xxhash64(f.col("_metadata.file_path")).alias(FILE),
        f.col("_metadata.row_index").alias(PLACE),
        *(f.col("`" + name.replace("`", "``") + "`").alias(target) for target, name in chosen.items()),
    )


def _rows(given: DataFrame, reading: Reading) -> DataFrame:
    """Canonical rows, and those that break a rule, see :meth:`linkage.spark.rows.Reading.schema`."""
    chosen = dict(zip(reading.shape.types, reading.shape.sources, strict=True))
    schema = ", ".join(f"`{field.name}` {_SPARK_TYPES[str(field.type)]}" for field in reading.schema())
    return _selected(given, chosen).mapInArrow(partial(canonical, reading=reading), schema)


_SPARK_TYPES = {
    "int32": "int",
    "int64": "bigint",
    "string": "string",
    "binary": "binary",
    "timestamp[us]": "timestamp_ntz",
    "decimal128(20, 0)": "decimal(20, 0)",
}


def _settle(session: SparkSession, rows: DataFrame) -> DataFrame:
    """Of rows whose key occurs more than once, what becomes of each; leaves the accepted rows as view `accepted`."""
    rows.where("rule IS NULL").selectExpr("*", "struct(file, row) AS rowid").createOrReplaceTempView("staged")
    # Nothing was accepted before: a run is about whole days.
    session.createDataFrame([], "event_key binary, digest binary").createOrReplaceTempView("known")
    _view(session, "contested", render("contested", {}))
    settled = session.sql(spark_sql(render("fates", {}))).persist(_on_disk())
    lost = settled.where("fate <> 'accepted'").select("file", "row")
    session.table("staged").join(lost, ["file", "row"], "left_anti").createOrReplaceTempView("accepted")
    return settled


def _view(session: SparkSession, name: str, text: str) -> None:
    session.sql(spark_sql(text)).createOrReplaceTempView(name)


def _reconciled(session: SparkSession, rows: DataFrame, settled: DataFrame, found: list[_File]) -> DataFrame:
    """A row per file with what became of its records, in the columns of the ledger.

    Raises:
        LinkageError: the rows that were read differ from the count of the Parquet footers.
    """
    from pyspark.sql import functions as f

    counts = {
        row["file"]: row
        for row in rows.groupBy("file").agg(f.count("*").alias("n"), f.count("rule").alias("broken")).collect()
    }
    fates: dict[tuple[int, str], int] = {
        (row["file"], row["fate"]): row["count"] for row in settled.groupBy("file", "fate").count().collect()
    }
    lines = []
    for number, file in enumerate(found):
        read, broken = (counts[number]["n"], counts[number]["broken"]) if number in counts else (0, 0)
        if read != file.read:
            raise LinkageError(f"a file gave {read} rows and has {file.read} records", hint="Run it again.")
        duplicate = fates.get((number, "duplicate"), 0)
        quarantined = broken + fates.get((number, "conflicting"), 0)
        lines.append((number, file.digest, file.name, read, read - duplicate - quarantined, duplicate, quarantined))
    return session.createDataFrame(
        lines,
        "number int, file_digest string, file_name string, read bigint, accepted bigint, duplicate bigint, "
        "quarantined bigint",
    )


def _quarantine(session: SparkSession, rows: DataFrame, settled: DataFrame, files: DataFrame) -> DataFrame:
    """A row per record that broke a rule, in the columns of the quarantine; a conflict has no digest here."""
    from pyspark.sql import functions as f

    broken = rows.where("rule IS NOT NULL").select("file", "row", "rule", f.col("digest_text").alias("digest"))
    conflicts = settled.where("fate = 'conflicting'").select(
        "file", "row", f.lit("conflicting_event_id").alias("rule"), f.lit(None).cast("string").alias("digest")
    )
    reasons = session.createDataFrame(list(ROW_RULES.items()), "rule string, reason string")
    return (
        broken.unionByName(conflicts)
        .join(files, f.col("file") == f.col("number"))
        .join(reasons, "rule")
        .select("file_digest", "file_name", "row", "rule", "reason", "digest")
    )


def _days(session: SparkSession, output: str, kinds: tuple[str, ...]) -> list[AggregatedDay]:
    """Write the tables of the accepted rows by day, and count what was written."""
    columns = session.table("accepted").columns
    texts = {
        "sightings": statements.sightings_text("accepted", columns, kinds),
        "activity": statements.activity_text("accepted"),
        "usage": statements.usage_text("accepted"),
        "slots": statements.slots_text("accepted"),
    }
    rows: dict[str, dict[object, int]] = {}
    for table in BY_DAY:
        frame = session.sql(spark_sql(texts[table.name]))
        if table.name == "slots":
            frame = frame.distinct()
        order = [name for name in ("day", "kind", "account", "identifier", "slot") if name in frame.columns]
        # Whole days to a task, or parts of a large one: files of a size to read, and not one for each task and day.
        frame = frame.hint("rebalance", "day").sortWithinPartitions(*order)
        _write(frame, output, table.name, by="day")
        schema = frame.schema
        written = session.read.schema(schema).parquet(f"{output}/{table.name}").groupBy("day").count().collect()
        rows[table.name] = {row["day"]: row["count"] for row in written}
    found = session.sql(spark_sql(render("day_sums", {"halves": "accepted"}))).collect()
    return [
        AggregatedDay(
            row["day"],
            row["events"],
            row["last"],
            (int(row["keys"]), int(row["digests"]), int(row["pairs"])),
            {table.name: rows[table.name].get(row["day"], 0) for table in BY_DAY},
        )
        for row in found
    ]


def _write(frame: DataFrame, output: str, name: str, *, by: str | None = None) -> None:
    writer = frame.write.mode("error").option("compression", "zstd")
    (writer.partitionBy(by) if by is not None else writer).parquet(f"{output}/{name}")


def _on_disk() -> StorageLevel:
    from pyspark import StorageLevel

    return StorageLevel.DISK_ONLY


@contextmanager
def _session(spark: SparkSession) -> Iterator[SparkSession]:
    """A session of its own on the same cluster: settings and views of the caller stay as they are."""
    session = spark.newSession()
    for name, value in _SESSION.items():
        session.conf.set(name, value)
    yield session


@contextmanager
def _faults() -> Iterator[None]:
    """Faults of Spark as errors of ours. Its texts may quote data, so only class and condition are kept.

    Raises:
        UsageError: there is nothing to read, or the output is there already.
        LinkageError: any other fault.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as fault:
        # PySpark leaves some faults of tasks as they come from Java, an unreadable file among them.
        if isinstance(fault, PySparkException):
            condition = fault.getCondition() or type(fault).__name__
        else:
            condition = str(fault.java_exception.getClass().getSimpleName())
        if condition in _USAGE:
            raise UsageError(_USAGE[condition], hint="See docs/how-to/spark.md.") from None
        raise LinkageError(
            f"the Spark job failed ({condition})",
            hint="The logs of the driver say where. The output has no manifest, and is not taken in: delete it.",
        ) from None


_USAGE = {
    "PATH_NOT_FOUND": "there is nothing to read at one of the paths",
    "PATH_ALREADY_EXISTS": "the output is there already; each run takes a folder of its own",
    "TABLE_OR_VIEW_NOT_FOUND": "there is no such table",
    "UNABLE_TO_INFER_SCHEMA": "there is no Parquet file at one of the paths",
}
