// What is about to run out, and how long it lasts if it goes on selling as it did in the last day.
import { get, withQuery } from "./api.js";
import { saveCSV } from "./csv.js";
import { byId, debounce, h, icon, icons, throttle } from "./dom.js";
import { number, span } from "./format.js";
import { openProduct } from "./product.js";
import { walkRows } from "./rows.js";
import { emptyState, errorState, ghostRows } from "./states.js";
import { news } from "./stock.js";

const DAY = 86_400_000;
const PIECE = 100;

let body;
let items = [];
let visible = PIECE;
let asked;
const rates = new Map();

/**
 * Units an hour that left what can be sold, from the movements of the last day: reserved, less what came
 * back. A reserve counts, its later fulfilment does not again.
 *
 * @returns undefined where nothing was sold
 */
export function rateOf(movements, now, isAll) {
  const sales = movements.filter(({ kind }) => ["reserve", "release", "expire"].includes(kind));
  const units = sales.reduce((sum, movement) => sum + movement.reserved_change, 0);
  if (units <= 0) return undefined;
  // A page that does not reach back a whole day tells of its own time only; a first sale a minute ago
  // is not yet a rate.
  const oldest = Math.min(...movements.map(({ occurred_at: at }) => Date.parse(at)));
  const hours = Math.max((isAll ? DAY : now - oldest) / 3_600_000, 1 / 60);
  return units / hours;
}

async function rate(item) {
  const key = `${item.product_id}\n${item.location}`;
  if (!rates.has(key)) {
    const since = new Date(Date.now() - DAY).toISOString();
    const path = withQuery("/api/v1/admin/inventory/movements", { product_id: item.product_id, location: item.location, since, limit: 500 });
    rates.set(key, get(path).then((page) => rateOf(page.items, Date.now(), !page.next_cursor)));
  }
  return rates.get(key);
}

// Two at a time, and only for rows that are looked at.
const queue = [];
let running = 0;
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    queue.push(entry.target);
  }
  work();
});

async function work() {
  while (running < 2 && queue.length) {
    const cell = queue.shift();
    if (!cell.isConnected) continue;
    running += 1;
    fillLasts(cell).finally(() => {
      running -= 1;
      work();
    });
  }
}

async function fillLasts(cell) {
  const { item } = cell;
  try {
    const perHour = await rate(item);
    const available = Math.max(0, item.available_quantity);
    item.lasts = perHour ? span((available / perHour) * 3_600_000) : "";
    item.perDay = perHour ? Math.round(perHour * 24) : 0;
    cell.replaceChildren(
      available === 0 ? h("span", { class: "badge bad" }, "Sold out")
        : perHour ? h("span", { class: available / perHour < 24 ? "badge warn" : "badge" }, item.lasts)
          : h("span", { class: "muted" }, "No sales in a day"),
      h("div", { class: "sub" }, perHour ? `${number(Math.max(1, item.perDay))} a day` : ""));
  } catch {
    cell.replaceChildren(h("span", { class: "muted" }, "Not known"));
  }
}

function row(item, isFirst) {
  const lasts = h("td", { "data-label": "Lasts" }, h("span", { class: "ghost" }));
  lasts.item = item;
  watcher.observe(lasts);
  const element = h("tr", { tabindex: isFirst ? 0 : -1 },
    h("td", { class: "full" }, h("div", { class: "title" }, item.product_title || `Product ${item.product_id}`), h("div", { class: "sub" }, `#${item.product_id}`)),
    h("td", { class: "half", "data-label": "Store" }, item.store_name ?? "–"),
    h("td", { class: "half", "data-label": "Location" }, item.location),
    h("td", { class: "number", "data-label": "Available" }, h("span", { class: item.available_quantity <= 0 ? "badge bad" : "badge warn" }, number(item.available_quantity))),
    h("td", { class: "number", "data-label": "On hand" }, number(item.quantity)),
    lasts);
  element.item = item;
  return element;
}

export function prepareLowStock() {
  body = h("tbody");
  walkRows(body, { Enter: (item) => openProduct(item.product_id) });
  byId("view-low-stock").replaceChildren(
    h("div", { class: "tools" },
      h("h1", {}, "Low stock"),
      h("label", { for: "low-threshold", class: "muted" }, "Available at most"),
      h("input", { class: "input narrow", id: "low-threshold", type: "number", min: 0, step: 1, value: 10, oninput: debounce(250, () => load()) }),
      h("button", { class: "button end", type: "button", onclick: save }, icon(icons.download), "Export CSV")),
    h("div", { class: "card sheet" },
      h("div", { class: "scroll" },
        h("table", { class: "cards" },
          h("caption", { class: "away" }, "Entries that are low, the lowest first"),
          h("thead", {}, h("tr", {}, ["Product", "Store", "Location", "Available", "On hand", "Lasts"].map((name) =>
            h("th", { scope: "col", class: name === "Available" || name === "On hand" ? "number" : null }, name)))),
          body)),
      h("div", { class: "foot" },
        h("span", { id: "low-count" }),
        h("button", { class: "button small", type: "button", id: "low-more", hidden: true, onclick: () => { visible += PIECE; draw(); } }, "Show more"))),
  );
  const refresh = throttle(5_000, () => load(true));
  const ifSeen = () => { if (!byId("view-low-stock").hidden && !body.contains(document.activeElement)) refresh(); };
  news.addEventListener("changes", ifSeen);
  news.addEventListener("stale", ifSeen);
}

function draw() {
  body.replaceChildren(...items.slice(0, visible).map((item, index) => row(item, index === 0)));
  byId("low-more").hidden = items.length <= visible;
  byId("low-count").textContent = items.length ? `${number(Math.min(visible, items.length))} of ${number(items.length)}, the lowest first` : "";
  if (!items.length) body.replaceChildren(emptyState(6, "Nothing is low", "Every entry has more available than this. Raise the threshold to see what comes next."));
}

export async function load(isQuiet = false) {
  const mine = (asked = new AbortController());
  if (!isQuiet) body.replaceChildren(...ghostRows(6, 5));
  const threshold = byId("low-threshold").value || 0;
  try {
    const list = await get(withQuery("/api/v1/admin/inventory/low-stock", { threshold }), { signal: mine.signal });
    if (mine !== asked) return;
    items = list;
    rates.clear();
    if (!isQuiet) visible = PIECE;
    draw();
  } catch (error) {
    if (mine === asked && !isQuiet) body.replaceChildren(errorState(6, error, () => load()));
  }
}

function save() {
  saveCSV("low-stock", [
    ["product_id", "product_title", "store_name", "location", "available_quantity", "quantity", "lasts", "units_a_day"],
    ...items.slice(0, visible).map((item) => [item.product_id, item.product_title, item.store_name, item.location, item.available_quantity, item.quantity, item.lasts ?? "", item.perDay ?? ""]),
  ]);
}
