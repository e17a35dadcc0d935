// Made by make page from Page/Web/entries.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let entries_js: StaticString = ####"""
// The list of entries: search, filters, order, pages, and what can be done with each.
import { get, withQuery } from "./api.js";
import { knowProduct, product, storeName, titleOf } from "./catalogue.js";
import { saveCSV } from "./csv.js";
import * as dialogs from "./dialogs.js";
import { announce, byId, debounce, h, icon, icons, throttle } from "./dom.js";
import { moment, number } from "./format.js";
import { openProduct } from "./product.js";
import { walkRows } from "./rows.js";
import { emptyState, errorState, ghostRows } from "./states.js";
import { keyOf, news } from "./stock.js";

const LIMIT = 50;
const filters = ["search", "store_id", "location", "low_stock", "sort"];
const columns = [
  ["Product", "product_id"], ["Store"], ["Location"], ["Available", "available_quantity", "number"],
  ["Reserved", null, "number"], ["On hand", "quantity", "number"], ["Updated", "updated_at"], [""],
];

const state = { search: "", store_id: "", location: "", low_stock: "", sort: "" };
/** The cursors of the pages before this one; the first page has none. */
let trail = [];
let page = { items: [], total: 0, next_cursor: null };
let body;
let walk;
let asked;
let stores = [];

export function prepareEntries(allStores) {
  stores = allStores;
  const type = debounce(250, () => go());
  const input = (name, attributes) =>
    h("input", { class: "input", id: `filter-${name}`, autocomplete: "off", spellcheck: "false",
      oninput: (event) => { state[name] = event.target.value.trim(); type(); }, ...attributes });
  body = h("tbody");
  walk = walkRows(body, {
    Enter: (entry) => openProduct(entry.product_id, { location: undefined }),
    a: dialogs.adjust, s: dialogs.set, Delete: dialogs.removeEntry,
    m: (entry) => openProduct(entry.product_id, { location: entry.location }),
  });
  byId("view-inventory").replaceChildren(
    h("div", { class: "tools", role: "search" },
      h("div", { class: "search" }, icon(icons.search),
        input("search", { type: "search", "aria-label": "Search title, SKU or GTIN", placeholder: "Search title, SKU or GTIN", "aria-keyshortcuts": "/" })),
      h("select", { class: "input", id: "filter-store_id", "aria-label": "Store", onchange: (event) => { state.store_id = event.target.value; go(); } },
        h("option", { value: "" }, "All stores"), stores.map(({ id, name }) => h("option", { value: id }, name))),
      input("location", { class: "input location", "aria-label": "Location", placeholder: "Location", list: "locations" }),
      input("low_stock", { class: "input narrow", type: "number", min: 0, step: 1, "aria-label": "Available at most", placeholder: "Available ≤" }),
      h("button", { class: "button quiet", type: "button", id: "filter-clear", hidden: true, onclick: clear }, "Clear"),
      h("button", { class: "button end", type: "button", onclick: save, title: "What is shown, as CSV (e)", id: "export" }, icon(icons.download), "Export CSV"),
      h("button", { class: "button primary", type: "button", id: "new-entry", onclick: () => dialogs.set({}, stores) }, icon(icons.plus), "New entry")),
    h("div", { class: "card sheet", id: "sheet" },
      h("div", { class: "scroll" },
        h("table", { class: "cards", "aria-describedby": "entry-count" },
          h("caption", { class: "away" }, "Entries: a product at a location"),
          h("thead", {}, h("tr", {}, columns.map(heading))), body)),
      h("div", { class: "foot" },
        h("span", { id: "entry-count" }),
        h("span", { class: "pages" },
          h("button", { class: "button small", type: "button", id: "page-back", onclick: back }, "Previous"),
          h("button", { class: "button small", type: "button", id: "page-on", onclick: on }, "Next")))),
    h("datalist", { id: "locations" }),
  );
  news.addEventListener("changes", (event) => { for (const change of event.detail) patch(change); });
  const refresh = throttle(2_000, () => load({ isQuiet: true }));
  news.addEventListener("stale", () => { if (!byId("view-inventory").hidden) refresh(); });
  get("/api/v1/admin/inventory/locations").then((answer) => {
    const names = (Array.isArray(answer) ? answer : answer.items ?? answer.locations ?? [])
      .map((item) => (typeof item === "string" ? item : item.location ?? item.name));
    byId("locations").replaceChildren(...names.slice(0, 500).map((name) => h("option", { value: name })));
  }).catch(() => {});
}

