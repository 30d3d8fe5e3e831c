"""What Spark aggregates is what the embedded engine ingests, row for row, and nothing that it must not hold."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.config import IdentifierSettings, Settings
from linkage.errors import ConfigurationError, InputRefused, LinkageError, UsageError
from linkage.evaluation import Edges
from linkage.ingest.mapping import Mapping
from linkage.stores.lake import Lake
from linkage.workspace.beside import edges_of
from linkage.workspace.home import Home
from tests.lib import lakes
from tests.lib.spark_world import CARD, NOW, PROMPT, World

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# PySpark 4 says of every pandas from 3 on that it is not fully supported; no pandas passes through here.
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


def lake(workspace: Workspace) -> Path:
    return Path(workspace.path) / "lake"


def named(root: Path, table: str) -> Counter[tuple[Any, ...]]:
    """Rows of a table by day, with raw values in the place of surrogate ids."""
    value = lakes.names(root)
    return Counter(
        tuple(value[cell] if name in ("account", "identifier") else cell for name, cell in row.items())
        for row in lakes.rows(root, table)
    )


@pytest.mark.parametrize("table", ["sightings", "activity", "usage"])
def test_daily_tables_are_those_of_the_embedded_engine(world: World, table: str) -> None:
    found = named(lake(world.aggregated), table)
    assert found == named(lake(world.embedded), table)
    assert len(found) > 1_000


@pytest.mark.parametrize("ask", ["members", "clusters", "lineage"])
def test_a_refresh_finds_the_same_under_the_same_ids(world: World, ask: str) -> None:
    embedded, aggregated = (getattr(workspace, ask)() for workspace in (world.embedded, world.aggregated))
    assert len(embedded) > 10
    assert aggregated.equals(embedded)


def test_other_methods_are_given_the_same_but_for_the_identifiers_of_a_moment(world: World) -> None:
    embedded, aggregated = (edges_of(Home(Path(w.path), None), None) for w in (world.embedded, world.aggregated))
    assert embedded.actions is not None and aggregated.actions is not None

    def acted(edges: Edges, kind: str | None) -> set[tuple[str, int]]:
        assert edges.actions is not None
        found = edges.actions(kind)
        return {(edges.accounts[account], int(slot)) for account, slot in zip(found.account, found.slot, strict=True)}

    assert acted(aggregated, None) == acted(embedded, None)
    assert len(acted(embedded, "ip_address")) > 1_000
    assert acted(aggregated, "ip_address") == set()
    assert embedded.actions("ip_address").days_left_out == 0
    assert aggregated.actions("ip_address").days_left_out == len(Lake(lake(world.aggregated)).view().days())
    assert aggregated.actions(None).days_left_out == 0


def test_the_events_have_the_same_digest(world: World) -> None:
    embedded, aggregated = (Lake(lake(workspace)).view() for workspace in (world.embedded, world.aggregated))
    assert aggregated.digest() == embedded.digest()
    assert aggregated.days() == embedded.days()
    assert aggregated.day_rows() == embedded.day_rows()
    assert aggregated.latest_event_time == embedded.latest_event_time
    assert not aggregated.of("events")


def test_every_record_is_accounted_for_as_ingest_does(world: World) -> None:
    done = world.done
    assert done.read == done.accepted + done.duplicate + done.quarantined
    assert done.read == sum(pq.read_metadata(path).num_rows for path in world.events.glob("*.parquet"))
    embedded, aggregated = (
        {row["file_name"]: row for row in lakes.rows(lake(w), "ledger")} for w in (world.embedded, world.aggregated)
    )
    counts = ("read", "accepted", "duplicate", "quarantined")
    assert {name: [row[count] for count in counts] for name, row in aggregated.items()} == {
        name: [row[count] for count in counts] for name, row in embedded.items()
    }
    assert done.duplicate > 2


def test_what_breaks_a_rule_is_in_the_quarantine_with_file_row_and_rule(world: World) -> None:
    columns = ("file_name", "row", "rule", "reason")
    embedded, aggregated = (
        Counter(tuple(row[name] for name in columns) for row in lakes.rows(lake(workspace), "quarantine"))
        for workspace in (world.embedded, world.aggregated)
    )
    assert aggregated == embedded
    assert len({rule for _, _, rule, _ in aggregated}) >= 10


def test_digests_of_the_quarantine_are_under_the_key(world: World) -> None:
    def digests(workspace: Workspace) -> dict[tuple[str, int], str | None]:
        rows = lakes.rows(lake(workspace), "quarantine")
        return {(row["file_name"], row["row"]): row["digest"] for row in rows if row["rule"] != "conflicting_event_id"}

    assert digests(world.aggregated) == digests(world.embedded)


def test_neither_prompts_nor_cards_are_in_the_output(world: World) -> None:
    read = 0
    for path in sorted(world.output.rglob("*")):
        if path.suffix == ".parquet":
            text = str(pq.ParquetFile(path).read().to_pylist())
        elif path.is_file():
            text = path.read_bytes().decode("latin-1")
        else:
            continue
        read += 1
        assert "secret-word" not in text.lower()
        assert CARD not in text
        assert CARD.replace(" ", "") not in text
    assert read > 10


def test_the_same_folder_twice_changes_nothing(world: World) -> None:
    before = Lake(lake(world.aggregated)).view().version
    report = world.aggregated.ingest(world.output)
    assert report.accepted == 0
    assert report.duplicate == world.done.accepted + world.done.duplicate
    assert Lake(lake(world.aggregated)).view().version == before
    assert world.aggregated.refresh().status == "unchanged"


def test_a_day_of_aggregates_is_not_cut(world: World) -> None:
    with pytest.raises(UsageError, match="cannot be cut"):
        world.aggregated.refresh(as_of=datetime(2026, 1, 5, 12, tzinfo=UTC))


def test_an_internal_bundle_of_aggregates_can_be_computed_again(world: World, tmp_path: Path) -> None:
    cluster = str(world.aggregated.clusters().iloc[0]["cluster_id"])
    world.aggregated.bundles.new_key()
    report = world.aggregated.bundles.export(cluster, profile="internal", output=tmp_path)
    assert not (Path(report.path) / "data/records/events.parquet").exists()
    found = world.aggregated.bundles.verify(report.path, rerun=True)
    assert found.fault is None


def test_events_of_a_day_of_aggregates_are_refused_and_the_other_way_round(world: World, tmp_path: Path) -> None:
    root, file = tmp_path / "lake", next(iter(sorted(world.events.glob("mixed*.parquet"))))
    lakes.take(root, world.output)
    (report,) = lakes.take(root, file).files
    assert report.refused == "file.day_aggregated"
    other = tmp_path / "other"
    lakes.take(other, file)
    (report,) = lakes.take(other, world.output).files
    assert report.refused == "aggregates.day_taken"
    assert not lakes.rows(other, "slots")


def damaged(world: World, folder: Path, table: str) -> Path:
    shutil.copytree(world.output, folder)
    next(iter(sorted((folder / table).rglob("*.parquet")))).unlink()
    return folder


@pytest.mark.parametrize("table", ["sightings", "activity", "usage", "slots", "files", "quarantine"])
def test_a_folder_that_lacks_a_file_is_refused_whole(world: World, tmp_path: Path, table: str) -> None:
    (report,) = lakes.take(tmp_path / "lake", damaged(world, tmp_path / "given", table)).files
    assert report.refused in ("aggregates.damaged", "file.not_reconciled")
    assert not Lake(tmp_path / "lake").view().days()


@pytest.mark.parametrize("table", ["sightings", "files", "linkage-aggregates"])
def test_a_folder_with_a_damaged_file_is_refused_and_named(world: World, tmp_path: Path, table: str) -> None:
    shutil.copytree(world.output, tmp_path / "given")
    path = next(iter(sorted(path for path in (tmp_path / "given" / table).rglob("part-*") if path.is_file())))
    path.write_bytes(b"\x1f\x8b" + path.read_bytes()[:20])
    (report,) = lakes.take(tmp_path / "lake", tmp_path / "given").files
    assert (report.refused, report.file_name) == ("aggregates.damaged", "given")
    assert not Lake(tmp_path / "lake").view().days()


def test_an_unfinished_folder_is_refused(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.output, tmp_path / "given")
    shutil.rmtree(tmp_path / "given/linkage-aggregates")
    (report,) = lakes.take(tmp_path / "lake", tmp_path / "given").files
    assert report.refused == "aggregates.unfinished"


def test_a_kind_that_was_not_aggregated_is_not_left_out_silently(world: World, tmp_path: Path) -> None:
    settings = Settings(identifiers=(IdentifierSettings(kind="device_id"),))
    (report,) = lakes.take(tmp_path / "lake", world.output, settings=settings).files
    assert report.refused == "aggregates.kinds"
    (tmp_path / "workspace").mkdir()
    workspace = Workspace(tmp_path / "workspace")
    workspace.ingest(world.output)
    (tmp_path / "workspace/linkage.toml").write_text('[[identifiers]]\nkind = "device_id"\n')
    with pytest.raises(ConfigurationError, match="without the identifier kind device_id"):
        Workspace(tmp_path / "workspace").refresh()


def test_a_second_run_of_a_table_replaces_its_days_and_may_add_a_kind(
    spark: SparkSession, world: World, tmp_path: Path
) -> None:
    from linkage.spark.aggregate import aggregate

    root = tmp_path / "lake"
    settings = Settings(identifiers=(IdentifierSettings(kind="device_id"),))
    odd = pq.read_table(world.events / "odd.parquet").drop_columns(["prompt"])
    pq.write_table(odd, tmp_path / "odd.parquet")
    spark.read.parquet(str(tmp_path / "odd.parquet")).write.saveAsTable("odd_events")
    aggregate(spark, [], str(tmp_path / "first"), table="odd_events", now=NOW)
    lakes.take(root, tmp_path / "first")
    done = aggregate(spark, [], str(tmp_path / "out"), table="odd_events", settings=settings, now=NOW)
    assert (done.files, done.days) == (1, 2)
    before = Lake(root).view().day_rows()
    lakes.take(root, tmp_path / "out", settings=settings)
    assert Lake(root).view().day_rows() == before
    assert sum(before.values()) == done.accepted
    devices = [row for row in lakes.rows(root, "sightings") if row["kind"] == "device_id"]
    assert [lakes.names(root)[row["identifier"]] for row in devices] == ["device-9"]
    # Without a key there is nothing to make digests with.
    own = pq.read_table(tmp_path / "out/quarantine").to_pylist()
    assert own
    assert all(row["digest"] is None for row in own)
    # These days have more events in the whole: a run that missed some does not replace them.
    whole = tmp_path / "whole"
    lakes.take(whole, world.output)
    before = Lake(whole).view().day_rows()
    (report,) = lakes.take(whole, tmp_path / "out", settings=settings).files
    assert report.refused == "aggregates.fewer_events"
    assert Lake(whole).view().day_rows() == before


def events(path: Path, *rows: dict[str, object]) -> str:
    """A Parquet file of these events, each of account `a` at one moment but for what it says itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    usual = {"account_id": "a", "event_time": datetime(2026, 1, 3, 12, tzinfo=UTC)}
    pq.write_table(pa.Table.from_pylist([usual | row for row in rows]), path)
    return str(path)


