// Made by docs/contract/page.py from docs/contract/docs.css. Change that.
// swift-format-ignore-file

extension ContractFiles {
  static let docs_css: StaticString = ####"""
/* The page of the contract. Two columns of text and code beside a menu; one column on a phone. */
:root {
  --bg: #fdfdfc; --panel: #f6f6f4; --line: #e4e3df; --text: #1f2328; --dim: #5c6470;
  --link: #0b57b0; --code: #f1f1ee; --dark: #16191d; --dark-text: #d9dee5; --accent: #1d6f5c;
  --get: #1c6b4a; --post: #0b57b0; --put: #8a5a00; --delete: #b3261e;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, monospace;
  color-scheme: light;
}
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {
  --bg: #111417; --panel: #171b1f; --line: #2a3036; --text: #e3e7ec; --dim: #98a2ae;
  --link: #7cb7ff; --code: #20262c; --dark: #0b0d10; --accent: #6fd3b6;
  --get: #6fd3a0; --post: #7cb7ff; --put: #e5b45a; --delete: #ff8f86; color-scheme: dark;
} }
:root[data-theme="dark"] {
  --bg: #111417; --panel: #171b1f; --line: #2a3036; --text: #e3e7ec; --dim: #98a2ae;
  --link: #7cb7ff; --code: #20262c; --dark: #0b0d10; --accent: #6fd3b6;
  --get: #6fd3a0; --post: #7cb7ff; --put: #e5b45a; --delete: #ff8f86; color-scheme: dark;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 18.5rem minmax(0, 1fr);
  background: var(--bg); color: var(--text);
  font: 15px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
code, pre { font-family: var(--mono); font-size: 0.86em; }
code { background: var(--code); border-radius: 4px; padding: 0.1em 0.35em; }
pre code { background: none; padding: 0; font-size: 1em; }
.hidden, .skip:not(:focus) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.skip:focus { position: fixed; z-index: 2; top: 0.5rem; left: 0.5rem; padding: 0.5rem 1rem; background: var(--bg); }

/* The menu */
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem 3rem;
  background: var(--panel); border-right: 1px solid var(--line); font-size: 13.5px;
  scrollbar-width: thin; scrollbar-color: var(--line) transparent;
}
.brand { display: flex; align-items: center; justify-content: space-between; margin-bottom: 0.9rem; font-size: 1.1rem; }
.brand a { color: inherit; }
#theme { border: 1px solid var(--line); border-radius: 6px; background: var(--bg); color: var(--dim); width: 2rem; height: 2rem; cursor: pointer; }
#find {
  width: 100%; padding: 0.45rem 0.7rem; border: 1px solid var(--line); border-radius: 7px;
  background: var(--bg); color: inherit; font: inherit;
}
nav ul { list-style: none; margin: 0; padding: 0; }
.group { margin-top: 1rem; }
.group .head { font-weight: 600; color: var(--text); display: block; padding: 0.15rem 0.4rem; }
.group ul a { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.22rem 0.4rem; border-radius: 5px; color: var(--dim); line-height: 1.35; }
.group ul a:hover, .group ul a.here { background: var(--code); color: var(--text); text-decoration: none; }
.method { font: 600 0.72rem/1 var(--mono); letter-spacing: 0.02em; min-width: 3.1rem; }
.method.get { color: var(--get); } .method.post { color: var(--post); }
.method.put { color: var(--put); } .method.delete { color: var(--delete); }

