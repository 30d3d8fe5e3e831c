"""``python -m linkage.spark s3a://logs/2026-04-* --output s3a://linkage/2026-04``, also by spark-submit."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from linkage.config import load
from linkage.errors import ConfigurationError, LinkageError, UsageError
from linkage.ingest import mapping as mappings


def main(arguments: list[str] | None = None) -> int:
    """Aggregate on the cluster that Spark's own settings name; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m linkage.spark",
        description="Aggregate events on a Spark cluster; `linkage ingest OUTPUT` takes the result in.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths", nargs="*", metavar="INPUT", help="Parquet files, folders or globs, as Spark reads them"
    )
    parser.add_argument("--table", metavar="NAME", help="a table of the cluster's catalog instead, stored as Parquet")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="a folder that is not there yet")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="how source columns map to the contract's")
    parser.add_argument("--source", metavar="NAME", help="name of the export the events come from")
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="the workspace's linkage.toml, for [[identifiers]]"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="the workspace's secret.key, where events hold prompts"
    )
    options = parser.parse_args(arguments)
    if bool(options.paths) == bool(options.table):
        parser.error("give paths or --table")
    try:
        return _run(options)
    except LinkageError as fault:
        sys.stderr.write(f"error: {fault}\n{fault.hint}\n")
        return fault.exit_code


def _run(options: argparse.Namespace) -> int:
    try:
        from pyspark import SparkConf
        from pyspark.sql import SparkSession
    except ImportError as fault:
        raise ConfigurationError("pyspark is not installed", hint="pip install 'linkage[spark]'") from fault

    from linkage.spark.aggregate import aggregate

    try:
        key = options.key.read_bytes() if options.key is not None else None
    except OSError as fault:
        raise UsageError(f"the key cannot be read ({fault.strerror})") from fault
    if SparkConf().get("spark.master", "local").startswith("local"):
        # Executors are on this machine then, and need what is installed beside this interpreter.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.appName("linkage").getOrCreate()
    done = aggregate(
        spark,
        options.paths,
        options.output,
        table=options.table,
        mapping=mappings.load(options.mapping),
        source=options.source,
        settings=load(options.settings) if options.settings is not None else None,
        key=key,
        now=datetime.now(UTC),
    )
    spark.stop()
    sys.stdout.write(
        f"{done.files:,} files, {done.days:,} days: {done.read:,} read = {done.accepted:,} accepted + "
        f"{done.duplicate:,} duplicate + {done.quarantined:,} quarantined\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
