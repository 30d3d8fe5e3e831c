"""Measures of the table ``baseline``: what a re-run is given of everybody whose records it does not have."""

from __future__ import annotations

#: Accounts in each quarter of private work (``number``: band), and where the quarters end (``number``: 0–2).
BAND, BAND_CUT = "band", "band_cut"
#: Accounts that identifiers of a kind (``item``) tie to the cluster at all.
TOUCHING = "touching"
#: Searches that the significance of the cluster stands for; there only where they are more than one.
SEARCHES = "searches"
#: Probability by chance of the schedule that validates the cluster; there only where one does.
SCHEDULED = "scheduled"
#: Of a feature (``item``): mean and standard deviation of ordinary accounts by matched cell (``number``), and how much
#: groups differ, as a standard deviation.
MEAN, DEVIATION, SPREAD = "mean", "deviation", "spread"
#: The same of a capability (``item``), and z of the strongest capability that groups show.
CAPABILITY_MEAN, CAPABILITY_DEVIATION, CAPABILITY_SPREAD = (
    "capability_mean",
    "capability_deviation",
    "capability_spread",
)
USUAL = "usual_capability"
#: Median and spread among groups of how varied their own templates are, log2.
VARIED_MIDDLE, VARIED_SPREAD = "varied_middle", "varied_spread"
#: The same of how alike the requests of their members are.
ALIKE_MIDDLE, ALIKE_SPREAD = "alike_middle", "alike_spread"
#: The same of requests from prompts of a group's own.
HANDED_MIDDLE, HANDED_SPREAD = "handed_middle", "handed_spread"
#: How much everybody's volume differs, log2.
VOLUME_SPREAD = "volume_spread"
#: How much the sizes of everybody's requests differ, log2.
SIZES_SPREAD = "sizes_spread"
#: Accounts that the provider closed.
CLOSED = "closed"
#: Accounts of whom an ``item`` is known: created, domain, organization.
KNOWN = "known"
#: Accounts of a domain or organization (``number``) that a candidate belongs to.
DOMAIN, ORGANIZATION = "domain", "organization"
#: Those of them (``number``) that are firms', by what most of their accounts work from.
FIRM_DOMAIN, FIRM = "firm_domain", "firm"
#: Organizations (``number``) that were allow-listed.
ALLOWED_ORGANIZATION = "allowed_organization"
#: Rank of a model (``item``) by what a token of it costs, 0–1.
PRICE_RANK = "price_rank"
