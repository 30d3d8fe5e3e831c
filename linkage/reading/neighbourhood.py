"""What lies around an account or an identifier, who is on a hub, and what two accounts share."""

from __future__ import annotations

from linkage.errors import UsageError
from linkage.model.graph import Account, Common, Cut, Identifier, Neighbourhood, Page
from linkage.stores.graph import GraphReader

#: Uses that a neighbourhood may reach over: further out, a hub's worth of strangers drowns what was asked for.
DEEPEST = 2


def neighbourhood(
    graph: GraphReader, *, account: int | None, identifier: int | None, depth: int, limit: int, each: int
) -> Neighbourhood:
    """The graph up to ``depth`` uses from one account or identifier.

    Of an account the ``each`` identifiers worth most are followed, of an identifier its first ``each`` accounts; at
    most ``limit`` nodes are taken, the nearest and then the earliest in that order. Whatever stays out is in the cuts.

    Raises:
        UsageError: not exactly one start, or it is not in the graph, or a limit is out of range.
    """
    if (account is None) == (identifier is None):
        raise UsageError("a neighbourhood is of one account, or of one identifier")
    if not 1 <= depth <= DEEPEST:
        raise UsageError(f"the depth of a neighbourhood is from 1 to {DEEPEST}")
    if limit < 2 or each < 1:
        raise UsageError("a neighbourhood needs room for at least 2 nodes, and for one at each of them")
    # Both in the order in which they are reached.
    people: dict[int, None] = {} if account is None else {account: None}
    things: dict[int, None] = {} if identifier is None else {identifier: None}
    start = require_accounts(graph, account)[0] if account is not None else require_identifier(graph, identifier or 0)
    expanded: list[tuple[bool, list[int]]] = []
    frontier, outward = [*people, *things], account is not None
    for _ in range(depth):
        expanded.append((outward, frontier))
        found = graph.used_by(frontier, each) if outward else graph.users_of(frontier, each)
        owner, other = (found.account, found.identifier) if outward else (found.identifier, found.account)
        reached: dict[int, list[int]] = {node: [] for node in frontier}
        for node, neighbour in zip(owner.tolist(), other.tolist(), strict=True):
            reached[node].append(neighbour)
        taken = things if outward else people
        before = len(taken)
        for neighbour in (neighbour for node in frontier for neighbour in reached[node]):
            if len(people) + len(things) < limit:
                taken.setdefault(neighbour)
        frontier, outward = list(taken)[before:], not outward
    accounts = graph.accounts(people)
    identifiers = graph.identifiers(things)
    uses = tuple(graph.between(people, things))
    shown: dict[str, int] = {}
    for use in uses:
        for node in (f"a:{use.account}", f"i:{use.identifier}"):
            shown[node] = shown.get(node, 0) + 1
    asked = [f"{'a' if outward else 'i'}:{node}" for outward, nodes in expanded for node in nodes]
    total = {one.node: one.degree for one in identifiers}
    for outward, nodes in expanded:
        if outward:
            total |= {f"a:{account}": number for account, number in graph.reach(nodes).items()}
    return Neighbourhood(
        refresh_id=graph.refresh_id,
        start=start.node,
        depth=depth,
        accounts=tuple(accounts),
        identifiers=tuple(identifiers),
        uses=uses,
        cuts=tuple(Cut(node, shown.get(node, 0), total[node]) for node in asked if shown.get(node, 0) < total[node]),
    )


def accounts_on(graph: GraphReader, identifier: int, *, after: int | None, limit: int) -> Page:
    """Accounts on an identifier by surrogate id, ``limit`` of those above ``after``.

    Raises:
        UsageError: the identifier is not in the graph, or ``limit`` < 1.
    """
    if limit < 1:
        raise UsageError("a page has at least one row")
    found = require_identifier(graph, identifier)
    listed = graph.users_of([identifier], limit + 1, -1 if after is None else after).account.tolist()
    page = listed[:limit]
    return Page(
        refresh_id=graph.refresh_id,
        identifier=found,
        accounts=tuple(graph.accounts(page)),
        uses=tuple(graph.between(page, [identifier])),
        total=found.degree,
        next_after=page[-1] if len(listed) > limit else None,
    )


def common(graph: GraphReader, a: int, b: int, *, limit: int) -> Common:
    """Identifiers that accounts ``a`` and ``b`` both used, worth most first, at most ``limit`` of them.

    Raises:
        UsageError: an account is not in the graph, both are the same, or ``limit`` < 1.
    """
    if limit < 1:
        raise UsageError("a list has at least one row")
    if a == b:
        raise UsageError("a pair is two different accounts")
    first, second = require_accounts(graph, a, b)
    shared = graph.shared([a, b], limit)
    found = [item for item, _both in shared.identifiers]
    uses = {(use.account, use.identifier): use for use in graph.between([a, b], [item.identifier for item in found])}
    return Common(
        refresh_id=graph.refresh_id,
        accounts=(first, second),
        shared=tuple((item, uses[a, item.identifier], uses[b, item.identifier]) for item in found),
        total=shared.total,
    )


def require_accounts(graph: GraphReader, *accounts: int) -> tuple[Account, ...]:
    """The accounts, in this order.

    Raises:
        UsageError: one has no event in the window.
    """
    found = {one.account: one for one in graph.accounts(accounts)}
    if not found.keys() >= {*accounts}:
        raise UsageError(
            f"that account has no event in the window of refresh {graph.refresh_id}",
            hint="Refresh with a longer --window, or name another refresh with --refresh.",
        )
    return tuple(found[account] for account in accounts)


def require_identifier(graph: GraphReader, identifier: int) -> Identifier:
    """The identifier.

    Raises:
        UsageError: fewer than two accounts used it in the window.
    """
    found = graph.identifiers([identifier])
    if not found:
        raise UsageError(
            f"no two accounts share that identifier in the window of refresh {graph.refresh_id}",
            hint="`linkage lookup` also lists identifiers with a single account.",
        )
    return found[0]


def require_members(graph: GraphReader, cluster: str) -> list[Account]:
    """Members of the cluster.

    Raises:
        UsageError: there is no such cluster.
    """
    found = graph.members(cluster)
    if not found:
        raise no_cluster(graph)
    return found


def no_cluster(graph: GraphReader) -> UsageError:
    """What is said where nobody is in a cluster."""
    return UsageError(
        f"there is no such cluster at refresh {graph.refresh_id}",
        hint="`linkage clusters` lists them; `linkage lineage` says what became of earlier ones.",
    )
