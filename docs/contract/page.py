#!/usr/bin/env python3
"""Makes docs.html, the page that shows docs/openapi.yaml. Run it after a change of the contract
(make docs); a test says when it was forgotten.

Needs PyYAML (Debian: python3-yaml)."""

import hashlib
import html
import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
CONTRACT = ROOT / "docs/openapi.yaml"
METHODS = ["get", "put", "post", "delete"]


def esc(text):
    return html.escape(str(text), quote=True)


def words(text):
    """A description: code in backquotes, bold, paragraphs."""
    out = []
    for paragraph in re.split(r"\n\s*\n", str(text).strip()):
        line = esc(" ".join(paragraph.split()))
        line = re.sub(r"`([^`]+)`", r"<code>\1</code>", line)
        line = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", line)
        out.append(line)
    return out


def prose(text, tag="p"):
    return "".join(f"<{tag}>{line}</{tag}>" for line in words(text)) if text else ""


def inline(text):
    return " ".join(words(text)) if text else ""


class Page:
    def __init__(self, contract):
        self.contract = contract
        self.problems = contract["components"]["schemas"]["ProblemCode"]["x-problems"]

    def resolve(self, node):
        """What a reference leads to, with what stands beside it on top, and the name of a schema."""
        name = None
        while "$ref" in node:
            parts = node["$ref"].split("/")[1:]
            target = self.contract
            for part in parts:
                target = target[part]
            name = parts[-1]
            node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
        return node, name

    # Schemas

    def type_of(self, schema):
        """A short text that says what a value is."""
        node, name = self.resolve(schema)
        if name in ("Id",):
            return "integer"
        if name and (node.get("type") == "object" or "allOf" in node or "oneOf" in node):
            return f'<a href="#schema-{esc(name)}">{esc(name)}</a>'
        if "const" in node:
            return f"<code>{esc(json.dumps(node['const']))}</code>"
        if "oneOf" in node:
            return " or ".join(self.type_of(one) for one in node["oneOf"])
        kind = node.get("type", "any")
        kinds = kind if isinstance(kind, list) else [kind]
        if "array" in kinds:
            return "array of " + self.type_of(node.get("items", {}))
        return esc(" or ".join(kinds))

    def bounds(self, schema):
        """What bounds a value, in words."""
        node, _ = self.resolve(schema)
        said = []
        low, high = node.get("minimum"), node.get("maximum")
        if low is not None and high is not None:
            said.append(f"{self.number(low)} to {self.number(high)}")
        elif low is not None:
            said.append(f"from {self.number(low)}")
        for one, many in [("Length", "characters"), ("Items", "elements")]:
            low, high = node.get("min" + one), node.get("max" + one)
            if low and high:
                said.append(f"{low} to {high:,} {many}")
            elif high:
                said.append(f"at most {high:,} {many}")
        if "enum" in node:
            said.append(", ".join(f"<code>{esc(value)}</code>" for value in node["enum"]))
        if node.get("format"):
            said.append("RFC 3339" if node["format"] == "date-time" else esc(node["format"]))
        if "default" in node:
            said.append(f"default <code>{esc(json.dumps(node['default']))}</code>")
        return "; ".join(said)

    @staticmethod
    def number(value):
        if abs(value) == 2**53 - 1:
            return "2<sup>53</sup>−1" if value > 0 else "−(2<sup>53</sup>−1)"
        return f"{value:,}".replace("-", "−")

    def members(self, schema):
        """The members of an object, those of what it builds on first."""
        node, _ = self.resolve(schema)
        found, required = {}, set(node.get("required", []))
        for part in node.get("allOf", []):
            inner, needed = self.members(part)
            found.update(inner)
            required |= needed
        found.update(node.get("properties", {}))
        return found, required

    def fields(self, schema, is_request):
        """A table of an object's members."""
        node, _ = self.resolve(schema)
        if "oneOf" in node:
            parts = []
            for one in node["oneOf"]:
                inner, name = self.resolve(one)
                title = inner.get("title") or name or self.type_of(one)
                parts.append(f'<h5>{esc(title)}</h5>{self.fields(one, is_request)}')
            return "".join(parts)
        if node.get("type") == "array":
            return f"<p>An array of {self.type_of(node['items'])}.</p>" + self.fields(
                node["items"], is_request)
        found, required = self.members(schema)
        if not found:
            return ""
        rows = []
        for name, member in found.items():
            inner, _ = self.resolve(member)
            mark = '<span class="need">required</span>' if is_request and name in required else ""
            rest = "" if is_request or name in required else '<span class="may">not always</span>'
            about = inline(inner.get("description", ""))
            rows.append(
                f"<tr><th scope=row><code>{esc(name)}</code>{mark}{rest}</th>"
                f"<td class=type>{self.type_of(member)}</td>"
                f"<td>{about}<span class=bounds>{self.bounds(member)}</span></td></tr>")
        return f"<div class=scroll><table class=fields>{''.join(rows)}</table></div>"

    # Calls

    def curl(self, method, path, operation):
        filled = path
        for parameter in operation.get("parameters", []):
            node, _ = self.resolve(parameter)
            if node["in"] == "path":
                filled = filled.replace("{%s}" % node["name"], str(node["example"]))
        verb = "" if method in ("get", "post") and operation.get("requestBody") or method == "get" else (
            f" -X {method.upper()}")
        lines = [f"curl{verb} $STOCK_URL{filled}"]
        if operation.get("security"):
            lines.append('-H "Authorization: Bearer $STOCK_KEY"')
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            lines.append("-H 'Content-Type: application/json'")
            if any(p.get("$ref", "").endswith("/IdempotencyKey") for p in operation["parameters"]):
                lines.append("-H 'Idempotency-Key: order-1001'")
            lines.append(f"-d '{json.dumps(body['example'])}'")
        return " \\\n  ".join(lines)

    def parameters(self, operation):
        rows = []
        for parameter in operation.get("parameters", []):
            node, name = self.resolve(parameter)
            if name == "RequestId":
                continue
            need = '<span class="need">required</span>' if node.get("required") else ""
            rows.append(
                f"<tr><th scope=row><code>{esc(node['name'])}</code>{need}</th>"
                f"<td class=type>{esc(node['in'])}, {self.type_of(node['schema'])}</td>"
                f"<td>{inline(node.get('description', ''))}"
                f"<span class=bounds>{self.bounds(node['schema'])}</span></td></tr>")
        if not rows:
            return ""
        return ("<h4>Parameters</h4><div class=scroll><table class=fields>"
                f"{''.join(rows)}</table></div>")

    def answers(self, operation):
        good, bad = [], []
        for status, response in operation["responses"].items():
            node, _ = self.resolve(response)
            if int(status) >= 400:
                bad.append(status)
                continue
            headers = [name for name in node.get("headers", {}) if name != "X-Request-Id"]
            note = (" <span class=bounds>with " + ", ".join(
                f"<code>{esc(name)}</code>" for name in headers) + "</span>") if headers else ""
            shown = ""
            for media, content in node.get("content", {}).items():
                if media == "application/json":
                    shown = self.type_of(content["schema"])
                else:
                    shown = f"<code>{esc(media)}</code>"
                    if "example" in content:
                        note += f"<pre class=example>{esc(content['example'])}</pre>"
            good.append(
                f'<li><span class="status ok">{esc(status)}</span> {shown} '
                f"{inline(node['description'])}{note}</li>")
        own = operation.get("x-problem-codes", [])
        codes = "".join(
            f'<li><span class="status bad">{self.problems[code]["status"]}</span> '
            f'<a href="#{esc(code)}"><code>{esc(code)}</code></a> '
            f'{inline(self.problems[code]["title"])}</li>' for code in own)
        rest = ", ".join(status for status in bad)
        return (f"<h4>Answers</h4><ul class=answers>{''.join(good)}{codes}</ul>"
                f'<p class=rest>Statuses of errors: {esc(rest)}. '
                '<a href="#errors">All error codes</a></p>')

    def operation(self, method, path, operation):
        roles = [role for entry in operation.get("security", []) for role in entry]
        chips = "".join(f'<span class="role">{esc(role)}</span>' for role in roles) or (
            '<span class="role open">no key</span>')
        body = ""
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            left = "" if operation["requestBody"]["required"] else " <small>may be left out</small>"
            body = (f"<h4>Body{left}</h4>" + self.fields(schema, True))
        name = operation["operationId"]
        return (
            f'<article class=call id="{esc(name)}" data-text="'
            f'{esc((path + " " + name + " " + operation["summary"]).lower())}">'
            f'<header><h3><span class="method {method}">{method.upper()}</span> '
            f'<a class=path href="#{esc(name)}">{esc(path)}</a></h3>'
            f'<p class=summary>{inline(operation["summary"])}</p>'
            f'<p class=roles><span class=label>Keys</span> {chips}</p></header>'
            f'<div class=split><div class=left>{prose(operation.get("description", ""))}'
            f'{self.parameters(operation)}{body}{self.answers(operation)}</div>'
            f'<div class=right><div class=code><button type=button class=copy>Copy</button>'
            f'<pre><code>{esc(self.curl(method, path, operation))}</code></pre></div>'
            f'{self.example(operation)}</div></div></article>')

    def example(self, operation):
        """An example of the first good answer, if its schema has one."""
        for status in ("200", "201"):
            response = operation["responses"].get(status)
            if not response:
                continue
            node, _ = self.resolve(response)
            content = node.get("content", {}).get("application/json")
            if not content:
                continue
            schema, _ = self.resolve(content["schema"])
            if "oneOf" in schema:
                schema, _ = self.resolve(schema["oneOf"][0])
            if schema.get("examples"):
                text = json.dumps(schema["examples"][0], indent=2, ensure_ascii=False)
                return (f'<div class=code><span class=tag>{status}</span>'
                        f"<pre><code>{esc(text)}</code></pre></div>")
        return ""

    def calls(self):
        found = {tag["name"]: [] for tag in self.contract["tags"]}
        for path, item in self.contract["paths"].items():
            for method in METHODS:
                if method in item:
                    found[item[method]["tags"][0]].append((method, path, item[method]))
        return found

    def errors(self):
        rows = "".join(
            f'<tr id="{esc(code)}"><th scope=row><a href="#{esc(code)}"><code>{esc(code)}</code></a></th>'
            f'<td><span class="status bad">{about["status"]}</span></td>'
            f'<td><strong>{esc(about["title"])}</strong><br>{inline(about["advice"])}</td></tr>'
            for code, about in self.problems.items())
        problem = self.contract["components"]["schemas"]["Problem"]["examples"][0]
        return (
            '<section id="errors"><h2>Error codes</h2><p>Every error is an RFC 9457 problem '
            '(<code>application/problem+json</code>). <code>code</code> is one of this closed list; '
            "<code>detail</code> is for people.</p>"
            f'<div class=code><span class=tag>409</span><pre><code>'
            f"{esc(json.dumps(problem, indent=2))}</code></pre></div>"
            f"<div class=scroll><table class=errors>{rows}</table></div></section>")

    def schemas(self):
        parts = []
        for name, schema in self.contract["components"]["schemas"].items():
            if name in ("ProblemCode",):
                continue
            shown = self.fields({"$ref": f"#/components/schemas/{name}"}, False)
            if not shown:
                continue
            parts.append(
                f'<article class=schema id="schema-{esc(name)}"><h3>{esc(name)}</h3>'
                f"{prose(schema.get('description', ''))}{shown}</article>")
        return f'<section id="schemas"><h2>Objects</h2>{"".join(parts)}</section>'

    def render(self, digest):
        info = self.contract["info"]
        calls = self.calls()
        menu, body = [], []
        for tag in self.contract["tags"]:
            name = tag["name"]
            items = "".join(
                f'<li><a href="#{esc(op["operationId"])}"><span class="method {method}">'
                f'{method.upper()}</span><span>{esc(op["summary"])}</span></a></li>'
                for method, _, op in calls[name])
            menu.append(f'<li class=group><a class=head href="#tag-{esc(name)}">{esc(name)}</a>'
                        f"<ul>{items}</ul></li>")
            body.append(
                f'<section id="tag-{esc(name)}"><h2>{esc(name)}</h2>{prose(tag["description"])}'
                + "".join(self.operation(*call) for call in calls[name]) + "</section>")
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="contract" content="{digest}">
<title>{esc(info['title'])} API</title>
<link rel="stylesheet" href="/docs/docs.css">
<script type="module" src="/docs/docs.js"></script>
</head>
<body>
<a class="skip" href="#main">To the calls</a>
<nav aria-label="Calls">
<div class="brand"><a href="#top"><strong>{esc(info['title'])}</strong> API</a>
<button type="button" id="theme" aria-label="Light or dark">◐</button></div>
<label class="find"><span class="hidden">Find a call</span>
<input id="find" type="search" placeholder="Find a call  /" autocomplete="off" spellcheck="false"></label>
<p id="none" hidden>No call matches.</p>
<ul id="menu">{"".join(menu)}
<li class=group><a class=head href="#errors">Error codes</a></li>
<li class=group><a class=head href="#schemas">Objects</a></li></ul>
</nav>
<main id="main">
<header id="top"><h1>{esc(info['title'])} API <span class="version">{esc(info['version'])}</span></h1>
<p class="lead">{esc(info['summary'])}. <a href="/openapi.yaml">openapi.yaml</a></p>
<div class="intro">{prose(info['description'])}</div></header>
{"".join(body)}
{self.errors()}
{self.schemas()}
<footer><p>Made from <a href="/openapi.yaml">openapi.yaml</a>. {esc(info['license']['name'])}.</p></footer>
</main>
</body>
</html>
"""


def main():
    text = CONTRACT.read_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    page = Page(yaml.safe_load(text)).render(digest)
    (HERE / "docs.html").write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
