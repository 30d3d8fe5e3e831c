"""The timeline of a cluster as charts; each is drawn from the same frame that its table shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

#: Observed, expected, and text and marks. Each has a contrast of at least 4.5:1 on the ground of its theme.
COLOURS = {"light": ("#1d5fae", "#a8480a", "#31333f"), "dark": ("#82b8ff", "#f7b267", "#e6e8ec")}
#: Lines of text over which the names of releases are spread, so that two of one week do not overlap.
_LINES = 3
#: Pixels beside the charts of days for the figures of their axes.
_ROOM = {"minExtent": 40, "maxExtent": 40}
#: Days from which a chart says the year.
_YEAR = 300


def events(timeline: pd.DataFrame, releases: pd.DataFrame, theme: str) -> alt.LayerChart | alt.FacetChart:
    """Exchanges a day as bars, the expectation as a dashed line, releases as marked days.

    ``timeline``: rows of the table of that name; ``releases``: model and released_at within its days.
    """
    import altair as alt

    observed, expected, _ = COLOURS[theme]
    days = _days(timeline)
    bars = (
        alt.Chart(days)
        .mark_bar(color=observed, opacity=0.85, width=_bar(days))
        .encode(
            x=_across(days, theme),
            y=_up("events", theme),
            tooltip=[
                alt.Tooltip("date:N", title="day (UTC)"),
                alt.Tooltip("events:Q", title="exchanges", format=","),
                alt.Tooltip("expected_events:Q", title="expected", format=",.1f"),
                alt.Tooltip("accounts:Q", title="active members", format=","),
            ],
        )
    )
    line = (
        alt.Chart(days.dropna(subset=["expected_events"]))
        .mark_line(color=expected, strokeDash=[6, 4], strokeWidth=2.5)
        .encode(x=_across(days, theme), y=_up("expected_events", theme))
    )
    return alt.layer(bars, line, *_releases(releases, theme)).properties(height=260)


def active(timeline: pd.DataFrame, releases: pd.DataFrame, theme: str) -> alt.LayerChart | alt.FacetChart:
    """Active members a day."""
    import altair as alt

    days = _days(timeline)
    chart = (
        alt.Chart(days)
        .mark_line(color=COLOURS[theme][0], strokeWidth=2.5, interpolate="step", point=len(days) <= 31)
        .encode(
            x=_across(days, theme),
            y=_up("accounts", theme),
            tooltip=[
                alt.Tooltip("date:N", title="day (UTC)"),
                alt.Tooltip("accounts:Q", title="active members", format=","),
            ],
        )
    )
    # The chart above says the names of the releases; here they would stand in the line.
    return alt.layer(chart, *_releases(releases, theme)[:1]).properties(height=180)


#: Name of the choice that a reader makes on the brush.
BRUSH = "days"


def brush(timeline: pd.DataFrame, theme: str) -> alt.Chart:
    """Exchanges a day, small, to drag across: the days chosen are the interval of the parameter BRUSH."""
    import altair as alt

    days = _days(timeline)
    interval = alt.selection_interval(name=BRUSH, encodings=["x"])
    chart: alt.Chart = (
        alt.Chart(days)
        .mark_bar(color=COLOURS[theme][0], width=_bar(days))
        .encode(x=_across(days, theme), y=alt.Y("events:Q", title=None, axis=_aside(theme)))
        .add_params(interval)
        .properties(height=100)
    )
    return chart


def lanes(
    moments: pd.DataFrame, crowds: pd.DataFrame, accounts: list[str], span: tuple[pd.Timestamp, pd.Timestamp],
    releases: pd.DataFrame, theme: str, said: str,
) -> alt.LayerChart | alt.FacetChart:  # fmt: skip
    """A lane for each of ``accounts``, a mark for each moment, a band for each crowd, from one time to another (UTC).

    ``moments``: account_id, moment, in_crowd; ``crowds``: moment, accounts, expected. ``said``: the chart in words,
    which stand for its marks: a thousand of them are nothing to listen to.
    """
    import altair as alt
    import pandas as pd

    slot = pd.Timedelta(minutes=10)
    colour, stands_out, text = COLOURS[theme]
    across = alt.X(
        "at:T", title=None, scale=alt.Scale(type="utc", domain=[_at(edge) for edge in span]),
        axis=_axis(theme, format="%H:%M", grid=False)
        if span[1] - span[0] <= pd.Timedelta(days=1)
        else _axis(theme, format="%d %b", grid=True, tickCount={"interval": "day", "step": 1}),
    )  # fmt: skip
    down = alt.Y(
        "account_id:N", title=None, scale=alt.Scale(domain=accounts),
        axis=alt.Axis(labelColor=text, labelFontSize=11, labelLimit=170, grid=True, tickBand="center"),
    )  # fmt: skip
    said_of = [alt.Tooltip("account_id:N", title="account"), alt.Tooltip("begins:N", title="begins, UTC")]
    rows = moments.assign(at=moments["moment"] + slot / 2, begins=moments["moment"].dt.strftime("%Y-%m-%d %H:%M"))
    alone = alt.Chart(rows[~rows["in_crowd"]]).mark_tick(
        color=colour, aria=False, orient="vertical", thickness=2, size=6
    )
    inside = alt.Chart(rows[rows["in_crowd"]]).mark_tick(
        color=stands_out, aria=False, orient="vertical", thickness=3, size=14
    )
    bands = crowds.assign(at=crowds["moment"], end=crowds["moment"] + slot)
    layers = [
        alt.Chart(bands[["at", "end"]])
        .mark_rect(color=stands_out, aria=False, opacity=0.25)
        .encode(x=across, x2="end:T"),
        alone.encode(x=across, y=down, tooltip=said_of),
        inside.encode(x=across, y=down, tooltip=said_of),
        *_releases(releases, theme)[:1],
    ]
    return alt.layer(*layers).properties(height=alt.Step(16), description=said)


def line(rows: pd.DataFrame, column: str, theme: str) -> alt.Chart:
    """One figure over time, from 0: ``rows`` hold ``as_of`` and ``column``."""
    import altair as alt

    across = alt.X("as_of:T", title=None, scale=alt.Scale(type="utc"), axis=_axis(theme, format="%d %b"))
    tooltip = [alt.Tooltip("utcyearmonthdate(as_of):T", title="as of"), alt.Tooltip(f"{column}:Q", format=",.3~f")]
    chart: alt.Chart = (
        alt.Chart(rows)
        .mark_line(color=COLOURS[theme][0], strokeWidth=2.5, point=True)
        .encode(x=across, y=alt.Y(f"{column}:Q", title=None, axis=_axis(theme)), tooltip=tooltip)
        .properties(height=180)
    )
    return chart


def every_day(timeline: pd.DataFrame) -> pd.DataFrame:
    """``timeline`` with a row for each day from its first to its last: a day without activity is a day with none."""
    import pandas as pd

    days = pd.date_range(timeline["day"].min(), timeline["day"].max(), freq="D").date
    filled = timeline.set_index("day").reindex(days).rename_axis("day").reset_index()
    counts = ["accounts", "events", "tokens"]
    filled[counts] = filled[counts].fillna(0).astype("int64")
    return filled


def _days(timeline: pd.DataFrame) -> pd.DataFrame:
    """Days as moments of UTC, and in words: a browser elsewhere must not put them on the day before."""
    import pandas as pd

    return timeline.assign(date=timeline["day"].astype(str), day=pd.to_datetime(timeline["day"], utc=True))


def _across(days: pd.DataFrame, theme: str) -> alt.X:
    import altair as alt
    import pandas as pd

    edge = pd.Timedelta(hours=14)
    domain = [_at(days["day"].min() - edge), _at(days["day"].max() + edge)]
    return alt.X(
        "day:T", title=None, scale=alt.Scale(type="utc", domain=domain), axis=_axis(theme, format=_dates(days))
    )


def _at(time: pd.Timestamp) -> alt.DateTime:
    import altair as alt

    return alt.DateTime(year=time.year, month=time.month, date=time.day, hours=time.hour, utc=True)


def _dates(days: pd.DataFrame) -> str:
    """Format of the days below a chart: with the year where one day of the year may come twice."""
    return "%b %Y" if (days["day"].max() - days["day"].min()).days >= _YEAR else "%d %b"


def _up(column: str, theme: str) -> alt.Y:
    import altair as alt

    return alt.Y(f"{column}:Q", title=None, axis=_axis(theme, format="~s", tickMinStep=1, **_ROOM))


def _aside(theme: str) -> alt.Axis:
    """An axis that is not seen and takes the room of one that is: so a day stands in one place in every chart."""
    return _axis(theme, labels=False, ticks=False, domain=False, grid=False, **_ROOM)


def _axis(theme: str, **settings: Any) -> alt.Axis:
    import altair as alt

    return alt.Axis(labelColor=COLOURS[theme][2], labelFontSize=12, **settings)


def _bar(days: pd.DataFrame) -> float:
    return float(max(2, min(24, 700 / ((days["day"].max() - days["day"].min()).days + 1))))


def _releases(releases: pd.DataFrame, theme: str) -> list[alt.Chart]:
    """A dotted line for each release, and its name beside it."""
    import altair as alt

    if releases.empty:
        return []
    colour = COLOURS[theme][2]
    marks = releases.sort_values(["released_at", "model"], ignore_index=True)
    lines = alt.Chart(marks).mark_rule(color=colour, strokeDash=[2, 3], strokeWidth=2).encode(x="released_at:T")
    names = [
        alt.Chart(marks.iloc[line::_LINES])
        .mark_text(color=colour, align="left", baseline="top", dx=5, fontSize=12)
        .encode(x="released_at:T", y=alt.value(15 * line), text="model:N")
        for line in range(min(_LINES, len(marks)))
    ]
    return [lines, *names]
