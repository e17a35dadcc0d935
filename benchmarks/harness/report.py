"""The tables of a results folder, in Markdown: ratios first, absolute figures last."""

from harness.figures import Runs, Spread, client_cpu_us, per_second, percentile, server_cpu_us

#: What stands in the tables for a scenario.
SCENARIOS = {
    "hot": "one hot product", "keyed": "hot, idempotency keys", "sold-out": "sold out",
    "spread": "2,000 products", "many": "100,000 products",
    "batch-hot": "hot, 1,000 a request", "batch-many": "100,000 products, 1,000 a request",
    "hot-p16": "hot, 16 pipelined", "hot-p100": "hot, 100 pipelined",
    "spread-p16": "2,000 products, 16 pipelined", "many-p100": "100,000 products, 100 pipelined",
    "hot-safe": "hot, synchronous_commit on", "hot-fast": "hot, synchronous_commit off",
    "spread-safe": "2,000 rows, synchronous_commit on",
    "spread-fast": "2,000 rows, synchronous_commit off",
    "many-safe": "100,000 rows, synchronous_commit on",
    "many-fast": "100,000 rows, synchronous_commit off",
    "open": "hot, open loop", "thousand": "a thousand products", "million": "a million products",
    "unscanned": "no lists beside", "scanned": "lists beside",
}

