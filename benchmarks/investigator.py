"""``python -m benchmarks.investigator``: what a person waits for at the screen, in Chromium, beside a page that does
nothing: a million accounts, and a flagged cluster of 25,000.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import investigator_world, results
from benchmarks.processes import say
from benchmarks.screen import PAINTED, Server, Waited, browser, done, idle, screen, shown, waited
from linkage import Workspace
from linkage.model.lanes import MOST_LANES

if TYPE_CHECKING:
    import pandas as pd
    from playwright.sync_api import BrowserContext, Locator, Page

#: Seconds that 95 of 100 waits should stay below: of any step, and from a click in the graph to its panel.
BAR, GRAPH_BAR = 2.0, 0.5
OPENING, CLICK = "idle page: opening", "idle page: another tab"
QUEUE, CLUSTER = "queue", "cluster: summary, by its link"
SELECT, BEHIND = "graph: a click to what touches it", "graph: a click to the accounts behind it"
#: Members that are listed before all of them are asked for.
LISTED = 1_000
#: Parts of linkage that the figures depend on.
SHOWING = ("model", "reading", "stores", "ui", "workspace")

Wait = tuple[str, Waited]


def idle_round(page: Page, server: Server) -> Iterator[Wait]:
    """Open the page that does nothing, and change its tab."""
    here = page.get_by_text("Nothing is here.")
    yield OPENING, waited(page, lambda: page.goto(server.url), here)
    other = page.get_by_text("Nothing else is here.")
    yield CLICK, waited(page, page.get_by_role("tab", name="other").click, other)


class Desk:
    """One visit of an investigator: the queue, one cluster by its link, and everything on its page once."""

    def __init__(self, page: Page, server: Server, cluster: str, refresh: str, names: pd.Series) -> None:
        self.page, self.server, self.cluster, self.names = page, server, cluster, names
        self.link = f"{server.url}/cluster?cluster={cluster}&refresh={refresh}"

    def round(self) -> Iterator[Wait]:
        """Every step with its seconds, in the order in which they were done."""
        page = self.page
        yield QUEUE, waited(page, lambda: page.goto(self.server.url), rows=True)
        held = page.get_by_role("heading", name="What holds it together")
        yield CLUSTER, waited(page, lambda: page.goto(self.link), held)
        for part in (self._evidence, self._members, self._timeline, self._what_if):
            yield from part()
        # A cluster that follows from none has nothing to compare, and says so.
        compared = page.get_by_text("Terms for and against").or_(page.get_by_text("all of it is new at this refresh"))
        yield "changes: the tab", self._tab("changes", compared.first)
        yield "history: the tab", self._tab("history", page.get_by_text("the latest first").first)
        yield "case: the tab", self._tab("case", page.get_by_role("radio", name="Confirmed"))
        yield "rows: the tab", self._tab("rows", page.get_by_text("of the table clusters that speak of"))
        yield "summary: the tab", self._tab("summary", held)

    def _tab(self, name: str, *there: Locator) -> Waited:
        return waited(self.page, self.page.get_by_role("tab", name=name, exact=True).click, *there)

    def _entered(self, box: str, text: str, *there: Locator) -> Waited:
        """Type into a box and press Enter; the typing is not measured."""
        shown = self.page.get_by_role("textbox", name=box)
        shown.fill(text)
        return waited(self.page, lambda: shown.press("Enter"), *there)

    def _opened(self, box: str) -> None:
        """Open the list of a box; a list closes where the page moves under it, so it is brought into sight first."""
        shown = self.page.get_by_role("combobox", name=box)
        shown.scroll_into_view_if_needed()
        self.page.evaluate(PAINTED)
        shown.click()

    def _evidence(self) -> Iterator[Wait]:
        page = self.page
        canvas = page.locator(".canvas[data-shown]")
        yield "evidence: the tab", self._tab("evidence", canvas)
        canvas.scroll_into_view_if_needed()
        panel = page.locator(".panel:has(> .tables)")
        single = "(node.data('shape') === 'round-rectangle' || !node.data('group'))"
        mark = self._place(canvas, f"node => {single}")
        yield SELECT, shown(page, lambda: canvas.click(position=mark), panel)
        accounts = page.get_by_text("surest members first; rows of members and sightings")
        done(page, accounts)
        canvas.scroll_into_view_if_needed()
        other = self._place(canvas, f"node => {single} && !node.hasClass('chosen')")
        others = accounts.filter(has_not_text=accounts.inner_text())
        yield BEHIND, waited(page, lambda: canvas.click(position=other), others)
        page.get_by_role("toolbar").scroll_into_view_if_needed()
        group = self._place(canvas, "node => node.data('group')")
        out = page.get_by_text("accounts out of them").first
        yield "graph: a group is opened", waited(page, lambda: canvas.dblclick(position=group), out)

    @staticmethod
    def _place(canvas: Locator, which: str) -> Any:
        """Where the largest of some marks stands on the canvas: of those whose middle no other mark covers."""
        return canvas.evaluate(
            """(element, which) => {
                const cy = element._cyreg.cy, asked = eval(which), nodes = cy.nodes().toArray();
                const { clientWidth: width, clientHeight: height } = element;
                const inside = ({ x, y }) => x > 8 && y > 8 && x < width - 8 && y < height - 8;
                const free = (node) => inside(node.renderedPosition()) && nodes.every((other) => {
                    const a = node.renderedPosition(), b = other.renderedPosition();
                    return other === node || Math.hypot(a.x - b.x, a.y - b.y) > other.renderedWidth() / 2 + 2;
                });
                const found = nodes.filter((node) => asked(node) && free(node));
                found.sort((a, b) => b.data("accounts") - a.data("accounts"));
                return found[0].renderedPosition();
            }""",
            which,
        )

    def _members(self) -> Iterator[Wait]:
        page = self.page
        listed = page.get_by_text("listed, surest first")
        yield "members: the tab", self._tab("members", listed)
        size = f"{len(self.names):,}"
        one, some = (
            page.get_by_text(re.compile(f"^{number:,} of {size} members listed"))
            for number in (1, min(LISTED, len(self.names)))
        )
        yield "members: a search", self._entered("Account or reason contains", self.names.iloc[-1], one)
        self._entered("Account or reason contains", "", some)
        every = page.get_by_text(f"List all {size}")
        if len(self.names) > LISTED:
            whole = page.get_by_text(f"{size} of {size} members listed")
            yield "members: all of them", waited(page, every.click, whole)

    def _timeline(self) -> Iterator[Wait]:
        page = self.page
        brush = page.locator("[data-testid=stVegaLiteChart] svg.marks").first
        lanes = page.locator('[data-testid=stVegaLiteChart][aria-label*="The tables below say the same"] svg.marks')
        yield "timeline: the tab", self._tab("timeline", brush, lanes)
        box = brush.bounding_box()
        assert box is not None
        height = box["y"] + box["height"] / 3
        page.mouse.move(box["x"] + box["width"] * 0.5, height)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, height, steps=8)
        chosen = page.get_by_text("chosen on the timeline: charts and table show these days")
        yield "timeline: days are brushed", waited(page, page.mouse.up, chosen, lanes)
        yield (
            "timeline: all days again",
            waited(page, page.get_by_role("button", name="All days").click, lanes, again=True),
        )
        if len(self.names) > MOST_LANES:
            self._opened("Lanes")
            second = page.get_by_role("option", name=re.compile(f"^{MOST_LANES + 1}–"))
            yield "lanes: the next page", waited(page, second.click, lanes, again=True)
        found = page.get_by_text("1 of which match")
        yield "lanes: a search", self._entered("Accounts", self.names.iloc[-1], found, lanes)

    def _what_if(self) -> Iterator[Wait]:
        page = self.page
        outcome = re.compile(r"^0 of .* left out. Summed anew"), re.compile(r"^[1-9].* left out. Summed anew")
        whole, without = map(page.get_by_text, outcome)
        yield "what-if: the tab", self._tab("what-if", whole)
        self._opened("Without the kind")
        yield "what-if: without a kind", waited(page, page.get_by_role("option").first.click, without)
        # The list stays open for more, and nothing else of the page can be reached while it is.
        page.keyboard.press("Escape")


def measure(context: BrowserContext, rounds: int, visit: Callable[[Page], Iterator[Wait]]) -> dict[str, list[Waited]]:
    """Seconds of every step in each of ``rounds`` visits, each on a page of its own."""
    found: dict[str, list[Waited]] = {}
    for number in range(rounds):
        page = context.new_page()
        for name, waited_for in visit(page):
            found.setdefault(name, []).append(waited_for)
        page.close()
        say(
            f"round {number + 1} of {rounds}: "
            + ", ".join(f"{name} {each[-1].wall:.2f}" for name, each in found.items())
        )
    return found


def rows_of(found: dict[str, list[Waited]]) -> list[dict[str, str]]:
    """Figures of every step, and how many times what the page that does nothing takes."""
    rows: list[dict[str, str]] = []
    level = {name: _percentile([each.wall for each in waits], 0.95) for name, waits in found.items()}
    for name, waits in found.items():
        wall, cpu = [each.wall for each in waits], [each.cpu for each in waits]
        beside = level[OPENING if name in (OPENING, QUEUE, CLUSTER) else CLICK]
        rows.append(
            {
                "step": name,
                "runs": str(len(waits)),
                "first_s": f"{wall[0]:.2f}",
                "p50_s": f"{_percentile(wall, 0.5):.2f}",
                "p95_s": f"{level[name]:.2f}",
                "max_s": f"{max(wall):.2f}",
                "times_idle": f"{level[name] / beside:.1f}",
                "cpu_p50_s": f"{_percentile(cpu, 0.5):.2f}",
                "cpu_p95_s": f"{_percentile(cpu, 0.95):.2f}",
                "bar_s": "" if name in (OPENING, CLICK) else f"{GRAPH_BAR if name == SELECT else BAR:.1f}",
            }
        )
    return rows


def _percentile(seconds: list[float], share: float) -> float:
    """The least of ``seconds`` that this share of them do not exceed."""
    return sorted(seconds)[max(math.ceil(share * len(seconds)) - 1, 0)]


def page(rows: list[dict[str, str]]) -> str:
    """The table of every size that was measured."""
    shown = {
        "accounts": "accounts",
        "members": "members of the cluster",
        "step": "step",
        "runs": "runs",
        "first_s": "first s",
        "p50_s": "p50 s",
        "p95_s": "p95 s",
        "max_s": "max s",
        "bar_s": "bar s",
        "times_idle": "× idle page (p95)",
        "cpu_p50_s": "CPU s, p50",
        "cpu_p95_s": "p95",
        "server_mib": "server MiB",
        "load": "load",
        "date": "date",
        "commit": "commit",
    }
    note = (
        "Seconds of the clock from a click, a key or a link until the server is done with it, what was asked for is on "
        "the screen, and the browser drew it. The panel of a click in the graph is what touches the mark, which the "
        "browser shows before the server answers: there it is what the browser's own clock says, and the accounts "
        "behind the mark, which come with the answer, are a step of their own. Every round is a session of its own in "
        "a browser that has the files of the screen; the first one is also the first that the server answers. CPU "
        "seconds are those of the server and the browser together: what other work on the machine hardly lengthens. "
        "Beside it, in every round: a page that does nothing, opened, and one of its tabs changed, on a server of the "
        "same kind."
    )
    return f"# At the screen\n\n{note}\n\n" + results.table(
        tuple(shown.values()), [[row[name] for name in shown] for row in rows]
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure one size, write the results, and end with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.investigator", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000, help="to expect of ninety days")
    parser.add_argument("--runs", type=int, default=50, help="visits, each of every step (default: 50)")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the workspace there, or use the one that is")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkage-bench-")))
        path = investigator_world.made(
            options.keep or scratch / "world", options.accounts, options.events, options.seed
        )
        workspace = Workspace(path)
        clusters = workspace.clusters().sort_values(["flagged", "size"], ascending=False)
        if clusters.empty:
            sys.exit("the refresh found no cluster to look at")
        largest = clusters.iloc[0]
        names = workspace.members(largest["cluster_id"]).sort_values("membership", ascending=False)["account_id"]
        refresh = workspace.snapshot().refresh_id
        say(f"cluster of {len(names):,} accounts, {'flagged' if largest['flagged'] else 'not flagged'}")
        # The browser is closed before the servers it looks at.
        idling = stack.enter_context(idle(scratch / "idle.log"))
        server = stack.enter_context(screen(path, scratch / "screen.log"))
        context = stack.enter_context(browser())
        started = time.perf_counter()

        def visit(page: Page) -> Iterator[Wait]:
            yield from idle_round(page, idling)
            yield from Desk(page, server, largest["cluster_id"], refresh, names).round()

        rows = rows_of(measure(context, options.runs, visit))
        say(f"{options.runs} rounds in {time.perf_counter() - started:.0f} s")
        common = {
            "accounts": f"{workspace.snapshot().table('accounts').num_rows:,}",
            "members": f"{len(names):,}",
            "flagged": str(bool(largest["flagged"])),
            "clusters": f"{len(clusters):,}",
            "server_mib": f"{server.mebibytes():.0f}",
            "load": f"{os.getloadavg()[0]:.1f}",
        }
    kept = options.results / "investigator.csv"
    results.put(kept, [results.stamp(SHOWING) | common | row for row in rows], ("accounts", "step"))
    results.save(options.results / "investigator.md", page(results.read(kept)))
    missed = [row["step"] for row in rows if row["bar_s"] and float(row["p95_s"]) > float(row["bar_s"])]
    bars = f"{BAR} s, {GRAPH_BAR} s from a click in the graph to its panel"
    say(f"bar of {bars}: {'missed by ' + ', '.join(missed) if missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
