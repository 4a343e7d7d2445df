#!/usr/bin/env python3
"""Draws the panels of a Grafana dashboard from a Prometheus, laid out as Grafana lays them out.

    python3 tools/plot_dashboard.py deploy/grafana/dashboard.json http://127.0.0.1:9090 out.png \
        --start 1767225600 --end 1767225900 --rate-interval 20s

Every variable is taken for "all". Needs matplotlib (tools/requirements-picture.txt).
"""

import argparse
import json
import re
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  the backend has to be chosen before
from matplotlib.dates import DateFormatter, date2num  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: E402
from datetime import datetime, timezone  # noqa: E402
from PIL import Image  # noqa: E402  comes with matplotlib

PAGE, PANEL, LINE, TEXT, FAINT = "#111217", "#181b1f", "#2c3038", "#ccccdc", "#8e8e9c"
NAMED = {
    "green": "#73bf69", "dark-green": "#37872d", "red": "#f2495c", "orange": "#ff9830", "yellow": "#fade2a",
    "blue": "#5794f2", "super-light-blue": "#c0d8ff", "text": "#9fa7b3", "transparent": "none",
}  # fmt: skip
CLASSIC = ["#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0", "#508642", "#cca300"]
COLUMN, ROW = 0.62, 0.31  # inches of a column and a row of the grid
LEGENDS = 8  # series that a legend names; Grafana scrolls there
POINTS = 240


class Prometheus:
    """Answers expressions of the dashboard over one range of time."""

    def __init__(self, url, start, end, rate_interval):
        self.url, self.start, self.end = url, start, end
        self.step = max(1, (end - start) // POINTS)
        self.variables = {
            "$__rate_interval": rate_interval, "$__range": f"{end - start}s", "$__interval": f"{self.step}s",
            "$namespace": ".*", "$release": ".*", "$snapshot": ".*",
        }  # fmt: skip

    def ask(self, path, **parameters):
        for variable, value in self.variables.items():
            parameters["query"] = parameters["query"].replace(variable, value)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}") as answer:
            return json.load(answer)["data"]["result"]

    def now(self, target):
        """The values of an expression at the end of the range."""
        return [float(series["value"][1]) for series in self.ask("query", query=target["expr"], time=self.end)]

    def series(self, panel):
        """(legend, times, values) of every series of a panel that has a value."""
        for target in panel["targets"]:
            found = self.ask("query_range", query=target["expr"], start=self.start, end=self.end, step=self.step)
            for one in found:
                legend = re.sub(r"{{(\w+)}}", lambda label: one["metric"].get(label[1], ""), target["legendFormat"])
                times = [date2num(datetime.fromtimestamp(time, timezone.utc)) for time, _ in one["values"]]
                values = [float(value) for _, value in one["values"]]
                if any(value == value for value in values):
                    yield legend.strip() or panel["title"], times, values


def short(value):
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def readable(value, unit):
    """A value as Grafana shows it in this unit."""
    if value != value:
        return "–"
    if unit == "s":
        for limit, name in ((3600, "h"), (60, "min")):
            if abs(value) >= limit:
                return f"{value / limit:.3g} {name}"
        return f"{value * 1000:.3g} ms" if 0 < abs(value) < 1 else f"{value:.3g} s"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit in ("bytes", "Bps"):
        return short(value) + ("B/s" if unit == "Bps" else "B")
    return short(value) + (" " + unit.removeprefix("suffix: ") if unit.startswith("suffix: ") else "")


def colour_at(value, thresholds):
    steps = [step for step in thresholds["steps"] if step["value"] is None or value >= step["value"]]
    return NAMED[steps[-1]["color"]]


def stat(ax, panel, prometheus):
    defaults = panel["fieldConfig"]["defaults"]
    values = prometheus.now(panel["targets"][0])
    value = values[0] if values else None
    if value is not None and defaults.get("decimals") == 0 and defaults["unit"] == "short":
        value = round(value)
    text = defaults["noValue"] if value is None else readable(value, defaults["unit"])
    colour = NAMED["text"] if value is None else colour_at(value, defaults["thresholds"])
    ax.text(0.5, 0.4, text, color=colour, fontsize=22, ha="center", va="center", weight="bold", transform=ax.transAxes)
    ax.axis("off")


