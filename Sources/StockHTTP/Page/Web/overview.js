// The figures above, and the plot.
import { get } from "./api.js";
import { addSeconds, drawChart } from "./chart.js";
import { byId, h, throttle } from "./dom.js";
import { compact, number } from "./format.js";
import { onSecond } from "./live.js";
import { news } from "./stock.js";

const figures = [
  ["total_entries", "Entries"],
  ["total_quantity", "On hand"],
  ["total_reserved", "Reserved"],
  ["total_available", "Available"],
  ["low_stock_count", "Low on stock"],
  ["stores_with_inventory", "Stores"],
  ["unique_locations", "Locations"],
];

function show(stats) {
  for (const [name] of figures) {
    const value = byId(`figure-${name}`);
    const text = compact(stats[name]);
    if (value.textContent === text) continue;
    value.textContent = text;
    value.title = number(stats[name]);
    value.parentElement.classList.toggle("needs-look", name === "low_stock_count" && stats[name] > 0);
  }
}

async function load() {
  try {
    show(await get("/api/v1/admin/inventory/stats"));
  } catch {
    // The bar says that the engine is away; the last figures stay.
  }
}

export function startOverview() {
  byId("figures").replaceChildren(
    ...figures.map(([name, label]) =>
      h("div", {}, h("dt", {}, label), h("dd", { id: `figure-${name}` }, h("span", { class: "ghost" })))),
  );
  const refresh = throttle(2_000, load);
  load();
  news.addEventListener("changes", refresh);
  news.addEventListener("stale", refresh);
  const chart = byId("chart");
  drawChart(chart);
  onSecond((second) => {
    addSeconds(second);
    drawChart(chart);
  });
  addEventListener("resize", () => drawChart(chart));
}