def test_events_without_identifiers_and_runs_of_nothing_but_faults_are_taken_in(
    spark: SparkSession, tmp_path: Path
) -> None:
    from linkage.spark.aggregate import aggregate

    bare = events(tmp_path / "bare.parquet", {"account_id": "a"}, {"account_id": "b"})
    aggregate(spark, [bare], str(tmp_path / "bare"), now=NOW)
    root = tmp_path / "lake"
    (report,) = lakes.take(root, tmp_path / "bare").files
    assert (report.accepted, report.refused) == (2, None)
    assert len(lakes.rows(root, "activity")) == 2
    broken = events(tmp_path / "broken.parquet", {"account_id": ""}, {"account_id": "x" * 257})
    aggregate(spark, [broken], str(tmp_path / "broken"), now=NOW)
    for _ in range(2):
        (report,) = lakes.take(root, tmp_path / "broken").files
        assert (report.read, report.quarantined, report.refused) == (2, 2, None)
    assert len(lakes.rows(root, "quarantine")) == 2
    assert len(lakes.rows(root, "activity")) == 2


def test_names_of_folders_are_no_columns_and_a_file_counts_once(spark: SparkSession, tmp_path: Path) -> None:
    from linkage.ingest import manifest
    from linkage.spark.aggregate import aggregate

    plain = events(tmp_path / "plain/a.parquet", {"event_id": "1"}, {"event_id": "2"})
    events(tmp_path / "parts/source=other/country=de/a.parquet", {"event_id": "1"}, {"event_id": "2"})
    aggregate(spark, [plain], str(tmp_path / "of-plain"), now=NOW)
    aggregate(spark, [str(tmp_path / "parts")], str(tmp_path / "of-parts"), now=NOW)
    assert manifest.read(tmp_path / "of-parts").days == manifest.read(tmp_path / "of-plain").days
    twice = aggregate(spark, [str(tmp_path / "plain"), plain], str(tmp_path / "twice"), now=NOW)
    assert (twice.files, twice.read, twice.accepted) == (1, 2, 2)