#: What of ours is held against what of theirs, for ratios.
PAIRS = [
    ("hot", "nginx", "hot"), ("keyed", "nginx", "keyed"), ("sold-out", "nginx", "sold-out"),
    ("spread", "nginx", "spread"), ("hot", "nginx_lua", "hot"), ("spread", "nginx_lua", "spread"),
    ("hot", "webdis", "hot"), ("spread", "webdis", "spread"), ("hot", "redis", "hot"),
    ("spread", "redis", "spread"), ("batch-hot", "redis", "hot-p16"),
    ("batch-hot", "redis", "hot-p100"), ("batch-many", "redis", "many-p100"),
    ("hot", "postgres", "hot-safe"), ("hot", "postgres", "hot-fast"),
    ("spread", "postgres", "spread-safe"), ("spread", "postgres", "spread-fast"),
    ("batch-many", "postgres", "many-safe"), ("batch-many", "postgres", "many-fast"),
]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, or a line that says that there is nothing."""
    if not rows:
        return "Not run."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def three(spread: Spread | None, form: str) -> list[str]:
    """Median, lowest and highest, written out."""
    return ["", "", ""] if spread is None else [
        format(value, form) for value in (spread.median, spread.lowest, spread.highest)]


def name(scenario: str) -> str:
    return SCENARIOS.get(scenario, scenario)


def aims(speed: list[dict]) -> str:
    rows = []
    for row in speed:
        sign = "≤ " if row["at_most"] else ""
        measured = row["measured"]
        verdict = {True: "reached", False: "**not reached**", None: "not measured"}[row["reached"]]
        rows.append([row["what"], sign + format(row["aim"], row["form"] if "," in row["form"]
                                                else "g"),
                     *three(Spread(**measured) if measured else None, row["form"]), verdict])
    return table(["what", "aim", "median", "lowest", "highest", ""], rows)


def ratios(runs: Runs, titles: dict[str, str]) -> str:
    rows = []
    for ours, peer, theirs in PAIRS:
        speed = runs.ratio(("stock", ours), (peer, theirs), per_second)
        cost = runs.ratio(("stock", ours), (peer, theirs), server_cpu_us)
        if speed:
            rows.append([name(ours), titles[peer], name(theirs), *three(speed, ".2f"),
                         f"{cost.median:.2f}" if cost else ""])
    return table(["stock", "to", "there", "throughput, median", "lowest", "highest",
                  "CPU a reserve, median"], rows)


def processor_time(runs: Runs, cells: list, titles: dict[str, str]) -> str:
    rows = []
    for peer, scenario in cells:
        server = runs.spread(peer, scenario, server_cpu_us)
        client = runs.spread(peer, scenario, client_cpu_us)
        if server:
            rows.append([titles[peer], name(scenario), *three(server, ".2f"),
                         f"{client.median:.2f}" if client else ""])
    return table(["who", "what", "server and store, µs", "lowest", "highest", "client, µs"], rows)


def absolute(runs: Runs, cells: list, titles: dict[str, str]) -> str:
    rows = []
    for peer, scenario in cells:
        speed = runs.spread(peer, scenario, per_second)
        if not speed:
            continue
        latency = [runs.spread(peer, scenario, percentile(p)) for p in ("p50", "p99", "p99_9")]
        errors = runs.errors(peer, scenario)
        rows.append([titles[peer], name(scenario), *three(speed, ",.0f"),
                     *(f"{value.median / 1000:.2f}" if value else "" for value in latency),
                     f"**{errors}**" if errors else "0", runs.books(peer, scenario)])
    return table(["who", "what", "a second, median", "lowest", "highest", "p50 ms", "p99 ms",
                  "p99.9 ms", "errors", "books"], rows)


def million(figures: dict) -> str:
    shown = [
        ("entries (200,000 products on 5 locations)", "entries", ",.0f"),
        ("import over HTTP, lines a second", "import_lines_per_second", ",.0f"),
        ("engine memory an entry, after a restart, bytes", "bytes_an_entry", ".0f"),
        ("engine memory an entry, right after the import, bytes",
         "bytes_an_entry_after_import", ".0f"),
        ("redis-server memory an entry, bytes", "redis_bytes_an_entry", ".0f"),
        ("start after a crash, all of it, seconds", "start_seconds", ".2f"),
        ("recovery, entries a second", "recovered_per_second", ",.0f"),
        ("list of 500 by quantity over all of them, ms", "list_of_500_ms", ".0f"),
        ("books after the crash", "books_after_crash", "s"),
        ("books at the end", "books_at_the_end", "s"),
    ]
    if figures:
        entries = figures["entries"]
        shown[0] = (f"entries ({entries // 5:,} products on 5 locations)", "entries", ",.0f")
    return table(["", ""], [[text, format(figures[key], form)] for text, key, form in shown
                            if key in figures])


def noise(results: dict) -> str:
    """What has failed, and what of the runs has to be read with care."""
    runs = results["runs"]
    failures = [f"- failed: {failure}" for failure in results["failures"]]
    if not runs:
        return "\n".join(failures)
    lines = failures + [f"- {name}: {verdict}" for name, verdict in results["checks"].items()]
    lines += [f"Steal time was {max(run['steal_percent'] for run in runs):.1f} % at most in a run, "
             f"{sum(run['steal_percent'] for run in runs) / len(runs):.1f} % on average."]
    restless = [run for run in runs if not run["quiet_before"]]
    if restless:
        lines.append(f"Before {len(restless)} of {len(runs)} runs the machine was not quiet.")
    for run in runs:
        if run["errors"] or run["books"].startswith("wrong"):
            lines.append(f"- round {run['round']}, {run['peer']}, {run['scenario']}: "
                         f"{run['errors']} errors, books {run['books']}")
        # The last few of an open loop say nothing.
        if run.get("never_sent", 0) > run["requests"] / 1000:
            lines.append(f"- round {run['round']}, {run['peer']}, {run['scenario']}: "
                         f"{run['never_sent']:,} requests were due and not sent: the machine, or the "
                         "server, stood still")
    return "\n".join(lines)


def document(results: dict, titles: dict[str, str]) -> str:
    """All tables."""
    runs = Runs(results["runs"])
    cells = list(dict.fromkeys((run["peer"], run["scenario"]) for run in results["runs"]))
    cells.sort(key=lambda cell: list(titles).index(cell[0]))
    facts, plan = results["machine"], results["plan"]
    versions = ", ".join(f"{name} {text}" for name, text in facts["versions"].items())
    quick = ("\nThis was the quick form: few and short runs. It shows that everything works; its "
             f"figures are rough, and what is said of a million is of {plan['million_products'] * 5:,}.\n" if plan["name"] == "quick" else "")
    return f"""# Results of {results['started_at']}, commit {results['commit']}{
        ' with changes' if results['changed'] else ''}

{facts['cpu']}, {facts['cores']} cores{', virtual' if facts['hypervisor'] else ''}, {
        facts['memory_gib']} GiB, {facts['system']}, Linux {facts['kernel']}. {plan['rounds']} rounds of {
        plan['seconds']} s, {results['connections']} connections, clients on the same machine; each second
round in reverse order. {results['minutes']} minutes.
{quick}
## The aims

{aims(results['speed'])}

## stock to the others

Pairs of the same round. Below 1 in the last column: stock used less CPU time.

{ratios(runs, titles)}

## CPU time a reserve

{processor_time(runs, cells, titles)}

## All of it

{absolute(runs, cells, titles)}

## A million entries

{million(results.get('million', {}))}

## With care

{noise(results)}

{versions}. Data on {facts['file_system']}.
"""
