// The ledger: who changed what, when and why.
import { get, withQuery } from "./api.js";
import { actorName, product, storeName, titleOf } from "./catalogue.js";
import { saveCSV } from "./csv.js";
import { byId, debounce, h, icon, icons } from "./dom.js";
import { moment, number, signed } from "./format.js";
import { openProduct } from "./product.js";
import { walkRows } from "./rows.js";
import { emptyState, errorState, ghostRows } from "./states.js";

export const kinds = {
  set: ["Set", ""], adjust: ["Adjusted", ""], reserve: ["Reserved", "accent"], release: ["Released", "good"],
  fulfill: ["Fulfilled", "good"], expire: ["Expired", "warn"], transfer_in: ["Moved in", ""],
  transfer_out: ["Moved out", ""], import: ["Imported", ""], delete: ["Deleted", "bad"],
};

export const kindBadge = (kind) => h("span", { class: `badge ${kinds[kind]?.[1] ?? ""}` }, kinds[kind]?.[0] ?? kind);

/** What moved, in words: on hand first. */
export function changeOf({ quantity_change: quantity, reserved_change: reserved }) {
  const tone = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");
  return [
    quantity !== 0 && h("span", { class: tone(quantity) }, `${signed(quantity)} on hand`),
    quantity !== 0 && reserved !== 0 && ", ",
    reserved !== 0 && `${signed(reserved)} reserved`,
    quantity === 0 && reserved === 0 && "no change",
  ];
}

export function whyOf(movement) {
  return [movement.reason, movement.reference].filter(Boolean).join(" · ");
}

const path = "/api/v1/admin/inventory/movements";
let cursor;
let shown = [];
let body;
let asked;

export function prepareMovements(stores) {
  const filter = debounce(250, load);
  body = h("tbody");
  walkRows(body, { Enter: (movement) => openProduct(movement.product_id) });
  byId("view-movements").replaceChildren(
    h("div", { class: "tools" },
      h("h1", {}, "Movements"),
      h("select", { class: "input", id: "movement-kind", "aria-label": "Kind", onchange: load },
        h("option", { value: "" }, "All kinds"),
        Object.entries(kinds).map(([kind, [name]]) => h("option", { value: kind }, name))),
      h("select", { class: "input", id: "movement-store", "aria-label": "Store", onchange: load },
        h("option", { value: "" }, "All stores"), stores.map(({ id, name }) => h("option", { value: id }, name))),
      h("input", { class: "input location", id: "movement-location", "aria-label": "Location", placeholder: "Location", list: "locations", oninput: filter }),
      h("input", { class: "input narrow", id: "movement-product", "aria-label": "Product id", placeholder: "Product id", inputmode: "numeric", oninput: filter }),
      h("button", { class: "button", type: "button", onclick: load }, "Refresh"),
      h("button", { class: "button end", type: "button", onclick: save }, icon(icons.download), "Export CSV")),
    h("div", { class: "card sheet" },
      h("div", { class: "scroll" },
        h("table", { class: "cards" },
          h("caption", { class: "away" }, "Movements, the newest first"),
          h("thead", {}, h("tr", {}, ["When", "Product", "Location", "What", "Change", "On hand", "Who and why"].map((name) =>
            h("th", { scope: "col", class: name === "On hand" ? "number" : null }, name)))),
          body)),
      h("div", { class: "foot" },
        h("span", { id: "movement-count" }),
        h("button", { class: "button small", type: "button", id: "movement-more", onclick: more, hidden: true }, "Show older"))),
  );
}

function row(movement, isFirst) {
  const title = h("div", { class: "title" }, titleOf(movement.product_id));
  product(movement.product_id).then((known) => { title.textContent = titleOf(movement.product_id, known.title); });
  const who = h("div", {}, movement.actor);
  actorName(movement.actor).then((name) => { who.textContent = name; });
  const element = h("tr", { tabindex: isFirst ? 0 : -1 },
    h("td", { class: "time half", "data-label": "When" }, moment(movement.occurred_at)),
    h("td", { class: "full" }, title, h("div", { class: "sub" }, `#${movement.product_id} · ${storeName(movement.store_id)}`)),
    h("td", { class: "half", "data-label": "Location" }, movement.location),
    h("td", { "data-label": "What" }, kindBadge(movement.kind)),
    h("td", { "data-label": "Change" }, changeOf(movement)),
    h("td", { class: "number", "data-label": "On hand" }, number(movement.quantity_after)),
    h("td", { class: "full" }, who, h("div", { class: "sub" }, whyOf(movement))));
  element.item = movement;
  return element;
}

function query() {
  return {
    kind: byId("movement-kind").value, store_id: byId("movement-store").value,
    location: byId("movement-location").value.trim(), product_id: byId("movement-product").value.trim(), limit: 50,
  };
}

export async function load() {
  const mine = (asked = new AbortController());
  body.replaceChildren(...ghostRows(7));
  try {
    const page = await get(withQuery(path, query()), { signal: mine.signal });
    if (mine !== asked) return;
    shown = [];
    body.replaceChildren();
    take(page);
    if (!shown.length && !cursor) body.replaceChildren(emptyState(7, "No movements", "Every change of stock is written down here, with who made it and why."));
  } catch (error) {
    if (mine === asked) body.replaceChildren(errorState(7, error, load));
  }
}

function take(page) {
  body.append(...page.items.map((movement, index) => row(movement, shown.length + index === 0)));
  shown.push(...page.items);
  cursor = page.next_cursor;
  byId("movement-more").hidden = !cursor;
  byId("movement-count").textContent = shown.length ? `${number(shown.length)} shown, the newest first` : "";
}

async function more() {
  byId("movement-more").disabled = true;
  try {
    take(await get(withQuery(path, { ...query(), cursor })));
  } finally {
    byId("movement-more").disabled = false;
  }
}

function save() {
  saveCSV("movements", [
    ["occurred_at", "product_id", "store_id", "location", "kind", "quantity_change", "reserved_change", "quantity_after", "reserved_after", "reason", "reference", "actor"],
    ...shown.map((item) => [item.occurred_at, item.product_id, item.store_id, item.location, item.kind, item.quantity_change, item.reserved_change, item.quantity_after, item.reserved_after, item.reason, item.reference, item.actor]),
  ]);
}
