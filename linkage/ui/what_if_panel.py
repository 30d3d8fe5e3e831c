"""What would be left of a cluster without some of its evidence: shown at once, and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import UsageError
from linkage.model.access import Permission
from linkage.ui import casework, days, session
from linkage.ui.rows_panel import first
from linkage.ui.words import counted, decimal, identifier_label, kind_words, plain, share

if TYPE_CHECKING:
    import pandas as pd

    from linkage.model.what_if import WhatIf
    from linkage.ui.frames import ClusterFrames
    from linkage.workspace import Workspace

#: Identifiers that are offered.
_OFFERED = 500


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel, which is one of those that are redrawn alone: so by a choice."""
    casework.answer()
    key = cluster.cluster_id
    st.markdown("Leave something out, and see who would stay. Nothing here changes the refresh.")
    offered = _offered(cluster)
    kind, one = st.columns(2)
    kinds = kind.multiselect(
        "Without the kind", cluster.kinds["kind"].tolist(), key=f"drop-kinds-{key}", placeholder="every kind counts",
        format_func=lambda name: kind_words(name).many,
    )  # fmt: skip
    labels = {
        int(row.identifier): f"{identifier_label(str(row.kind), int(row.identifier))} · {int(row.members_on):,} members"
        for row in offered.itertuples()
    }
    identifiers = one.multiselect(
        "Without the identifier", list(labels), key=f"drop-identifiers-{key}", format_func=labels.__getitem__,
        placeholder="every identifier counts", help=f"Its {len(labels):,} strongest; values are masked.",
    )  # fmt: skip
    network, bar = st.columns(2)
    text = network.text_input(
        "If these networks were benign", key=f"drop-networks-{key}", placeholder="198.51.100.0/24, 2001:db8::/32"
    )
    threshold = bar.number_input(
        "Bits that an account needs to stay", -20.0, 60.0, 0.0, 1.0, key=f"threshold-{key}", format="%.1f",
        help="0: more likely in than not. Every three bits and a third are a factor of ten.",
    )  # fmt: skip
    networks = [part for part in text.replace(",", " ").split() if part]
    try:
        with session.reading() as workspace:
            found = workspace.what_if(
                cluster.cluster_id, kinds=kinds, identifiers=identifiers, networks=networks, threshold=threshold or 0.0,
                refresh=cluster.refresh_id,
            )  # fmt: skip
    except UsageError as fault:
        session.failed(fault)
        return
    _outcome(found)
    if found.members > len(found.stay) or len(found.parts) > 1 or found.alone:
        _members(cluster, found)
    _allow(cluster, identifiers, networks, found)


def _offered(cluster: ClusterFrames) -> pd.DataFrame:
    """The strongest identifiers, of the days that are chosen on the timeline, and those that are left out already."""
    evidence = cluster.evidence
    span = days.said(cluster.cluster_id, "left out can be identifiers in use on one of them")
    strongest = (evidence if span is None else evidence[days.within(evidence, span)]).head(_OFFERED)
    taken = st.session_state.get(f"drop-identifiers-{cluster.cluster_id}", [])
    return evidence[evidence["identifier"].isin([*strongest["identifier"].tolist(), *taken])]


def _outcome(found: WhatIf) -> None:
    st.markdown(f"**{plain(str(found))}**")
    for name, number in found.networks.items():
        st.markdown(f"{plain(name)} holds {counted(number, 'address', 'addresses')} of this cluster's evidence.")
    figures = {
        "Stay": (f"{len(found.stay):,}", share(len(found.stay), found.members)),
        "Leave": (f"{len(found.leave):,}", share(len(found.leave), found.members)),
        "Parts": (f"{len(found.parts):,}", f"{found.alone:,} alone" if found.alone else None),
        "Linkage, bits": (decimal(found.bits_after, 1), f"{decimal(found.bits_before, 1)} as it is"),
    }
    for place, (name, (value, beside)) in zip(st.columns(4), figures.items(), strict=True):
        place.metric(name, value, beside, delta_color="off", delta_arrow="off")
    st.caption(
        f"{found.dropped:,} of {counted(found.identifiers, 'identifier')} left out. Summed anew from the rows of "
        f"account_bits at refresh {plain(found.refresh_id)}; a refresh without the evidence may let go of more, "
        "because those who leave would no longer vouch for the rest."
    )


def _members(cluster: ClusterFrames, found: WhatIf) -> None:
    leaving = set(found.leave)
    members = cluster.members[["account", "name", "role", "membership"]]
    rows = members.assign(
        outcome=[
            "leaves"
            if account in leaving
            else f"part {found.part_of[account]}"
            if account in found.part_of
            else "alone"
            for account in members["account"].tolist()
        ]
    )
    rows = rows.sort_values("outcome", key=lambda column: column != "leaves", kind="stable")
    listed = first(rows, key=f"what-if-{cluster.cluster_id}")
    st.dataframe(
        listed, key=f"what-if-{cluster.refresh_id}-{cluster.cluster_id}", hide_index=True,
        height=min(420, 38 + 35 * max(len(listed), 1)), column_order=["name", "outcome", "role", "membership"],
        column_config={
            "name": st.column_config.TextColumn("Account", width="medium"),
            "outcome": st.column_config.TextColumn("Would", width="small"),
            "role": st.column_config.TextColumn("Role", width="small"),
            "membership": st.column_config.ProgressColumn("Membership", min_value=0.0, max_value=1.0, format="%.2f"),
        },
    )  # fmt: skip


def _allow(cluster: ClusterFrames, identifiers: list[int], networks: list[str], found: WhatIf) -> None:
    """What was left out by name can go onto the allow-list."""
    if not identifiers and not networks:
        return
    st.subheader("Make it an entry of the allow-list", anchor=False)
    if casework.barred(Permission.ALLOW):
        st.caption("A verdict of benign on the case tab can carry identifiers onto the allow-list, once approved.")
        return
    kinds = dict(zip(cluster.evidence["identifier"].tolist(), cluster.evidence["kind"].tolist(), strict=True))
    named = [*(("cidr", name) for name in found.networks), *((kinds[one], f"id:{one}") for one in identifiers)]
    reason = f"allow-reason-{cluster.cluster_id}"
    st.text_input("Why it is known to be benign", key=reason)
    st.button(
        f"Add {counted(len(named), 'entry', 'entries')}", key=f"allow-{cluster.cluster_id}",
        icon=":material/playlist_add_check:", on_click=_allowed, args=(named, reason),
    )  # fmt: skip


def _allowed(named: list[tuple[str, str]], reason: str) -> None:
    def add(workspace: Workspace) -> None:
        for kind, value in named:
            workspace.allow.add(kind, value, reason=st.session_state.get(reason, ""))

    casework.do(add, f"{counted(len(named), 'entry', 'entries')} on the allow-list. The next refresh goes by it.")
