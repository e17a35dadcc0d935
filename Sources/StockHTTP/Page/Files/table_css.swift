// Made by make page from Page/Web/table.css. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let table_css: StaticString = ####"""
/* Tables and what stands above and below them. */
.tools {
  display: flex;
  flex-wrap: wrap;
  gap: var(--s2);
  align-items: center;
  margin-bottom: var(--s3);
}

.tools .end {
  margin-left: auto;
}

.search {
  position: relative;
  flex: 1 1 260px;
  max-width: 420px;
}

.search svg {
  position: absolute;
  top: 9px;
  left: 10px;
  color: var(--text-3);
  pointer-events: none;
}

.search .input {
  padding-left: 36px;
}

.tools .input {
  border-color: var(--line);
  box-shadow: var(--shadow-1);
}

.tools select.input {
  width: auto;
  max-width: 200px;
}

.tools .input.narrow {
  width: 132px;
}

.tools .input.location {
  width: 180px;
}

.tools h1 {
  margin-right: var(--s4);
}

.sheet {
  position: relative;
  overflow: hidden;
}

.scroll {
  overflow-x: auto;
}

table {
  width: 100%;
  border-collapse: separate;
  border-spacing: 0;
}

th {
  padding: 10px var(--s3);
  border-bottom: 1px solid var(--line);
  background: var(--surface);
  color: var(--text-2);
  font-size: 12.5px;
  font-weight: 560;
  text-align: left;
  white-space: nowrap;
}

th.number,
td.number {
  text-align: right;
}

th button {
  display: inline-flex;
  align-items: center;
  gap: 4px;
  margin: -4px -6px;
  padding: 4px 6px;
  border: 0;
  border-radius: 6px;
  background: transparent;
  color: inherit;
  font-weight: inherit;
}

th.number button {
  flex-direction: row-reverse;
}

th button:hover {
  background: var(--hover);
  color: var(--text);
}

th button::after {
  content: "\2007";
  content: "\2007" / "";
  width: 8px;
  font-size: 11px;
}

th[aria-sort="ascending"] button,
th[aria-sort="descending"] button {
  color: var(--text);
}

th[aria-sort="ascending"] button::after {
  content: "↑";
  content: "↑" / "";
}

th[aria-sort="descending"] button::after {
  content: "↓";
  content: "↓" / "";
}

td {
  height: 52px;
  padding: 6px var(--s3);
  border-bottom: 1px solid var(--line);
  vertical-align: middle;
}

th:first-child,
td:first-child {
  padding-left: var(--s4);
}

th:last-child,
td:last-child {
  padding-right: var(--s4);
}

tbody tr:last-child td {
  border-bottom: 0;
}

tbody tr[tabindex] {
  cursor: pointer;
}

tbody tr:hover td {
  background: var(--hover);
}

tbody tr:focus-visible {
  outline: none;
}

tbody tr:focus-visible td {
  background: var(--accent-soft);
}

tbody tr:focus-visible td:first-child {
  box-shadow: inset 3px 0 0 var(--accent);
}

td .title {
  display: -webkit-box;
  overflow: hidden;
  max-width: 440px;
  font-weight: 560;
  overflow-wrap: anywhere;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
}

td .sub {
  color: var(--text-2);
  font-size: 13px;
  overflow-wrap: anywhere;
}

td.time {
  color: var(--text-2);
  white-space: nowrap;
}

td.row-actions {
  width: 1%;
  white-space: nowrap;
  text-align: right;
}

.row-actions .button {
  opacity: 0;
}

tr:hover .row-actions .button,
tr:focus-within .row-actions .button,
tr:focus .row-actions .button,
.always .row-actions .button {
  opacity: 1;
}

@media (hover: none) {
  .row-actions .button {
    opacity: 1;
  }
}

