"""Names and order of rows say nothing: trivial predictors trained on them find nothing."""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from linkage.synthetic import Population


def auc(score: npt.NDArray[np.float64], label: npt.NDArray[np.bool_]) -> float:
    rank = np.empty(len(score))
    rank[np.argsort(score, kind="stable")] = np.arange(len(score))
    inside = rank[label]
    return float((inside.sum() - len(inside) * (len(inside) - 1) / 2) / (len(inside) * (len(label) - len(inside))))


def naive_bayes_auc(texts: list[str], label: npt.NDArray[np.bool_]) -> float:
    """Train on every second text, one feature a character; area under the curve on the others."""
    letters = np.array([list(text) for text in texts])
    train = np.arange(len(texts)) % 2 == 0
    score = np.zeros(len(texts))
    for place in range(letters.shape[1]):
        for letter in np.unique(letters[:, place]):
            here = letters[:, place] == letter
            bad = (here & train & label).sum() + 1
            good = (here & train & ~label).sum() + 1
            score[here] += np.log(bad / (train & label).sum()) - np.log(good / (train & ~label).sum())
    return auc(score[~train], label[~train])


def labelled(population: Population, column: str) -> tuple[list[str], npt.NDArray[np.bool_]]:
    rows = duckdb.sql(
        f"SELECT {column} AS name, bool_or(malicious) AS bad FROM '{population.events}/*.parquet'"
        f" JOIN read_csv('{population.truth}') USING (account_id) WHERE {column} IS NOT NULL"
        f" GROUP BY {column} ORDER BY hash({column}) LIMIT 40000"
    ).fetchall()
    return [name for name, _ in rows], np.array([bad for _, bad in rows])


@pytest.mark.parametrize("column", ["account_id", "event_id", "payment_instrument", "template_hash"])
def test_texts_say_nothing(mixed: Population, column: str) -> None:
    texts, label = labelled(mixed, column)
    assert len({len(text) for text in texts}) == 1
    # Four standard errors of the area under the curve where nothing is to be found.
    assert abs(naive_bayes_auc(texts, label) - 0.5) < 4 * np.sqrt(1 / (12 * label[1::2].sum()))
    in_order = np.argsort(np.array(texts))
    assert abs(auc(np.arange(len(texts), dtype=float), label[in_order]) - 0.5) < 4 * np.sqrt(1 / (12 * label.sum()))


@pytest.mark.parametrize("table", ["accounts", "truth"])
def test_order_of_rows_says_nothing(mixed: Population, table: str) -> None:
    malicious = dict(duckdb.sql(f"SELECT account_id, malicious FROM read_csv('{mixed.truth}')").fetchall())
    names = pq.read_table(mixed.accounts)["account_id"].to_pylist() if table == "accounts" else list(malicious)
    label = np.array([malicious[name] for name in names])
    assert abs(auc(np.arange(len(names), dtype=float), label) - 0.5) < 4 * np.sqrt(1 / (12 * label.sum()))
    runs = (label[1:] & label[:-1]).sum()
    assert runs < 2 * label.sum() ** 2 / len(label)


def test_texts_of_two_kinds_have_nothing_in_common(mixed: Population) -> None:
    parts = [{text[-16:] for text in labelled(mixed, column)[0]} for column in ("account_id", "payment_instrument")]
    assert not parts[0] & parts[1]
