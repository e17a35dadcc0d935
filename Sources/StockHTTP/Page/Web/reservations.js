// Reservations that hold stock now.
import { get, withQuery } from "./api.js";
import { product, storeName, titleOf } from "./catalogue.js";
import * as dialogs from "./dialogs.js";
import { byId, debounce, h, throttle } from "./dom.js";
import { moment, number, plural, until } from "./format.js";
import { openProduct } from "./product.js";
import { walkRows } from "./rows.js";
import { emptyState, errorState, ghostRows } from "./states.js";
import { news } from "./stock.js";

const path = "/api/v1/store/reservations";
const tones = { held: "accent", fulfilled: "good", released: "", expired: "warn" };

let body;
let cursor;
let count = 0;
let asked;

export const heldUnits = (reservation, id) =>
  reservation.lines.reduce((sum, line) => sum + (id && line.product_id !== id ? 0 : line.held_quantity), 0);

export function prepareReservations() {
  body = h("tbody");
  walkRows(body, {
    Enter: (reservation) => openProduct(reservation.lines[0].product_id),
    Delete: (reservation) => reservation.status === "held" && dialogs.release(reservation),
  });
  byId("view-reservations").replaceChildren(
    h("div", { class: "tools" },
      h("h1", {}, "Reservations"),
      h("select", { class: "input", id: "reservation-status", "aria-label": "Status", onchange: () => load() },
        h("option", { value: "held" }, "Held now"), h("option", { value: "fulfilled" }, "Fulfilled"),
        h("option", { value: "released" }, "Released"), h("option", { value: "expired" }, "Expired")),
      h("input", { class: "input location", id: "reservation-order", "aria-label": "Order", placeholder: "Order id", oninput: debounce(250, () => load()) }),
      h("input", { class: "input narrow", id: "reservation-product", "aria-label": "Product id", placeholder: "Product id", inputmode: "numeric", oninput: debounce(250, () => load()) })),
    h("div", { class: "card sheet" },
      h("div", { class: "scroll" },
        h("table", { class: "cards" },
          h("caption", { class: "away" }, "Reservations, the newest first"),
          h("thead", {}, h("tr", {}, ["Order", "Store", "Lines", "Units", "Status", "Since", "Ends", ""].map((name) =>
            h("th", { scope: "col", class: name === "Units" ? "number" : null }, name || h("span", { class: "away" }, "Actions"))))),
          body)),
      h("div", { class: "foot" },
        h("span", { id: "reservation-count" }),
        h("button", { class: "button small", type: "button", id: "reservation-more", onclick: more, hidden: true }, "Show older"))),
  );
  const refresh = throttle(3_000, () => load(true));
  const ifSeen = () => {
    // Not under somebody's hands: the rows would move.
    if (!byId("view-reservations").hidden && !body.contains(document.activeElement)) refresh();
  };
  news.addEventListener("changes", (event) => {
    if (event.detail.some((change) => ["reserve", "release", "fulfill", "expire"].includes(change.kind))) ifSeen();
  });
  news.addEventListener("stale", () => { if (!byId("view-reservations").hidden) refresh(); });
}

function row(reservation, isFirst) {
  const lines = h("div", {}, plural(reservation.lines.length, "line"));
  const first = reservation.lines[0];
  product(first.product_id).then(({ title }) => {
    const more = reservation.lines.length - 1;
    lines.replaceChildren(h("div", { class: "title" }, titleOf(first.product_id, title)),
      h("div", { class: "sub" }, first.location ?? "", more ? ` and ${plural(more, "more line", "more lines")}` : ""));
  });
  const isHeld = reservation.status === "held";
  const element = h("tr", { tabindex: isFirst ? 0 : -1 },
    h("td", { class: "full" }, h("div", { class: "title" }, reservation.order_id ?? "–"), h("div", { class: "sub mono" }, reservation.reservation_id)),
    h("td", { class: "full" }, reservation.store_id ? storeName(reservation.store_id) : "–"),
    h("td", { class: "full" }, lines),
    h("td", { class: "number", "data-label": "Units" }, number(isHeld ? heldUnits(reservation) : reservation.lines.reduce((sum, line) => sum + line.quantity, 0))),
    h("td", { "data-label": "Status" }, h("span", { class: `badge ${tones[reservation.status] ?? ""}` }, reservation.status)),
    h("td", { class: "time wide-only" }, moment(reservation.created_at)),
    h("td", { class: "time", "data-label": "Ends" }, isHeld ? until(reservation.expires_at) : moment(reservation.updated_at)),
    h("td", { class: "row-actions" }, isHeld &&
      h("button", { class: "button small", type: "button", "aria-label": `Release order ${reservation.order_id ?? reservation.reservation_id}`, onclick: () => dialogs.release(reservation) }, "Release")));
  element.item = reservation;
  return element;
}

const query = () => ({
  status: byId("reservation-status").value, order_id: byId("reservation-order").value.trim(),
  product_id: byId("reservation-product").value.trim(), limit: 50,
});

export async function load(isQuiet = false) {
  const mine = (asked = new AbortController());
  if (!isQuiet) body.replaceChildren(...ghostRows(8, 5));
  try {
    const page = await get(withQuery(path, query()), { signal: mine.signal });
    if (mine !== asked) return;
    count = 0;
    body.replaceChildren();
    take(page);
    if (!count) {
      body.replaceChildren(emptyState(8, "No reservations", "When a checkout holds stock for an order, it stands here until it is paid, given back or runs out."));
    }
  } catch (error) {
    if (mine === asked && !isQuiet) body.replaceChildren(errorState(8, error, () => load()));
  }
}

function take(page) {
  body.append(...page.items.map((reservation, index) => row(reservation, count + index === 0)));
  count += page.items.length;
  cursor = page.next_cursor;
  byId("reservation-more").hidden = !cursor;
  byId("reservation-count").textContent = count ? `${number(count)} of ${number(page.total)}` : "";
}

async function more() {
  take(await get(withQuery(path, { ...query(), cursor })));
}