def timeseries(ax, panel, prometheus):
    defaults = panel["fieldConfig"]["defaults"]
    custom, unit = defaults["custom"], defaults["unit"]
    fixed = {
        override["matcher"]["options"]: NAMED[override["properties"][0]["value"]["fixedColor"]]
        for override in panel["fieldConfig"]["overrides"]
    }
    alpha, below, handles = custom["fillOpacity"] / 100, {}, []
    found = sorted(prometheus.series(panel), key=lambda one: one[0])
    for index, (legend, times, values) in enumerate(found):
        colour = fixed.get(legend, CLASSIC[index % len(CLASSIC)])
        if "stacking" in custom:
            base = [below.get(time, 0.0) for time in times]
            top = [low + (0.0 if value != value else value) for low, value in zip(base, values)]
            below.update(zip(times, top))
        else:
            base, top = [0.0] * len(times), values
        if custom["drawStyle"] == "bars":
            width = (times[1] - times[0]) if len(times) > 1 else 1e-5
            ax.bar(times, [high - low for high, low in zip(top, base)], width, base, color=colour, alpha=0.8)
        else:
            ax.plot(times, top, color=colour, linewidth=1.1)
            ax.fill_between(times, base, top, color=colour, alpha=alpha, linewidth=0)
        real = [value for value in values if value == value]
        summary = {"lastNotNull": real[-1], "max": max(real), "mean": sum(real) / len(real), "sum": sum(real)}
        calcs = "  ".join(
            f"{'last' if calc == 'lastNotNull' else calc} {readable(summary[calc], unit)}"
            for calc in panel["options"]["legend"]["calcs"]
            if calc != "sum"
        )
        handles.append((plt.Line2D([], [], color=colour, linewidth=3), f"{legend}  {calcs}"))
    if not found:
        ax.text(0.5, 0.5, "No data", color=FAINT, ha="center", va="center", transform=ax.transAxes)
    if "max" in defaults:
        ax.set_ylim(0, defaults["max"])
    elif defaults.get("min") == 0:
        ax.set_ylim(0, max(ax.get_ylim()[1], 1e-9))
    for step in defaults.get("thresholds", {"steps": []})["steps"]:
        if step["value"] is not None and step["value"] <= ax.get_ylim()[1]:
            ax.axhline(step["value"], color=NAMED[step["color"]], linestyle="--", linewidth=0.9)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: readable(value, unit)))
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=defaults.get("decimals") == 0))
    if len(handles) > LEGENDS:
        handles[LEGENDS - 1 :] = [(plt.Line2D([], [], color="none"), f"and {len(handles) - LEGENDS + 1} more")]
    wide = panel["gridPos"]["w"] > 8
    columns = 1 if len(handles) <= 2 or (not wide and len(handles) <= 4) else 2
    if not wide:
        handles = [(line, text if columns == 1 else text.split("  ")[0]) for line, text in handles]
    if handles:
        ax.legend(
            *zip(*handles), loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncol=columns, fontsize=6.3,
            frameon=False, labelcolor=TEXT, handlelength=1, labelspacing=0.25, columnspacing=1, borderpad=0,
        )  # fmt: skip
    return -(-len(handles) // columns)


def heatmap(ax, panel, prometheus):
    rows = [(float(legend), times, values) for legend, times, values in prometheus.series(panel)]
    rows.sort(key=lambda row: row[0])
    times, lower, table = rows[0][1], [0.0] * len(rows[0][1]), []
    for _, _, values in rows:
        table.append([max(0.0, value - low) for value, low in zip(values, lower)])
        lower = values
    used = [index for index, row in enumerate(table) if max(row) > 0.01] or [0]
    first, last = max(0, used[0] - 1), min(len(table), used[-1] + 2)
    cells = [[value or float("nan") for value in row] for row in table[first:last]]
    ax.pcolormesh(times, range(last - first), cells, cmap="Oranges", shading="nearest", vmin=0)
    ax.set_yticks(range(last - first), [readable(rows[index][0], "s") for index in range(first, last)])
    return 0


def state_timeline(ax, panel, prometheus):
    thresholds = panel["fieldConfig"]["defaults"]["thresholds"]
    found = sorted(prometheus.series(panel), key=lambda one: one[0], reverse=True)
    for index, (_, times, values) in enumerate(found):
        width = times[1] - times[0]
        colours = [colour_at(value, thresholds) for value in values]
        ax.broken_barh([(time, width) for time in times], (index - 0.38, 0.76), facecolors=colours)
    ax.set_yticks(range(len(found)), [legend for legend, _, _ in found])
    return 0


DRAW = {"timeseries": timeseries, "heatmap": heatmap, "state-timeline": state_timeline}


def draw(dashboard, prometheus, out):
    panels = dashboard["panels"]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = plt.figure(figsize=(24 * COLUMN, (height + 2) * ROW), facecolor=PAGE)

    def box(x, y, w, h):
        """A place of the grid as parts of the figure, below a heading of two rows."""
        return [x / 24, 1 - (y + 2 + h) / (height + 2), w / 24, h / (height + 2)]

    figure.text(0.008, 1 - 1.2 / (height + 2), dashboard["title"], color=TEXT, fontsize=15, weight="bold", va="center")
    for panel in panels:
        x, y, w, h = (panel["gridPos"][side] for side in ("x", "y", "w", "h"))
        if panel["type"] == "row":
            left, bottom, _, tall = box(x, y, w, h)
            figure.text(left + 0.008, bottom + tall / 3, panel["title"], color=TEXT, fontsize=11)
            continue
        frame = figure.add_axes(box(x + 0.07, y + 0.12, w - 0.14, h - 0.24), facecolor=PANEL)
        frame.set(xticks=[], yticks=[])
        frame.spines[:].set_color(LINE)
        frame.text(0.09 / w * 2, 1 - 0.35 / h, panel["title"], color=TEXT, fontsize=9, va="top", transform=frame.transAxes)
        if panel["type"] == "stat":
            stat(figure.add_axes(box(x, y, w, h), facecolor="none"), panel, prometheus)
            continue
        left = 2.1 if panel["type"] == "state-timeline" else 1.25
        ax = figure.add_axes(box(x + left, y + 1.3, w - left - 0.4, h - 2.35), facecolor=PANEL)
        lines = DRAW[panel["type"]](ax, panel, prometheus)
        ax.set_position(box(x + left, y + 1.3, w - left - 0.4, h - 2.35 - 0.5 * lines))
        if lines:
            plot = h - 2.35 - 0.5 * lines
            ax.get_legend().set_bbox_to_anchor((-0.03, -0.75 / plot))
        ax.xaxis_date()
        ax.xaxis.set_major_formatter(DateFormatter("%H:%M:%S"))
        ax.xaxis.set_major_locator(MaxNLocator(6 if w > 8 else 3))
        span = [date2num(datetime.fromtimestamp(at, timezone.utc)) for at in (prometheus.start, prometheus.end)]
        ax.set_xlim(*span)
        ax.tick_params(colors=FAINT, labelsize=6.5, length=0)
        ax.grid(color=LINE, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.spines[:].set_visible(False)
    figure.savefig(out, dpi=96, facecolor=PAGE)
    # A palette is enough, and a third of the size.
    Image.open(out).convert("RGB").quantize(128).save(out, optimize=True)


def main():
    parser = argparse.ArgumentParser(description="Draws the panels of a Grafana dashboard from a Prometheus.")
    parser.add_argument("dashboard")
    parser.add_argument("prometheus", metavar="URL")
    parser.add_argument("out")
    parser.add_argument("--start", type=int, required=True, help="seconds since 1970")
    parser.add_argument("--end", type=int, required=True, help="seconds since 1970")
    parser.add_argument("--rate-interval", default="2m", help="what $__rate_interval stands for")
    arguments = parser.parse_args()
    with open(arguments.dashboard, encoding="utf-8") as file:
        dashboard = json.load(file)
    prometheus = Prometheus(arguments.prometheus, arguments.start, arguments.end, arguments.rate_interval)
    draw(dashboard, prometheus, arguments.out)


if __name__ == "__main__":
    main()