function heading([name, sort, kind]) {
  if (!sort) return h("th", { scope: "col", class: kind }, name || h("span", { class: "away" }, "Actions"));
  return h("th", { scope: "col", class: kind, "data-sort": sort },
    h("button", { type: "button", onclick: () => {
      // Numbers are asked for from below first: what is short; times from above.
      const first = sort === "updated_at" ? `-${sort}` : sort;
      const second = sort === "updated_at" ? sort : `-${sort}`;
      state.sort = state.sort === first ? second : state.sort === second ? "" : first;
      go();
    } }, name));
}

// MARK: Where we are

/** What the address says: a link to it shows the same. */
export function readAddress(parameters) {
  let isChanged = false;
  for (const name of filters) {
    const value = parameters.get(name) ?? "";
    if (state[name] !== value) isChanged = true;
    state[name] = value;
    const field = byId(`filter-${name}`);
    if (field && field.value !== value) field.value = value;
  }
  return isChanged;
}

function writeAddress() {
  const parameters = new URLSearchParams(filters.filter((name) => state[name]).map((name) => [name, state[name]]));
  const text = parameters.toString();
  history.replaceState(null, "", text ? `#inventory?${text}` : "#inventory");
}

function go() {
  trail = [];
  writeAddress();
  return load();
}

function clear() {
  for (const name of filters) state[name] = "";
  readAddress(new URLSearchParams());
  go();
  byId("filter-search").focus();
}

function on() {
  trail.push(page.next_cursor);
  load({ moves: true });
}

function back() {
  trail.pop();
  load({ moves: true });
}

// MARK: Showing

export async function load({ isQuiet = false, moves = false } = {}) {
  asked?.abort();
  const mine = (asked = new AbortController());
  for (const heading of document.querySelectorAll("th[data-sort]")) {
    const isUp = state.sort === heading.dataset.sort;
    const isDown = state.sort === `-${heading.dataset.sort}`;
    heading.setAttribute("aria-sort", isUp ? "ascending" : isDown ? "descending" : "none");
  }
  byId("filter-clear").hidden = !filters.some((name) => state[name]);
  // Rows that are there stay until others come; only the first time there is nothing to keep.
  if (!page.items.length && !isQuiet) body.replaceChildren(...ghostRows(columns.length));
  const late = setTimeout(() => byId("sheet").classList.add("busy"), isQuiet ? 60_000 : 150);
  try {
    const answer = await get(withQuery("/api/v1/admin/inventory", { ...state, limit: LIMIT, cursor: trail.at(-1) }), { signal: mine.signal });
    if (mine !== asked) return;
    page = answer;
    draw(isQuiet);
    if (moves) {
      byId("view-inventory").scrollIntoView({ block: "start" });
      walk.focusFirst();
    }
  } catch (error) {
    if (mine !== asked || error.name === "AbortError") return;
    page = { items: [], total: 0, next_cursor: null };
    if (!isQuiet) {
      count();
      body.replaceChildren(errorState(columns.length, error, () => load()));
    }
  } finally {
    clearTimeout(late);
    if (mine === asked) byId("sheet").classList.remove("busy");
  }
}

function draw(isQuiet) {
  const focused = isQuiet && body.contains(document.activeElement) ? document.activeElement.closest("tr")?.item : null;
  body.replaceChildren(...page.items.map((entry, index) => row(entry, index === 0)));
  if (focused) [...body.rows].find((element) => keyOf(element.item) === keyOf(focused))?.focus();
  count();
  if (!page.items.length) {
    const isFiltered = filters.some((name) => name !== "sort" && state[name]);
    body.replaceChildren(isFiltered
      ? emptyState(columns.length, "Nothing found", "No entry matches these filters.", h("button", { class: "button", type: "button", onclick: clear }, "Clear the filters"))
      : emptyState(columns.length, "No stock yet", "Import a file, or create the first entry. It shows up here at once.", h("code", {}, "stock import examples/stock.csv")));
  }
}

function count() {
  const first = trail.length * LIMIT + 1;
  const text = page.items.length
    ? `${number(first)}–${number(first + page.items.length - 1)} of ${number(page.total)}` : "";
  if (byId("entry-count").textContent !== text) announce(text ? `Entries ${text}` : "No entries");
  byId("entry-count").textContent = text;
  byId("page-back").disabled = trail.length === 0;
  byId("page-on").disabled = !page.next_cursor;
}

