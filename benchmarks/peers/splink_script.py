"""Accounts and their identifiers → clusters by Splink (Linacre et al. 2022, doi 10.23889/ijpds.v7i3.1794).

Run by the environment of the peers, which knows nothing of linkage: ``python splink_script.py FOLDER``. It reads
``accounts.parquet`` and ``kinds.json`` in FOLDER and writes ``clusters.parquet`` (threshold, account, cluster) and
``model.json`` there. See benchmarks/peers/records.py for the columns.

The model is trained as Splink's documentation recommends: the chance that two random records match from deterministic
rules, u from random pairs, m by expectation maximisation, once for each blocking rule. An account has many identifiers
of a kind, so a comparison goes by what two sets have in common, and how rare that is: the product of the frequencies of
the shared identifiers, as the authors propose for columns of arrays (discussion 2022 of their repository).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import splink
import splink.comparison_level_library as levels
from splink.comparison_library import CustomComparison

#: Products of frequencies from which what two accounts share is taken for rarer, one level each.
RARE = (1e-7, 2e-4, 2e-3)
#: Share of the matches that the deterministic rules find: a guess, as in Splink's tutorial.
RECALL = 0.5
#: Random pairs from which u is estimated, and pairs of a training block.
SAMPLED, TRAINED = 1e7, 2e6
#: Thresholds of clusters: as many of the weights that there are, which are few, as each combination of levels has one.
THRESHOLDS = 24


def comparison(column: str) -> CustomComparison:
    """How rare what two accounts share of a kind is."""
    both = f"list_intersect({column}_l, {column}_r)"
    product = f"list_product(list_transform({both}, lambda shared: shared.frequency))"
    conditions = [levels.CustomLevel(f"len({both}) > 0 AND {product} <= {most}") for most in RARE]
    return CustomComparison(
        output_column_name=column,
        comparison_levels=[
            levels.NullLevel(column),
            *conditions,
            levels.CustomLevel(f"len({both}) > 0"),
            levels.ElseLevel(),
        ],
    )


def main(folder: Path) -> None:
    """Train, predict, cluster."""
    columns = json.loads((folder / "kinds.json").read_text(encoding="utf-8"))
    connection = duckdb.connect()
    accounts = connection.read_parquet(str(folder / "accounts.parquet")).to_arrow_table()
    connection.register("accounts", accounts)
    database = splink.DuckDBAPI(connection)
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="account",
        comparisons=[comparison(column) for column in columns],
        blocking_rules_to_generate_predictions=[
            splink.block_on(f"{column}_block", arrays_to_explode=[f"{column}_block"]) for column in columns
        ],
        retain_matching_columns=False,
    )
    linker = splink.Linker(database.register(accounts), settings)
    training = linker.training

    def shared(column: str) -> bool:
        found = connection.execute(f"SELECT count({column}) > count(DISTINCT {column}) FROM accounts").fetchall()
        return bool(found[0][0])

    rules = [splink.block_on(f"{column}_rare") for column in columns if shared(f"{column}_rare")]
    if rules:
        training.estimate_probability_two_random_records_match(rules, recall=RECALL)
    else:
        print("no pair shares a rare identifier: Splink's own prior stands", file=sys.stderr)
    training.estimate_u_using_random_sampling(max_pairs=SAMPLED, seed=1)
    for column in columns:
        if not shared(f"{column}_main"):
            print(f"no pair has the same {column}_main: no training on it", file=sys.stderr)
            continue
        # Naming the column makes Splink leave the kind out that all pairs of the block share.
        rule = f"l.{column}_main = r.{column}_main AND l.{column} IS NOT NULL AND r.{column} IS NOT NULL"
        training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=TRAINED)
    linker.misc.save_model_to_json(str(folder / "model.json"), overwrite=True)
    pairs = linker.inference.predict()
    weights = connection.execute(f"SELECT DISTINCT match_weight FROM {pairs.physical_name} ORDER BY 1").fetchall()
    step = max(1, -(-len(weights) // THRESHOLDS))
    connection.execute("CREATE TABLE clusters (threshold DOUBLE, account BIGINT, cluster BIGINT)")
    for (threshold,) in weights[::step]:
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_weight=threshold)
        connection.execute(f"INSERT INTO clusters SELECT {threshold}, account, cluster_id FROM {found.physical_name}")
    connection.table("clusters").order("threshold, account").write_parquet(str(folder / "clusters.parquet"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
