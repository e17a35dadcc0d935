#!/usr/bin/env python3
"""Writes the manual page stock(1) from what the program says of itself.

    stock --experimental-dump-help | docs/man/manual.py > docs/man/stock.1

`make man` does it; a test compares the committed page with what comes out now.
"""

import json
import sys


def escape(text):
    """Text for roff: backslashes, leading dots and hyphens as they are typed."""
    lines = []
    for line in text.split("\n"):
        line = line.replace("\\", "\\e").replace("-", "\\-")
        if line.startswith((".", "'")):
            line = "\\&" + line
        lines.append(line)
    return "\n".join(lines)


def names(argument):
    """How an argument is typed: `--port <number>`."""
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        text = f"<{value}>"
        return text + " ..." if argument.get("isRepeating") else text
    spelt = []
    for name in argument.get("names") or []:
        dash = "-" if name["kind"] == "short" else "--"
        spelt.append(dash + name["name"])
    text = ", ".join(spelt)
    return text if argument["kind"] == "flag" else f"{text} <{value}>"


def write_command(command, path, out):
    name = " ".join(path)
    out.append(f".SS {escape(name)}")
    out.append(escape(command.get("abstract", "")))
    shown = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    for argument in shown:
        if any(n["name"] in ("help", "h") for n in argument.get("names") or []):
            continue
        out.append(".TP")
        out.append(f"\\fB{escape(names(argument))}\\fR")
        text = argument.get("abstract", "")
        default = argument.get("defaultValue")
        if default is not None and "default:" not in text:
            text += f" (default: {default})"
        out.append(escape(text.strip()) or "\\&")
    discussion = command.get("discussion", "")
    if discussion:
        out += [".PP", ".nf", escape(discussion.rstrip()), ".fi"]
    for child in command.get("subcommands", []):
        if child["commandName"] != "help" and child.get("shouldDisplay", True):
            write_command(child, path + [child["commandName"]], out)


def page(root):
    out = [
        '.\\" Written by docs/man/manual.py: change the help texts instead.',
        '.TH STOCK 1 "" "stock" "User Commands"',
        ".SH NAME",
        f"stock \\- {escape(root['abstract'].rstrip('.'))}",
        ".SH SYNOPSIS",
        "\\fBstock\\fR <command> [<options>]",
        ".SH DESCRIPTION",
        ".nf",
        escape(root.get("discussion", "").rstrip()),
        ".fi",
        ".SH COMMANDS",
    ]
    for child in root.get("subcommands", []):
        if child["commandName"] != "help":
            write_command(child, ["stock", child["commandName"]], out)
    out += [
        ".SH ENVIRONMENT",
        "Each flag of \\fBstock serve\\fR has a variable: STOCK_ and its name in capitals, with _ for",
        "\\-. \\fBSTOCK_URL\\fR and \\fBSTOCK_KEY\\fR are for the commands that talk to an engine.",
        ".SH EXIT STATUS",
        "0: done. 1: failed, or something differs. 64: bad usage.",
        ".SH SEE ALSO",
        "redis\\-server(1)",
    ]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(json.load(sys.stdin)["command"]))
