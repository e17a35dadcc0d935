// Made by make page from Page/Web/frame.css. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let frame_css: StaticString = ####"""
/* The bar, the main column, the overview. */
.bar {
  position: sticky;
  top: 0;
  z-index: 20;
  border-bottom: 1px solid var(--line);
  background: var(--surface);
}

.bar-in {
  display: flex;
  align-items: center;
  gap: var(--s5);
  max-width: 1360px;
  height: 56px;
  margin: 0 auto;
  padding: 0 var(--s5);
}

.brand {
  display: flex;
  align-items: center;
  gap: var(--s2);
  color: var(--text);
  font-size: 16px;
  font-weight: 680;
  letter-spacing: -0.02em;
}

.brand:hover {
  text-decoration: none;
}

.tabs {
  display: flex;
  gap: var(--s1);
  height: 100%;
}

.tabs a {
  position: relative;
  display: flex;
  align-items: center;
  padding: 0 var(--s3);
  color: var(--text-2);
  font-weight: 520;
  white-space: nowrap;
}

.tabs a:hover {
  color: var(--text);
  text-decoration: none;
}

.tabs a:focus-visible {
  outline-offset: -4px;
  border-radius: var(--radius);
}

.tabs a[aria-current="page"] {
  color: var(--text);
}

.tabs a[aria-current="page"]::after {
  content: "";
  position: absolute;
  right: var(--s3);
  bottom: -1px;
  left: var(--s3);
  height: 2px;
  border-radius: 2px 2px 0 0;
  background: var(--accent);
}

.bar-end {
  display: flex;
  align-items: center;
  gap: var(--s2);
  margin-left: auto;
}

.live {
  display: inline-flex;
  align-items: center;
  gap: 6px;
  margin-right: var(--s2);
  color: var(--text-2);
  font-size: 13px;
  white-space: nowrap;
}

.dot {
  width: 8px;
  height: 8px;
  border-radius: 50%;
  background: var(--text-3);
}

.live[data-state="on"] .dot {
  background: #2c9c63;
}

.live[data-state="off"] .dot {
  background: var(--warn-fill);
}

main {
  max-width: 1360px;
  margin: 0 auto;
  padding: var(--s5) var(--s5) var(--s7);
}

/* Nobody has signed in yet: there is nothing to see. */
.outside .bar {
  visibility: hidden;
}

.outside #sign-in::backdrop {
  background: var(--page);
}

/* Nobody has signed in yet: there is nothing to see. */
.outside .bar {
  visibility: hidden;
}

.outside #sign-in::backdrop {
  background: var(--page);
}

.figures {
  display: grid;
  grid-template-columns: repeat(7, minmax(0, 1fr));
  margin-top: var(--s4);
  border: 1px solid var(--line);
  border-radius: var(--radius-large);
  background: var(--surface);
  box-shadow: var(--shadow-1);
}

.figures div {
  padding: var(--s4);
  border-left: 1px solid var(--line);
}

.figures div:first-child {
  border-left: 0;
}

.figures dt {
  color: var(--text-2);
  font-size: 13px;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
}

.figures dd {
  margin-top: 2px;
  font-size: 22px;
  line-height: 28px;
  font-weight: 620;
  letter-spacing: -0.02em;
}

#overview:not([hidden]) + .view {
  margin-top: var(--s5);
}

.figures .needs-look dd {
  color: var(--warn);
}

.card {
  border: 1px solid var(--line);
  border-radius: var(--radius-large);
  background: var(--surface);
  box-shadow: var(--shadow-1);
}

.chart {
  margin-top: var(--s4);
  padding: var(--s4);
}

.chart-head {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: var(--s1) var(--s5);
}

.chart-head .key {
  display: inline-flex;
  align-items: center;
  gap: 6px;
  color: var(--text-2);
  font-size: 13px;
}

.chart-head .key b {
  color: var(--text);
  font-weight: 600;
}

.swatch {
  width: 10px;
  height: 10px;
  border-radius: 3px;
  background: var(--available);
}

.swatch.refused {
  background: var(--warn-fill);
}

.swatch.reserved {
  background: var(--reserved);
}

.chart-note {
  margin-left: auto;
  color: var(--text-3);
  font-size: 13px;
}

.chart svg {
  display: block;
  width: 100%;
  height: 120px;
  margin-top: var(--s3);
}

.chart .bar-done {
  fill: var(--available);
}

.chart .bar-refused {
  fill: var(--warn-fill);
}

.chart .grid {
  stroke: var(--line);
  stroke-width: 1;
}

.chart .axis {
  fill: var(--text-3);
  font-size: 11px;
}

.chart .hit {
  fill: transparent;
}

.chart .hit:hover {
  fill: color-mix(in srgb, var(--text) 6%, transparent);
}

@media (max-width: 1080px) {
  .figures {
    grid-template-columns: repeat(4, minmax(0, 1fr));
  }

  .figures div:first-child {
    grid-column: span 2;
  }

  .figures div:nth-child(n + 4) {
    border-top: 1px solid var(--line);
  }

  .figures div:nth-child(4) {
    border-left: 0;
  }

  #live-text,
  #help-button {
    display: none;
  }
}

@media (max-width: 720px) {
  .bar-in {
    flex-wrap: wrap;
    gap: 0 var(--s3);
    height: auto;
    padding: var(--s2) var(--s4) 0;
  }

  .tabs {
    order: 3;
    gap: 0;
    width: calc(100% + 2 * var(--s2));
    height: 44px;
    margin: 0 calc(-1 * var(--s2));
    overflow-x: auto;
    scrollbar-width: none;
  }

  .tabs a {
    padding: 0 var(--s2);
  }

  .tabs a[aria-current="page"]::after {
    right: var(--s2);
    bottom: 0;
    left: var(--s2);
  }

  main {
    padding: var(--s4) var(--s4) var(--s7);
  }

  .figures {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }

  .figures div {
    padding: var(--s3) var(--s4);
  }

  .figures div:nth-child(n + 2) {
    border-top: 1px solid var(--line);
  }

  .figures div:nth-child(even) {
    border-left: 0;
  }

  .figures dd {
    font-size: 20px;
    line-height: 26px;
  }

  .chart-note {
    margin-left: 0;
  }
}

"""####
}