/* The text */
main { padding: 2.5rem clamp(1rem, 4vw, 3.5rem) 4rem; max-width: 84rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
.version { font-size: 0.9rem; font-weight: 500; color: var(--dim); letter-spacing: 0; }
.lead { font-size: 1.1rem; color: var(--dim); margin: 0.4rem 0 1.5rem; }
.intro { max-width: 46rem; }
section { margin-top: 3.5rem; }
h2 { font-size: 1.45rem; letter-spacing: -0.01em; margin: 0 0 0.3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
section > p { color: var(--dim); margin-top: 0; max-width: 46rem; }
.call, .schema { padding: 1.6rem 0; border-bottom: 1px solid var(--line); }
.call:target > header h3 .path, .schema:target > h3 { color: var(--accent); }
h3 { font-size: 1rem; margin: 0; display: flex; gap: 0.6rem; align-items: baseline; flex-wrap: wrap; }
h3 .method { font-size: 0.8rem; min-width: 0; }
h3 .path { font-family: var(--mono); font-size: 0.95rem; color: var(--text); overflow-wrap: anywhere; }
.summary { margin: 0.2rem 0 0; font-weight: 500; }
.roles { margin: 0.35rem 0 0.6rem; font-size: 12.5px; color: var(--dim); }
.role { border: 1px solid var(--line); border-radius: 99px; padding: 0.05rem 0.55rem; margin-left: 0.2rem; background: var(--panel); color: var(--text); }
.role.open { border-style: dashed; color: var(--dim); }
.split { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 2rem; }
.right { position: relative; }
.left > p:first-child { margin-top: 0; }
h4 { font-size: 0.78rem; text-transform: uppercase; letter-spacing: 0.06em; color: var(--dim); margin: 1.3rem 0 0.3rem; }
h4 small { text-transform: none; letter-spacing: 0; }
h5 { margin: 0.9rem 0 0.2rem; font-size: 0.9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.9rem 0.5rem 0; border-top: 1px solid var(--line); font-weight: 400; }
tr:first-child > * { border-top: 0; }
.fields th { white-space: nowrap; width: 1%; }
.type { color: var(--dim); white-space: nowrap; width: 1%; font-size: 12.5px; }
.bounds { color: var(--dim); font-size: 12.5px; }
td .bounds { display: block; overflow-wrap: anywhere; }
.need, .may { display: block; font-size: 11px; color: var(--delete); }
.may { color: var(--dim); }
.answers { list-style: none; padding: 0; margin: 0; font-size: 13.5px; }
.answers li { padding: 0.28rem 0; }
.status { font: 600 0.78rem/1 var(--mono); border-radius: 4px; padding: 0.15rem 0.35rem; margin-right: 0.3rem; }
.status.ok { color: var(--get); background: color-mix(in srgb, var(--get) 12%, transparent); }
.status.bad { color: var(--delete); background: color-mix(in srgb, var(--delete) 10%, transparent); }
.rest { font-size: 12.5px; color: var(--dim); }
.code { position: relative; background: var(--dark); color: var(--dark-text); border-radius: 9px; margin: 0 0 0.9rem; font-size: 13.5px; }
.code pre { margin: 0; padding: 0.95rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; }
.copy, .code .tag { position: absolute; top: 0.45rem; right: 0.5rem; font: 500 11px/1 system-ui, sans-serif; color: var(--dark-text); opacity: 0.75; }
.copy { border: 1px solid #ffffff30; border-radius: 5px; background: var(--dark); padding: 0.3rem 0.5rem; cursor: pointer; }
.copy:hover, .copy:focus-visible { opacity: 1; }
pre.example { background: var(--code); border-radius: 7px; padding: 0.7rem; overflow-x: auto; }
.errors tr:target { background: color-mix(in srgb, var(--accent) 12%, transparent); }
.errors th { padding-left: 0.5rem; white-space: nowrap; }
#errors > .code { max-width: 40rem; }
footer { margin-top: 3rem; color: var(--dim); font-size: 13px; }

@media (max-width: 70rem) { .split { grid-template-columns: minmax(0, 1fr); gap: 0.5rem; } }
@media (max-width: 48rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
  #menu { max-height: 40vh; overflow-y: auto; }
  main { padding-top: 1.5rem; }
  .fields th, .type { white-space: normal; width: auto; }
}
@media print { nav, .copy { display: none; } body { display: block; } }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }

"""####
}
