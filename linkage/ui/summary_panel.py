"""Summary of a cluster: five reasons, what speaks against, and what each kind of identifier carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.model.decided import BY_VERDICT
from linkage.model.explanation import NO_FLAG
from linkage.ui import session
from linkage.ui.rows_panel import Rows, first
from linkage.ui.words import counted, decimal, identifier_label, kind_words, plain, share, signed, split_points, whole

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames

#: Points below which a term would be shown as +0.0 or −0.0, and is no reason for anybody.
_FELT = 0.05
#: Abuse term → identifier kind on whose rows it was counted; the others stand on the members' own rows.
_COUNTED_ON = {
    "rotating_cards": "payment_instrument",
    "one_payer": "payment_instrument",
    "shared_exits": "ip_address",
    "one_site": "ip_address",
    "many_own_templates": "prompt_template",
    "one_lesson": "prompt_template",
    "one_timetable": "prompt_template",
    "canary_hits": "canary",
    "one_schedule": "schedule",
}


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel."""
    reasons, against = st.columns([1.15, 1], gap="large")
    with reasons:
        _reasons(cluster)
    with against:
        _against(cluster)
    _kinds(cluster)
    _terms(cluster)


#: Tables of what partners reported and people decided: a reason that was counted on one is never left out.
_ALWAYS = frozenset({"watched", "followed", "decided"})


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words, its points where it is an abuse term, and the rows that it was counted on."""

    text: str
    points: float | None
    rows: tuple[Rows, ...]


def reasons(cluster: ClusterFrames) -> list[Reason]:
    """The strongest reasons for suspicion, at most five: those of the row of ``clusters``, then further terms.

    What partners reported and what people decided is always among them.
    """
    terms = {str(row.sentence): row for row in cluster.terms.itertuples()}
    found: dict[str, Reason] = {}
    for entry in cluster.row["top_reasons"]:
        text, _ = split_points(str(entry))
        if text.startswith(NO_FLAG):
            continue
        if text.startswith(BY_VERDICT):
            found[text] = Reason(text, None, (Rows("decided", len(session.decided(cluster))),))
        elif text not in terms:
            found[text] = Reason(text, None, _identifiers(cluster.evidence))
        elif terms[text].points >= _FELT:
            found[text] = _term(cluster, terms[text])
    for text, row in terms.items():
        if row.points >= _FELT:
            found.setdefault(text, _term(cluster, row))
    every = list(found.values())
    always = [reason for reason in every if any(rows.table in _ALWAYS for rows in reason.rows)]
    others = [reason for reason in every if reason not in always][: 5 - len(always)]
    return [reason for reason in every if reason in always or reason in others]


def _term(cluster: ClusterFrames, row: Any) -> Reason:
    """A term with its own row, and the rows that its figures were counted among: identifiers, else the members."""
    kind = _COUNTED_ON.get(str(row.term))
    if row.term == "watch_list":
        listed = Rows("watched", len(session.watched(cluster)))
        return Reason(str(row.sentence), float(row.points), (Rows("cluster_terms", 1, str(row.term)), listed))
    if row.term == "followers":
        came = Rows("followed", len(session.followed(cluster)))
        return Reason(str(row.sentence), float(row.points), (Rows("cluster_terms", 1, str(row.term)), came))
    among = cluster.evidence[cluster.evidence["kind"] == kind]
    counted_on = _identifiers(among, kind) if len(among) else (Rows("accounts", len(cluster.members)),)
    return Reason(str(row.sentence), float(row.points), (Rows("cluster_terms", 1, str(row.term)), *counted_on))


def _identifiers(rows: pd.DataFrame, kind: str | None = None) -> tuple[Rows, ...]:
    """These identifiers that count as evidence, and the sightings of members on them."""
    return (
        Rows("cluster_identifiers", len(rows), kind, "evidence"),
        Rows("sightings", int(rows["members_on"].sum()), kind, "evidence"),
    )


def _reasons(cluster: ClusterFrames) -> None:
    found = reasons(cluster)
    st.subheader("Five reasons" if len(found) == 5 else "Reasons", anchor=False)
    if not found:
        st.markdown("None stands out: the members are linked, and nothing they do speaks for abuse.")
    for number, reason in enumerate(found, start=1):
        _point(cluster, f"**{number}.** ", reason)


def _point(cluster: ClusterFrames, lead: str, reason: Reason) -> None:
    """A reason as a paragraph: its lead, its words, and in small print its points and the rows behind it."""
    text = plain(reason.text[:1].upper() + reason.text[1:])
    points = "" if reason.points is None else f"**{signed(reason.points, 1)} points**, "
    st.markdown(f"{lead}{text}  \n:small[{points}{_from(cluster, *reason.rows)}]")


def _from(cluster: ClusterFrames, *rows: Rows) -> str:
    return "from " + ", ".join(each.link(cluster) for each in rows)


def _against(cluster: ClusterFrames) -> None:
    st.subheader("What speaks against", anchor=False)
    held = [str(entry) for entry in cluster.row["top_reasons"] if str(entry).startswith(NO_FLAG)]
    for reason in held:
        _point(cluster, "", Reason(reason, None, (Rows("cluster_terms", len(cluster.terms)), Rows("clusters", 1))))
    against = cluster.terms[cluster.terms["points"] <= -_FELT].sort_values("points")
    for row in against.itertuples():
        _point(cluster, "", _term(cluster, row))
    if against.empty and not held:
        st.markdown(f"No term counts against.  \n:small[{_from(cluster, Rows('cluster_terms', len(cluster.terms)))}]")
    hubs = cluster.discounted
    if len(hubs):
        st.markdown(
            f"**Discounted:** {counted(len(hubs), 'identifier')} that members share with many outside; they hold "
            f"nothing together by themselves.  \n"
            f":small[{_from(cluster, Rows('cluster_identifiers', len(hubs), role='discounted'))}]"
        )
        with st.expander(f"Show the discounted {_noun(len(hubs))}"):
            listed = first(hubs, key=f"hubs-{cluster.cluster_id}")
            table(listed, len(cluster.members), key=f"hubs-{cluster.refresh_id}-{cluster.cluster_id}")
    left = cluster.left_out
    if len(left):
        st.markdown(
            f"**Left out:** {counted(len(left), 'account')} that came close.  \n"
            f":small[{_from(cluster, Rows('left_out', len(left)))}]"
        )
        with st.expander("Show who was left out, and why"):
            listed = first(left, key=f"left-{cluster.cluster_id}")
            st.dataframe(
                listed[["name", "membership", "reason"]],
                hide_index=True,
                height=min(360, 38 + 35 * len(listed)),
                column_config={
                    "name": st.column_config.TextColumn("Account", width="medium"),
                    "membership": st.column_config.NumberColumn("Membership", format="%.2f", width="small"),
                    "reason": st.column_config.TextColumn("Why", width="large"),
                },
            )
    if hubs.empty and left.empty:
        st.markdown("No identifier was discounted, and no account was left out.")


def _noun(number: int) -> str:
    return "identifier" if number == 1 else "identifiers"


def _kinds(cluster: ClusterFrames) -> None:
    st.subheader("What holds it together", anchor=False)
    size = len(cluster.members)
    for row in cluster.kinds.itertuples():
        kind = kind_words(str(row.kind))
        behind = cluster.evidence[cluster.evidence["kind"] == row.kind]
        role = "counts as evidence of its own" if row.corroborates else "supports, and would not do alone"
        st.markdown(
            f"**{plain(kind.many[:1].upper() + kind.many[1:])}** ({plain(str(row.kind))}) tie "
            f"{int(row.members_tied):,} of {size:,} members "
            f"({share(row.members_tied, size)}), {decimal(row.bits, 1)} bits a member; {role}. "
            f"**Without {plain(kind.many)}:** {int(row.members_without):,} stay tied "
            f"({share(row.members_without, size)}), linkage {decimal(row.linkage_score_without, 1)} instead of "
            f"{decimal(cluster.row['linkage_score'], 1)} bits.  \n"
            f":small[{_from(cluster, Rows('cluster_kinds', 1, str(row.kind)), *_identifiers(behind, str(row.kind)))}]"
        )
    if cluster.kinds.empty:
        st.markdown("No identifier kind ties these members: there is no row of cluster\\_kinds.")


def _terms(cluster: ClusterFrames) -> None:
    with st.expander(
        f"Every term for and against: {counted(len(cluster.terms), 'row')} of cluster_terms, "
        f"together {signed(cluster.terms['points'].sum(), 1)} points"
    ):
        st.dataframe(
            cluster.terms[["points", "sentence", "evidence", "observed", "expected", "effect"]],
            hide_index=True,
            height=min(520, 38 + 35 * max(len(cluster.terms), 1)),
            placeholder="–",
            column_config={
                "points": st.column_config.NumberColumn("Points", format="%+.2f", width="small"),
                "sentence": st.column_config.TextColumn("Term", width="large"),
                "evidence": st.column_config.TextColumn("Kind of evidence", width="small"),
                "observed": st.column_config.NumberColumn("Members", format="%.3g", width="small"),
                "expected": st.column_config.NumberColumn("Matched ordinary", format="%.3g", width="small"),
                "effect": st.column_config.NumberColumn("Effect, z", format="%.1f", width="small"),
            },
        )


def identifier_rows(identifiers: pd.DataFrame, size: int) -> pd.DataFrame:
    """Identifiers of a cluster as tables show them; values stay masked. Index: as given."""
    import pandas as pd

    return pd.DataFrame(
        {
            "identifier": [
                identifier_label(kind, number)
                for kind, number in zip(identifiers["kind"], identifiers["identifier"], strict=True)
            ],
            "members": [f"{whole(on)} of {size:,}" for on in identifiers["members_on"]],
            "share": 100 * identifiers["members_on"] / max(size, 1),
            "degree": identifiers["degree"],
            "trust": identifiers["trust"],
            "bits": identifiers["bits"],
            "events": identifiers["events"],
            "first": identifiers["first_seen"],
            "last": identifiers["last_seen"],
            "role": [
                "evidence" if role == "evidence" else f"discounted: {note}" if isinstance(note, str) else "discounted"
                for role, note in zip(identifiers["role"], identifiers["note"], strict=True)
            ],
        },
        index=identifiers.index,
    )


def identifier_columns() -> dict[str, Any]:
    """How the columns of :func:`identifier_rows` are shown."""
    shown = st.column_config
    return {
        "identifier": shown.TextColumn("Identifier", help="Kind and surrogate number; values are masked"),
        "members": shown.TextColumn("Members on it", width=130),
        "share": shown.ProgressColumn("Share", min_value=0, max_value=100, format="%.0f %%", width=110),
        "degree": shown.NumberColumn("Accounts anywhere", format="localized", help="Accounts that used it at all"),
        "trust": shown.NumberColumn("Trust", format="%.2f", help="Share of its pairs of accounts that belong together"),
        "bits": shown.NumberColumn("Bits", format="%.1f", help="What it gives an account for membership"),
        "events": shown.NumberColumn("Exchanges", format="localized"),
        "first": shown.DatetimeColumn("First used", format="YYYY-MM-DD"),
        "last": shown.DatetimeColumn("Last used", format="YYYY-MM-DD"),
        "role": shown.TextColumn("Role", width="medium"),
    }


def table(identifiers: pd.DataFrame, size: int, key: str) -> None:
    """A table of identifiers, without selection."""
    st.dataframe(
        identifier_rows(identifiers, size),
        key=key,
        hide_index=True,
        height=min(420, 38 + 35 * max(len(identifiers), 1)),
        placeholder="–",
        column_config=identifier_columns(),
    )
