"""The tables of a snapshot are whole, and agree with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from linkage import Workspace
from linkage.evidence.links import MOST_BITS
from linkage.findings.tables import DIGITS
from linkage.model.tables import SNAPSHOT_TABLES, Table
from tests.lib.refreshed import refreshed

Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module", params=["proxy_pool", "none"])
def workspace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return refreshed(tmp_path_factory, request.param)


@pytest.fixture(scope="module")
def tables(workspace: Workspace) -> Frames:
    snapshot = workspace.snapshot()
    return {table.name: snapshot.table(table.name).to_pandas() for table in SNAPSHOT_TABLES}


@pytest.mark.parametrize("table", SNAPSHOT_TABLES, ids=lambda table: str(table.name))
def test_every_table_has_rows_and_its_columns_filled(tables: Frames, table: Table) -> None:
    frame = tables[table.name]
    assert list(frame.columns) == [column.name for column in table.columns]
    assert len(frame) > 0 or table.name == "null_maxima", "only a null may have found nothing at all"
    for column in table.columns:
        if not column.null:
            assert frame[column.name].notna().all(), column.name


def test_figures_are_rounded_and_finite(tables: Frames) -> None:
    for name, frame in tables.items():
        for column in frame.select_dtypes("float"):
            values = frame[column].dropna().to_numpy()
            assert np.isfinite(values).all(), (name, column)
            assert np.array_equal(values, np.round(values, DIGITS)), (name, column)


def test_an_account_is_in_at_most_one_cluster(tables: Frames) -> None:
    members = tables["members"]
    assert members["account"].is_unique
    assert set(members["account"]) <= set(tables["accounts"]["account"])
    sizes = members.groupby("cluster_id").size()
    clusters = tables["clusters"].set_index("cluster_id")
    assert sizes.sort_index().to_dict() == clusters["size"].sort_index().to_dict()


def test_links_are_pairs_that_their_explanation_accounts_for(workspace: Workspace, tables: Frames) -> None:
    """weight = evidence of the pair + prior log-odds, one prior for all, up to the cap."""
    links = tables["links"]
    assert len(links) == workspace.snapshot().run.counts["links"]
    pairs = pd.DataFrame(np.sort(links[["account_a", "account_b"]].to_numpy(), axis=1))
    assert not pairs.duplicated().any()
    assert (pairs[0] != pairs[1]).all()
    assert links["weight_bits"].between(0, MOST_BITS).all()
    below = links[links["weight_bits"] < MOST_BITS].iloc[::97].head(5)
    names = workspace.names([*below["account_a"], *below["account_b"]])
    priors = []
    for row in below.itertuples():
        explained = workspace.explain(pair=(names[row.account_a], names[row.account_b]))
        priors.append(row.weight_bits - explained.facts["total_bits"])
        sharing = next(section for section in explained.sections if any("kind" in shown for shown in section.rows))
        assert set(row.kinds) <= {shown["kind"] for shown in sharing.rows}
        assert len(row.kinds) > 0
    assert np.ptp(priors) < 1e-6


def test_clusters_are_ranked_and_members_follow_them(tables: Frames) -> None:
    clusters, members = tables["clusters"], tables["members"]
    assert clusters["cluster_id"].is_unique
    assert clusters["score"].is_monotonic_decreasing
    assert clusters["score"].between(0, 1).all()
    assert clusters["q_value"].between(0, 1).all()
    assert clusters["flagged"].equals(clusters["tier"] == 1)
    assert members["cluster_id"].drop_duplicates().tolist() == clusters["cluster_id"].tolist()
    for _cluster, rows in members.groupby("cluster_id", sort=False):
        assert rows["membership"].is_monotonic_decreasing
        assert rows["membership"].between(0.5, 1).all()
        assert set(rows["role"]) <= {"core", "periphery"}
        assert "core" in set(rows["role"])


def test_the_steps_of_an_account_sum_to_its_membership(tables: Frames) -> None:
    """membership = 1 / (1 + 2^−(score − bar)), with one bar for all of a cluster."""
    score = tables["account_bits"].groupby(["cluster_id", "account"])["bits"].sum()
    shown = pd.concat([tables["members"], tables["left_out"]]).set_index(["cluster_id", "account"])["membership"]
    assert set(score.index) == set(shown.index)
    clear = shown[shown.between(1e-4, 1 - 1e-4)]
    bar = score.loc[clear.index] - np.log2(clear / (1 - clear))
    assert len(bar) > 0
    for _cluster, of_cluster in bar.groupby("cluster_id"):
        assert of_cluster.max() - of_cluster.min() < 1e-3
    sure = shown[shown > 0.9999]
    assert (score.loc[sure.index] > 0).all()


def test_steps_name_what_they_count(tables: Frames) -> None:
    bits = tables["account_bits"]
    assert set(bits["step"]) <= {"prior", "identifier", "cap of the kind", "absence", "private work"}
    named = bits["step"] == "identifier"
    assert bits.loc[named, "identifier"].notna().all()
    assert bits.loc[~named, "identifier"].isna().all()
    assert (bits.loc[named, "bits"] > 0).all()
    sightings = set(map(tuple, tables["sightings"][["account", "identifier"]].to_numpy().tolist()))
    used = set(map(tuple, bits.loc[named, ["account", "identifier"]].astype("int64").to_numpy().tolist()))
    assert used <= sightings


def test_terms_sum_to_the_abuse_score(tables: Frames) -> None:
    terms, clusters = tables["cluster_terms"], tables["clusters"].set_index("cluster_id")
    total = terms.groupby("cluster_id")["points"].sum()
    assert total.to_dict() == pytest.approx(clusters["abuse_score"].to_dict(), abs=1e-6)
    assert not terms.duplicated(["cluster_id", "term"]).any()
    for _cluster, rows in terms.groupby("cluster_id", sort=False):
        assert rows["points"].abs().is_monotonic_decreasing
        assert rows["sentence"].str.len().gt(0).all()


def test_who_was_left_out_is_no_member_and_has_a_reason(tables: Frames) -> None:
    left = tables["left_out"]
    members = set(map(tuple, tables["members"][["cluster_id", "account"]].to_numpy().tolist()))
    assert not members & set(map(tuple, left[["cluster_id", "account"]].to_numpy().tolist()))
    assert (left["reason"].str.len() > 0).all()
    home = tables["members"].set_index("account")["cluster_id"]
    for row in left.itertuples():
        if row.account in home.index:
            assert row.reason == f"belongs more strongly to {home[row.account]}"
        else:
            assert row.membership < 0.5


def test_identifiers_are_counted_as_they_were_seen(tables: Frames) -> None:
    sightings, identifiers = tables["sightings"], tables["identifiers"].set_index("identifier")
    degree = sightings.groupby("identifier")["account"].nunique()
    assert identifiers["degree"].sort_index().to_dict() == degree[degree >= 2].sort_index().to_dict()
    assert identifiers["trust"].between(0, 1, inclusive="neither").all()
    assert (identifiers["bits"] >= 0).all()
    assert not sightings.duplicated(["account", "identifier"]).any()


def test_the_evidence_of_a_cluster_is_what_its_members_used(tables: Frames) -> None:
    evidence = tables["cluster_identifiers"]
    used = tables["sightings"].merge(tables["members"], on="account")
    counted = used.groupby(["cluster_id", "identifier"]).agg(
        members_on=("account", "nunique"),
        events=("events", "sum"),
        first=("first_seen", "min"),
        last=("last_seen", "max"),
    )
    degree = tables["identifiers"].set_index("identifier")["degree"]
    for row in evidence.itertuples():
        expected = counted.loc[(row.cluster_id, row.identifier)]
        assert row.members_on == expected["members_on"] >= 2
        assert row.events == expected["events"]
        assert (row.first_seen, row.last_seen) == (expected["first"], expected["last"])
        assert row.degree == degree[row.identifier] >= row.members_on
    assert set(evidence["role"]) <= {"evidence", "discounted"}
    assert set(evidence.loc[evidence["role"] == "evidence", "cluster_id"]) == set(tables["clusters"]["cluster_id"])


def test_kinds_add_up_to_the_linkage_score(tables: Frames) -> None:
    kinds, clusters = tables["cluster_kinds"], tables["clusters"].set_index("cluster_id")
    total = kinds.groupby("cluster_id")["bits"].sum()
    assert total.to_dict() == pytest.approx(clusters["linkage_score"].to_dict(), abs=1e-6)
    for row in kinds.itertuples():
        assert row.linkage_score_without == pytest.approx(
            clusters["linkage_score"][row.cluster_id] - row.bits, abs=1e-6
        )
        assert 0 <= row.members_tied <= clusters["size"][row.cluster_id]
        assert 0 <= row.members_without <= clusters["size"][row.cluster_id]
    named = {cluster: set(rows.loc[rows["corroborates"], "kind"]) for cluster, rows in kinds.groupby("cluster_id")}
    for cluster, listed in clusters["kinds"].items():
        assert set(listed) == named[cluster]


def test_clusters_sum_their_members(tables: Frames) -> None:
    joined = tables["members"].merge(tables["accounts"], on="account").groupby("cluster_id")
    clusters = tables["clusters"].set_index("cluster_id")
    for column, how in (
        ("events", "sum"), ("tokens", "sum"), ("cost_usd_micros", "sum"), ("first_seen", "min"), ("last_seen", "max"),
    ):  # fmt: skip
        assert joined[column].agg(how).sort_index().to_dict() == clusters[column].sort_index().to_dict(), column


def test_the_timeline_holds_every_event_of_the_members(tables: Frames) -> None:
    timeline, clusters = tables["timeline"], tables["clusters"].set_index("cluster_id")
    by_cluster = timeline.groupby("cluster_id")
    assert by_cluster["events"].sum().sort_index().to_dict() == clusters["events"].sort_index().to_dict()
    assert by_cluster["tokens"].sum().sort_index().to_dict() == clusters["tokens"].sort_index().to_dict()
    assert not timeline.duplicated(["cluster_id", "day"]).any()
    for cluster, rows in by_cluster:
        assert rows["day"].is_monotonic_increasing
        assert rows["accounts"].max() <= clusters["size"][cluster]
        assert rows["expected_events"].sum() <= clusters["events"][cluster] + 1e-3


def test_lineage_names_every_cluster(tables: Frames) -> None:
    lineage, clusters = tables["lineage"], tables["clusters"].set_index("cluster_id")
    assert set(lineage["cluster_id"]) == set(clusters.index)
    for row in lineage.itertuples():
        assert row.event == clusters["lineage"][row.cluster_id] == "new"


def test_reasons_are_the_terms_in_words(tables: Frames) -> None:
    sentences = {cluster: set(rows["sentence"]) for cluster, rows in tables["cluster_terms"].groupby("cluster_id")}
    for row in tables["clusters"].itertuples():
        told = [reason for reason in row.top_reasons if reason[0] in "+−"]
        assert told
        for reason in told:
            _points, _space, sentence = reason.partition(" ")
            assert sentence in sentences[row.cluster_id]


def test_the_run_counts_what_the_tables_hold(workspace: Workspace, tables: Frames) -> None:
    counts = workspace.snapshot().run.counts
    assert counts["accounts"] == len(tables["accounts"])
    assert counts["identifiers"] == len(tables["identifiers"])
    assert counts["clusters"] == len(tables["clusters"])
    assert counts["flagged_clusters"] == int(tables["clusters"]["flagged"].sum())
    flagged = tables["clusters"].loc[tables["clusters"]["flagged"], "size"].sum()
    assert counts["flagged_accounts"] == int(flagged)


def test_the_null_is_of_the_replicates_that_were_asked_for(workspace: Workspace, tables: Frames) -> None:
    maxima = tables["null_maxima"]
    assert (maxima["statistic"] > 0).all()
    assert not maxima.duplicated(["replicate", "size_class", "kind"]).any()
    assert maxima["replicate"].between(0, workspace.snapshot().run.settings["scoring"]["replicates"] - 1).all()


def test_the_surest_account_of_the_surest_cluster_is_explained(workspace: Workspace) -> None:
    member = workspace.members().iloc[0]
    explanation = workspace.explain(account=member["account_id"]).to_dict()
    assert explanation["cluster_id"] == member["cluster_id"]
    assert explanation["membership"] == member["membership"]
