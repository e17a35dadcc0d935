// Made by make page from Page/Web/base.css. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let base_css: StaticString = ####"""
/* Colours, sizes and plain elements. Every colour is named here, once for light and once for dark. */
:root {
  color-scheme: light;
  --page: #f6f7f9;
  --surface: #ffffff;
  --raised: #ffffff;
  --sunken: #f1f2f5;
  --hover: #f5f6f9;
  --line: #e3e5ea;
  --line-strong: #868c9a;
  --text: #181b22;
  --text-2: #565c69;
  --text-3: #6a707d;
  --accent: #3d4fc4;
  --accent-strong: #3140a3;
  --accent-soft: #eceefb;
  --on-accent: #ffffff;
  --available: #3d4fc4;
  --reserved: #a9b3ee;
  --good: #1a7347;
  --good-soft: #e3f4ea;
  --warn: #8f5200;
  --warn-soft: #fdf1dc;
  --warn-fill: #e8a33d;
  --bad: #b3261e;
  --bad-strong: #8f1d17;
  --bad-soft: #fdeceb;
  --flash: #fff3c9;
  --shadow-1: 0 1px 2px rgb(20 24 36 / 5%);
  --shadow-2: 0 12px 32px rgb(20 24 36 / 16%), 0 2px 6px rgb(20 24 36 / 8%);
  --veil: rgb(24 27 38 / 36%);

  --s1: 4px;
  --s2: 8px;
  --s3: 12px;
  --s4: 16px;
  --s5: 24px;
  --s6: 32px;
  --s7: 48px;
  --radius: 8px;
  --radius-large: 12px;
  --font: Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, "Roboto Mono", "Liberation Mono", monospace;
}

@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
    color-scheme: dark;
    --page: #0f1116;
    --surface: #171a21;
    --raised: #1d212a;
    --sunken: #12141a;
    --hover: #1e222b;
    --line: #2a2f3a;
    --line-strong: #6f7786;
    --text: #eceef3;
    --text-2: #b0b6c3;
    --text-3: #979eac;
    --accent: #8f9cf5;
    --accent-strong: #aab4fa;
    --accent-soft: #232945;
    --on-accent: #10131f;
    --available: #7f8df0;
    --reserved: #454f8c;
    --good: #6fd49b;
    --good-soft: #15301f;
    --warn: #f0b95c;
    --warn-soft: #33270f;
    --warn-fill: #d9952e;
    --bad: #ff8d85;
    --bad-strong: #ffaaa4;
    --bad-soft: #3a1b1a;
    --flash: #3a3517;
    --shadow-1: none;
    --shadow-2: 0 16px 40px rgb(0 0 0 / 55%);
    --veil: rgb(0 0 0 / 56%);
  }
}

:root[data-theme="dark"] {
  color-scheme: dark;
  --page: #0f1116;
  --surface: #171a21;
  --raised: #1d212a;
  --sunken: #12141a;
  --hover: #1e222b;
  --line: #2a2f3a;
  --line-strong: #6f7786;
  --text: #eceef3;
  --text-2: #b0b6c3;
  --text-3: #979eac;
  --accent: #8f9cf5;
  --accent-strong: #aab4fa;
  --accent-soft: #232945;
  --on-accent: #10131f;
  --available: #7f8df0;
  --reserved: #454f8c;
  --good: #6fd49b;
  --good-soft: #15301f;
  --warn: #f0b95c;
  --warn-soft: #33270f;
  --warn-fill: #d9952e;
  --bad: #ff8d85;
  --bad-strong: #ffaaa4;
  --bad-soft: #3a1b1a;
  --flash: #3a3517;
  --shadow-1: none;
  --shadow-2: 0 16px 40px rgb(0 0 0 / 55%);
  --veil: rgb(0 0 0 / 56%);
}

*,
*::before,
*::after {
  box-sizing: border-box;
}

html {
  -webkit-text-size-adjust: 100%;
  scroll-padding-top: 72px;
}

body {
  margin: 0;
  min-height: 100vh;
  background: var(--page);
  color: var(--text);
  font: 14px/20px var(--font);
  font-variant-numeric: tabular-nums;
  -webkit-font-smoothing: antialiased;
}

[hidden] {
  display: none !important;
}

h1,
h2,
h3,
p,
dl,
dd,
figure {
  margin: 0;
}

h1 {
  font-size: 22px;
  line-height: 28px;
  font-weight: 640;
  letter-spacing: -0.012em;
}

h2 {
  font-size: 16px;
  line-height: 24px;
  font-weight: 620;
  letter-spacing: -0.006em;
}

h3 {
  font-size: 13px;
  line-height: 20px;
  font-weight: 600;
}

a {
  color: var(--accent);
  text-decoration: none;
}

a:hover {
  text-decoration: underline;
}

button,
input,
select,
textarea {
  font: inherit;
  color: inherit;
  letter-spacing: inherit;
}

button {
  cursor: pointer;
}

:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
}

main:focus-visible {
  outline: none;
}

kbd {
  display: inline-block;
  min-width: 22px;
  padding: 0 6px;
  border: 1px solid var(--line);
  border-bottom-width: 2px;
  border-radius: 5px;
  background: var(--sunken);
  font: 12px/18px var(--mono);
  text-align: center;
}

.muted {
  color: var(--text-2);
}

.mono {
  font-family: var(--mono);
  font-size: 12.5px;
}

.away {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  padding: 0;
  border: 0;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.skip {
  position: fixed;
  top: -48px;
  left: var(--s4);
  z-index: 50;
  padding: var(--s2) var(--s4);
  border-radius: var(--radius);
  background: var(--accent);
  color: var(--on-accent);
}

.skip:focus {
  top: var(--s2);
}

@media (prefers-reduced-motion: reduce) {
  *,
  *::before,
  *::after {
    animation-duration: 0.01ms !important;
    animation-iteration-count: 1 !important;
    transition-duration: 0.01ms !important;
    scroll-behavior: auto !important;
  }
}

"""####
}