def test_a_file_that_cannot_be_read_ends_the_run_whatever_the_cluster_passes_over(
    spark: SparkSession, tmp_path: Path
) -> None:
    from linkage.spark.aggregate import aggregate

    events(tmp_path / "given/whole.parquet", {"event_id": "1"})
    path = Path(events(tmp_path / "given/secret-name.parquet", *({"event_id": str(at)} for at in range(2_000))))
    content = bytearray(path.read_bytes())
    content[8:200] = bytes(192)
    path.write_bytes(content)
    spark.conf.set("spark.sql.files.ignoreCorruptFiles", "true")
    try:
        with pytest.raises(LinkageError, match="the Spark job failed") as fault:
            aggregate(spark, [str(tmp_path / "given")], str(tmp_path / "out"), now=NOW)
    finally:
        spark.conf.unset("spark.sql.files.ignoreCorruptFiles")
    assert "secret-name" not in str(fault.value)
    assert not (tmp_path / "out/linkage-aggregates").exists()


def test_what_cannot_be_aggregated_is_said_before_anything_runs(
    spark: SparkSession, world: World, tmp_path: Path
) -> None:
    from linkage.spark.aggregate import aggregate

    given = str(world.events)
    with pytest.raises(UsageError, match="no key"):
        aggregate(spark, [given], str(tmp_path / "out"), now=NOW)
    with pytest.raises(ConfigurationError, match="long layout"):
        aggregate(spark, [given], str(tmp_path / "out"), mapping=Mapping(layout="long"), now=NOW)
    with pytest.raises(UsageError, match="nothing to read"):
        aggregate(spark, [str(tmp_path / "nowhere")], str(tmp_path / "out"), now=NOW)
    with pytest.raises(UsageError, match="no such table"):
        aggregate(spark, [], str(tmp_path / "out"), table="nowhere", now=NOW)
    pq.write_table(pa.table({"account_id": ["a"]}), tmp_path / "no-time.parquet")
    with pytest.raises(InputRefused, match="event_time"):
        aggregate(spark, [str(tmp_path / "no-time.parquet")], str(tmp_path / "out"), now=NOW)
    nested = pa.table({"account_id": [["a"]], "event_time": [NOW]})
    pq.write_table(nested, tmp_path / "nested.parquet")
    with pytest.raises(InputRefused, match="account_id"):
        aggregate(spark, [str(tmp_path / "nested.parquet")], str(tmp_path / "out"), now=NOW)
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_there_stays_as_it_is(spark: SparkSession, world: World) -> None:
    from linkage.spark.aggregate import aggregate

    before = {path: path.stat().st_mtime_ns for path in world.output.rglob("*")}
    with pytest.raises(UsageError, match="there already"):
        aggregate(spark, [str(world.events / "odd-again.parquet")], str(world.output), key=bytes(32), now=NOW)
    assert {path: path.stat().st_mtime_ns for path in world.output.rglob("*")} == before