.badge {
  display: inline-block;
  padding: 1px 8px;
  border-radius: 10px;
  background: var(--sunken);
  color: var(--text-2);
  font-size: 12.5px;
  line-height: 18px;
  font-weight: 540;
  white-space: nowrap;
}

.badge.warn {
  background: var(--warn-soft);
  color: var(--warn);
}

.badge.bad {
  background: var(--bad-soft);
  color: var(--bad);
}

.badge.good {
  background: var(--good-soft);
  color: var(--good);
}

.badge.accent {
  background: var(--accent-soft);
  color: var(--accent-strong);
}

.up {
  color: var(--good);
}

.down {
  color: var(--bad);
}

.changed {
  animation: changed 1600ms ease-out;
}

@keyframes changed {
  from {
    background: var(--flash);
  }
}

.foot {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: var(--s2);
  min-height: 52px;
  padding: var(--s2) var(--s4);
  border-top: 1px solid var(--line);
  color: var(--text-2);
  font-size: 13px;
}

.foot .pages {
  display: flex;
  gap: var(--s2);
}

.empty {
  display: grid;
  justify-items: center;
  gap: var(--s1);
  padding: 56px var(--s5);
  text-align: center;
}

.empty p {
  max-width: 48ch;
  color: var(--text-2);
}

.empty .button {
  margin-top: var(--s3);
}

.empty code {
  display: block;
  margin-top: var(--s3);
  padding: var(--s2) var(--s3);
  border-radius: var(--radius);
  background: var(--sunken);
  font: 12.5px/20px var(--mono);
}

.ghost {
  display: block;
  width: 60%;
  height: 12px;
  border-radius: 6px;
  background: var(--line);
  animation: breathe 1.4s ease-in-out infinite alternate;
}

td.number .ghost {
  width: 36px;
  margin-left: auto;
}

@keyframes breathe {
  to {
    opacity: 0.45;
  }
}

.busy tbody {
  opacity: 0.55;
}

@media (max-width: 720px) {
  .search {
    flex-basis: 100%;
    max-width: none;
  }

  .tools .input,
  .tools select.input {
    min-height: 40px;
  }

  .tools select.input,
  .tools .input.location,
  .tools .input.narrow {
    flex: 1 1 30%;
    width: auto;
    min-width: 0;
    max-width: none;
  }

  .tools h1 {
    width: 100%;
  }

  /* Rows become cards: every cell says its name. */
  .cards thead {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }

  .cards tbody,
  .cards tr,
  .cards td {
    display: block;
  }

  .cards tr {
    display: grid;
    grid-template-columns: repeat(6, minmax(0, 1fr));
    gap: var(--s1) var(--s3);
    padding: var(--s3) var(--s4);
    border-bottom: 1px solid var(--line);
  }

  .cards tr:last-child {
    border-bottom: 0;
  }

  .cards tbody tr:focus-visible {
    background: var(--accent-soft);
    box-shadow: inset 3px 0 0 var(--accent);
  }

  .cards td,
  .cards td:first-child,
  .cards td:last-child {
    grid-column: span 2;
    height: auto;
    padding: 0;
    border: 0;
    box-shadow: none;
    overflow-wrap: anywhere;
  }

  .cards td.half {
    grid-column: span 3;
  }

  .cards td.wide-only {
    display: none;
  }

  .cards tbody tr:hover td,
  .cards tbody tr:focus-visible td {
    background: none;
  }

  .cards td.full,
  .cards td.row-actions {
    grid-column: 1 / -1;
    width: auto;
    text-align: left;
    white-space: normal;
  }

  .cards td.number {
    text-align: left;
  }

  .cards td[data-label]::before {
    content: attr(data-label);
    display: block;
    color: var(--text-2);
    font-size: 12.5px;
  }

  .cards .row-actions .button {
    min-height: 36px;
    margin-top: var(--s1);
    opacity: 1;
  }

  .cards td.number .ghost {
    margin-left: 0;
  }
}

"""####
}
