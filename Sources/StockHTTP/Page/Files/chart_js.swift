// Made by make page from Page/Web/chart.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let chart_js: StaticString = ####"""
// Reserves and refusals of the last five minutes, as bars of five seconds.
import { h, svg } from "./dom.js";
import { compact, number } from "./format.js";

const STEP = 5;
const BARS = 60;
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [1200, 120, 44, 20];

const seconds = new Map();
let now = Math.floor(Date.now() / 1000);
let shown = "";

export function addSeconds(second) {
  now = second.now;
  for (const [at, asked, refused] of second.seconds) seconds.set(at, { asked, refused });
  for (const at of seconds.keys()) {
    if (at < now - STEP * (BARS + 1)) seconds.delete(at);
  }
}

/** The bars from left to right: units of time, not of stock. */
function bars() {
  const last = Math.floor(now / STEP) * STEP;
  return Array.from({ length: BARS }, (_, index) => {
    const start = last - (BARS - 1 - index) * STEP;
    let [asked, refused] = [0, 0];
    for (let at = start; at < start + STEP; at += 1) {
      asked += seconds.get(at)?.asked ?? 0;
      refused += seconds.get(at)?.refused ?? 0;
    }
    return { start, done: Math.max(0, asked - refused), refused };
  });
}

/** The next round number that is not less, and whose half is whole: 4, 10, 20, 40, 100… */
function roundUp(value) {
  const scale = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 4, 10].map((step) => step * scale).find((step) => step >= value) ?? value;
}

const clock = new Intl.DateTimeFormat("en", { timeStyle: "medium", hour12: false });

export function drawChart(figure) {
  const all = bars();
  const done = all.reduce((sum, bar) => sum + bar.done, 0);
  const refused = all.reduce((sum, bar) => sum + bar.refused, 0);
  // Drawing the same again would take the pointer's bar from under it.
  const key = JSON.stringify([all.at(-1).start, done, refused, figure.clientWidth]);
  if (key === shown) return;
  shown = key;

  // Drawn at the size that it is shown in, so that letters keep theirs.
  const width = Math.max(280, figure.clientWidth - 34 || WIDTH);
  const top = roundUp(Math.max(4, ...all.map((bar) => bar.done + bar.refused)));
  const room = HEIGHT - BOTTOM - 8;
  const y = (value) => 8 + room - (value / top) * room;
  const slot = (width - LEFT) / BARS;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
  for (const value of [0, top / 2, top]) {
    drawing.append(
      svg("line", { class: "grid", x1: LEFT, x2: width, y1: y(value), y2: y(value) }),
      svg("text", { class: "axis", x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, compact(value)),
    );
  }
  for (const [index, bar] of all.entries()) {
    const x = LEFT + index * slot;
    const inner = { x: x + slot * 0.14, width: slot * 0.72, rx: Math.min(2, slot * 0.2) };
    if (bar.done) {
      drawing.append(svg("rect", { class: "bar-done", ...inner, y: y(bar.done), height: y(0) - y(bar.done) }));
    }
    if (bar.refused) {
      const high = y(bar.done + bar.refused);
      drawing.append(svg("rect", { class: "bar-refused", ...inner, y: high, height: Math.max(1, y(bar.done) - high - (bar.done ? 1 : 0)) }));
    }
    const text = `${clock.format(bar.start * 1000)}: ${number(bar.done)} reserved, ${number(bar.refused)} refused`;
    drawing.append(svg("rect", { class: "hit", x, y: 8, width: slot, height: room }, svg("title", {}, text)));
  }
  for (const minutes of width > 500 ? [5, 4, 3, 2, 1, 0] : [4, 2, 0]) {
    const x = LEFT + ((BARS - minutes * (60 / STEP)) / BARS) * (width - LEFT);
    drawing.append(
      svg("text", { class: "axis", x: minutes === 5 ? LEFT : x, y: HEIGHT - 4, "text-anchor": minutes === 5 ? "start" : minutes ? "middle" : "end" },
        minutes ? `−${minutes} min` : "now"),
    );
  }
  figure.replaceChildren(
    h("figcaption", { class: "chart-head" },
      h("h2", { id: "chart-title" }, "Reserves, last 5 minutes"),
      h("span", { class: "key" }, h("span", { class: "swatch" }), h("b", { id: "chart-done" }, number(done)), " reserved"),
      h("span", { class: "key" }, h("span", { class: "swatch refused" }), h("b", { id: "chart-refused" }, number(refused)), " refused"),
      h("span", { class: "chart-note" }, "Requests in 5 seconds")),
    drawing,
  );
}

"""####
}