def test_prompts_of_one_template_have_one_hash_under_the_key(world: World) -> None:
    rows = [row for row in lakes.rows(lake(world.aggregated), "sightings") if row["kind"] == "prompt_template"]
    value = lakes.names(lake(world.aggregated))
    odd = {value[row["identifier"]] for row in rows if value[row["account"]] in ("odd-1", "odd-2")}
    assert len(odd) == 1
    assert PROMPT not in odd


def rewritten(world: World, folder: Path, table: str, column: str, value: str) -> Path:
    """The output with another value in the first row of a table."""
    shutil.copytree(world.output, folder)
    path = next(iter(sorted((folder / table).rglob("*.parquet"))))
    rows = pq.ParquetFile(path).read()
    values = [value, *rows[column].to_pylist()[1:]]
    pq.write_table(rows.set_column(rows.schema.get_field_index(column), column, pa.array(values, pa.string())), path)
    return folder


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("sightings", "kind", "device_id", "aggregates.damaged"),
        ("usage", "account", "nobody-else", "aggregates.damaged"),
        ("slots", "account", "nobody-else", "aggregates.damaged"),
    ],
)
def test_rows_that_do_not_belong_together_are_refused_before_anything_is_written(
    world: World, tmp_path: Path, table: str, column: str, value: str, rule: str
) -> None:
    given = rewritten(world, tmp_path / "given", table, column, value)
    # What is taken after it is not touched by it.
    refused, *others = lakes.take(tmp_path / "lake", given, world.output).files
    assert refused.refused == rule
    assert not any(report.refused for report in others)
    assert named(tmp_path / "lake", "sightings") == named(lake(world.aggregated), "sightings")


def test_a_card_number_in_aggregates_is_refused(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.output, tmp_path / "given")
    for path in (tmp_path / "given/sightings").rglob("*.parquet"):
        rows = pq.ParquetFile(path).read()
        kinds = rows["kind"].to_pylist()
        if "payment_instrument" in kinds:
            values = [
                CARD if kind == "payment_instrument" else v
                for kind, v in zip(kinds, rows["identifier"].to_pylist(), strict=True)
            ]
            pq.write_table(
                rows.set_column(rows.schema.get_field_index("identifier"), "identifier", pa.array(values)), path
            )
            break
    (report,) = lakes.take(tmp_path / "lake", tmp_path / "given").files
    assert report.refused == "aggregates.card_number"
