"""The three plots of a results folder: throughput ratios, CPU time, latency in the open loop."""

from harness.figures import Runs, Spread, per_second, percentile, server_cpu_us
from harness.report import PAIRS, name
from harness.svg import Drawing, LinearScale, LogScale

LEFT, RIGHT, TOP, ROW = 430, 70, 62, 26
WIDTH = 990


def bars(title: str, axis: str, rows: list[tuple[str, Spread, str]], *, ratio: bool,
         form: str) -> str | None:
    """Horizontal bars: medians, and a line from the lowest to the highest round.

    `ratio`: on a scale of powers, from the line at 1 to either side.
    """
    if not rows:
        return None
    height = TOP + ROW * len(rows) + 60
    drawing = Drawing(WIDTH, height, title)
    drawing.words(16, 44, "bar: median of the rounds; line: lowest to highest", "small")
    end, bottom = WIDTH - RIGHT, TOP + ROW * len(rows) + 4
    if ratio:
        low = min(0.5, *(spread.lowest for _, spread, _ in rows)) * 0.9
        scale = LogScale(low, max(2, *(spread.highest for _, spread, _ in rows)) * 1.1, LEFT, end)
        base = scale(1)
    else:
        scale = LinearScale(max(spread.highest for _, spread, _ in rows) * 1.05, LEFT, end)
        base = LEFT
    for tick in scale.ticks():
        drawing.line(scale(tick), TOP - 6, scale(tick), bottom, "grid")
        drawing.words(scale(tick), bottom + 16, f"{tick:g}", "small", "middle")
    drawing.line(LEFT, bottom, end, bottom, "axis")
    drawing.words((LEFT + end) / 2, bottom + 38, axis, "", "middle")
    for index, (label, spread, kind) in enumerate(rows):
        y = TOP + ROW * index
        middle, place = y + ROW / 2 - 2, scale(spread.median)
        drawing.words(LEFT - 10, middle + 4, label, "", "end")
        drawing.box(min(base, place), y + 3, abs(place - base), ROW - 10, kind)
        drawing.line(scale(spread.lowest), middle, scale(spread.highest), middle, "spread")
        for edge in (spread.lowest, spread.highest):
            drawing.line(scale(edge), middle - 4, scale(edge), middle + 4, "spread")
        drawing.words(max(place, base, scale(spread.highest)) + 6, middle + 4,
                      format(spread.median, form), "small")
    if ratio:
        drawing.line(base, TOP - 6, base, bottom, "one")
    return drawing.text


def throughput(runs: Runs, titles: dict[str, str]) -> str | None:
    rows = []
    for ours, peer, theirs in PAIRS:
        spread = runs.ratio(("stock", ours), (peer, theirs), per_second)
        if spread:
            label = f"{name(ours)} to {titles[peer].split(',')[0]}"
            if ours != theirs:
                label += f", {name(theirs).split(', ', 1)[-1]}"
            rows.append((_short(label), spread, "a" if spread.median >= 1 else "b"))
    return bars("Throughput of stock to that of the others", "times as many a second "
                "(powers of ten)", rows, ratio=True, form=".2f")


def processor_time(runs: Runs, titles: dict[str, str]) -> str | None:
    cells = [("nginx", "hot"), ("stock", "hot"), ("webdis", "hot"), ("nginx_lua", "hot"),
             ("redis", "hot"), ("postgres", "hot-fast"), ("nginx", "spread"), ("stock", "spread"),
             ("webdis", "spread"), ("nginx_lua", "spread"), ("redis", "spread"),
             ("postgres", "spread-fast"), ("stock", "batch-hot"), ("redis", "hot-p100"),
             ("stock", "batch-many"), ("redis", "many-p100")]
    rows = [(_short(f"{titles[peer].split(',')[0]}: {name(scenario)}"), spread,
             "a" if peer == "stock" else "b")
            for peer, scenario in cells
            if (spread := runs.spread(peer, scenario, server_cpu_us))]
    return bars("CPU time of server and store", "microseconds a reserve (nginx: a request)", rows,
                ratio=False, form=".1f")


def _short(label: str) -> str:
    for long, short in (("synchronous_commit", "commit"), ("one hot product", "hot"),
                        (", 1,000 a request", ", in batches")):
        label = label.replace(long, short)
    return label


PERCENTILES = [("p50", "50"), ("p90", "90"), ("p99", "99"), ("p99_9", "99.9"),
               ("p99_99", "99.99")]


def latency(runs: Runs) -> str | None:
    """Open loop: median over the rounds of each percentile, in a band from lowest to highest."""
    lines = {peer: [runs.spread(peer, "open", percentile(key)) for key, _ in PERCENTILES]
             for peer in ("nginx", "stock")}
    if not all(all(points) for points in lines.values()):
        return None
    rate = runs.of("stock", "open")[0]["rate"]
    width, height, left, top, bottom = 760, 420, 80, 80, 360
    drawing = Drawing(width, height, f"Latency at {rate:,.0f} requests a second, open loop")
    drawing.words(16, 44, "counted from when a request was due; band: lowest to highest round",
                  "small")
    every = [spread for points in lines.values() for spread in points]
    scale = LogScale(min(s.lowest for s in every) * 0.8, max(s.highest for s in every) * 1.2,
                     bottom, top)
    places = [left + (width - left - 90) * i / (len(PERCENTILES) - 1)
              for i in range(len(PERCENTILES))]
    for tick in scale.ticks():
        drawing.line(left, scale(tick), width - 80, scale(tick), "grid")
        drawing.words(left - 8, scale(tick) + 4, f"{tick / 1000:g}", "small", "end")
    for x, (_, label) in zip(places, PERCENTILES):
        drawing.line(x, top, x, bottom, "grid")
        drawing.words(x, bottom + 18, label, "small", "middle")
    drawing.words((left + width - 80) / 2, bottom + 42, "percentile", "", "middle")
    drawing.words(16, 64, "milliseconds", "small")
    for kind, peer in (("b", "nginx"), ("a", "stock")):
        points = lines[peer]
        drawing.path([(x, scale(s.highest)) for x, s in zip(places, points)]
                     + [(x, scale(s.lowest)) for x, s in zip(places[::-1], points[::-1])],
                     f"band-{kind}", closed=True)
        drawing.path([(x, scale(s.median)) for x, s in zip(places, points)], f"line-{kind}")
    # Their names at the ends, apart where the lines end together.
    ends = sorted((scale(points[-1].median), peer) for peer, points in lines.items())
    (upper, first), (lower, second) = ends
    drawing.words(places[-1] + 8, upper + 4, first)
    drawing.words(places[-1] + 8, max(lower, upper + 16) + 4, second)
    return drawing.text


def all_plots(runs: Runs, titles: dict[str, str]) -> dict[str, str]:
    """File name to file, of those for which there are runs."""
    plots = {"throughput.svg": throughput(runs, titles), "cpu.svg": processor_time(runs, titles),
             "latency.svg": latency(runs)}
    return {file: text for file, text in plots.items() if text}