function row(entry, isFirst) {
  const title = h("div", { class: "title" }, titleOf(entry.product_id, entry.product_title ?? entry.title));
  const sub = h("div", { class: "sub" }, `#${entry.product_id}`);
  const name = (known) => {
    title.textContent = titleOf(entry.product_id, known.title);
    sub.textContent = [known.sku, `#${entry.product_id}`].filter(Boolean).join(" · ");
    entry.shownTitle = known.title;
    entry.shownSKU = known.sku;
  };
  const given = entry.product_title ?? entry.title;
  if (given !== undefined) {
    knowProduct(entry.product_id, { title: given, sku: entry.sku ?? entry.product_sku });
    name({ title: given, sku: entry.sku ?? entry.product_sku });
  } else {
    product(entry.product_id).then(name);
  }
  const action = (label, run) =>
    h("button", { class: "button small", type: "button", tabindex: -1, "aria-label": `${label} ${entry.location}`, onclick: () => run(entry) }, label);
  const element = h("tr", { tabindex: isFirst ? 0 : -1, "aria-keyshortcuts": "a s m Delete" },
    h("td", { class: "full" }, title, sub),
    h("td", { class: "half", "data-label": "Store" }, entry.store_name ?? storeName(entry.store_id)),
    h("td", { class: "half", "data-label": "Location" }, entry.location),
    h("td", { class: "number available", "data-label": "Available" }, availableText(entry)),
    h("td", { class: "number reserved", "data-label": "Reserved" }, number(entry.reserved_quantity)),
    h("td", { class: "number quantity", "data-label": "On hand" }, number(entry.quantity)),
    h("td", { class: "time wide-only" }, moment(entry.updated_at)),
    h("td", { class: "row-actions" }, action("Adjust", dialogs.adjust), " ", action("Set", dialogs.set), " ", action("Delete", dialogs.removeEntry)));
  element.item = entry;
  return element;
}

function availableText(entry) {
  if (entry.unlimited) return h("span", { class: "badge" }, "Unlimited");
  if (entry.available_quantity <= 0) return h("span", { class: "badge bad" }, number(entry.available_quantity));
  if (entry.available_quantity <= 10) return h("span", { class: "badge warn" }, number(entry.available_quantity));
  return h("strong", {}, number(entry.available_quantity));
}

/** A change that was told: the row shows it where it stands. */
function patch(change) {
  const element = [...body.rows].find(({ item }) => item && keyOf(item) === keyOf(change));
  if (!element) return;
  const entry = element.item;
  if (change.kind === "delete") {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    const hadFocus = element.contains(document.activeElement);
    element.remove();
    page.items = page.items.filter((item) => item !== entry);
    page.total -= 1;
    count();
    if (!page.items.length) load({ isQuiet: true });
    else if (hadFocus) next?.focus();
    return;
  }
  if (entry.quantity === change.quantity && entry.reserved_quantity === change.reserved_quantity && !change.version) return;
  const before = { ...entry };
  Object.assign(entry, {
    quantity: change.quantity, reserved_quantity: change.reserved_quantity,
    available_quantity: change.available_quantity ?? change.quantity - change.reserved_quantity,
    version: change.version ?? entry.version, updated_at: change.updated_at ?? new Date().toISOString(),
  });
  const update = (name, field, content) => {
    if (before[field] === entry[field]) return;
    const cell = element.querySelector(`.${name}`);
    cell.replaceChildren(content);
    cell.classList.remove("changed");
    void cell.offsetWidth;
    cell.classList.add("changed");
  };
  update("available", "available_quantity", availableText(entry));
  update("reserved", "reserved_quantity", number(entry.reserved_quantity));
  update("quantity", "quantity", number(entry.quantity));
  element.querySelector(".time").replaceChildren(moment(entry.updated_at));
}

// MARK: Handing out

export function save() {
  saveCSV("inventory", [
    ["id", "product_id", "title", "sku", "store_id", "store", "location", "quantity", "reserved_quantity", "available_quantity", "gtin", "updated_at"],
    ...page.items.map((entry) => [entry.id, entry.product_id, entry.shownTitle ?? "", entry.shownSKU ?? "", entry.store_id, entry.store_name ?? storeName(entry.store_id), entry.location, entry.quantity, entry.reserved_quantity, entry.available_quantity, entry.gtin ?? "", entry.updated_at]),
  ]);
}

export const focusRows = () => walk.focusFirst();

"""####
}
