// One product, from the side: what is where, what happened to it, who holds it.
import { get, withQuery } from "./api.js";
import { actorName, knowProduct, storeName, titleOf } from "./catalogue.js";
import * as dialogs from "./dialogs.js";
import { byId, h, icon, icons, svg, throttle } from "./dom.js";
import { moment, number, plural, until } from "./format.js";
import { changeOf, kindBadge, whyOf } from "./movements.js";
import { heldUnits } from "./reservations.js";
import { news } from "./stock.js";
import { keepToasts } from "./toast.js";

let open;

/** Widths are attributes of a drawing, in percent of the largest location. */
function bar(entry, most) {
  const percent = (value) => (most > 0 ? (Math.max(0, value) / most) * 100 : 0);
  const available = percent(entry.available_quantity);
  const reserved = percent(entry.reserved_quantity);
  const label = `${number(entry.available_quantity)} available, ${number(entry.reserved_quantity)} reserved`;
  return svg("svg", { class: "place-bar", role: "img", "aria-label": label },
    svg("rect", { class: "reserved", x: 0, width: `${Math.min(100, available + reserved)}%`, height: 10, rx: 5 }),
    svg("rect", { class: "available", x: 0, width: `${available}%`, height: 10, rx: 5 }));
}

function place(entry, most) {
  const action = (label, run) =>
    h("button", { class: "button small", type: "button", "aria-label": `${label} ${entry.location}`, onclick: () => run(entry) }, label);
  return h("div", { class: "place", "data-location": entry.location },
    h("div", { class: "place-head" },
      h("span", { class: "place-name" }, entry.location),
      action("Adjust", dialogs.adjust), action("Set", dialogs.set), action("Delete", dialogs.removeEntry)),
    bar(entry, most),
    h("div", { class: "place-figures" },
      h("span", {}, h("i", { class: "swatch" }), h("b", {}, number(entry.available_quantity)), " available"),
      h("span", {}, h("i", { class: "swatch reserved" }), h("b", {}, number(entry.reserved_quantity)), " reserved"),
      h("span", {}, h("b", {}, number(entry.quantity)), " on hand")));
}

function step(movement) {
  const who = h("span", {}, movement.actor);
  actorName(movement.actor).then((name) => { who.textContent = name; });
  const why = whyOf(movement);
  return h("li", {},
    h("span", {}, kindBadge(movement.kind)),
    h("span", {}, changeOf(movement), h("span", { class: "muted" }, ` at ${movement.location}`)),
    h("span", { class: "muted" }, moment(movement.occurred_at)),
    h("span", { class: "why" }, who, why && ` · ${why}`));
}

export async function openProduct(id, { location } = {}) {
  if (open) return;
  const title = h("h2", { id: "panel-title" }, titleOf(id));
  const facts = h("div", { class: "facts" }, h("span", {}, `#${id}`));
  const parts = h("div", { class: "panel-body" }, h("div", { class: "panel-part" }, h("span", { class: "ghost" })));
  const close = () => panel.close();
  const panel = h("dialog", { class: "panel", "aria-labelledby": "panel-title" },
    h("div", { class: "panel-head" }, h("div", {}, title, facts),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: close }, icon(icons.close))),
    parts);
  open = panel;
  const before = document.activeElement;
  byId("panel-place").append(panel);
  panel.showModal();
  panel.addEventListener("click", (event) => { if (event.target === panel && event.offsetX < 0) close(); });

  const stockPart = h("section", { class: "panel-part", "aria-label": "Stock by location" });
  const holdPart = h("section", { class: "panel-part", "aria-label": "Active reservations" });
  const stepPart = h("section", { class: "panel-part", "aria-label": "Movements" });
  let only = location ?? "";
  let known;

  async function showStock() {
    const [item, summary] = await Promise.all([
      known ?? get(`/api/v1/admin/products/${id}`), get(`/api/v1/admin/inventory/products/${id}`),
    ]);
    known = item;
    knowProduct(id, item);
    title.textContent = titleOf(id, item.title);
    facts.replaceChildren(...[
      `#${id}`, item.sku && `SKU ${item.sku}`, item.gtin && `GTIN ${item.gtin}`, storeName(item.store_id),
      item.product_type !== "physical" && item.product_type,
      item.low_stock_threshold !== null && item.low_stock_threshold !== undefined && `low at ${number(item.low_stock_threshold)}`,
    ].filter(Boolean).map((text) => h("span", {}, text)));
    const most = Math.max(0, ...summary.locations.map((entry) => Math.max(entry.quantity, entry.available_quantity)));
    const places = summary.locations.map((entry) => place(entry, most));
    const focused = stockPart.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    stockPart.replaceChildren(
      h("h3", {}, summary.unlimited ? "Never runs out" : "Stock",
        h("button", { class: "button small", type: "button", onclick: () => dialogs.set({ product_id: id, store_id: item.store_id }) }, icon(icons.plus), "Add location")),
      h("dl", { class: "totals" },
        h("div", {}, h("dt", {}, "Available"), h("dd", {}, summary.unlimited ? "∞" : number(summary.total_available))),
        h("div", {}, h("dt", {}, "Reserved"), h("dd", {}, number(summary.total_reserved))),
        h("div", {}, h("dt", {}, "On hand"), h("dd", {}, number(summary.total_quantity)))),
      h("div", { class: "places" }, places.length ? places : h("p", { class: "muted" }, "It is at no location yet.")));
    if (focused) [...stockPart.querySelectorAll("button")].find((button) => button.getAttribute("aria-label") === focused)?.focus();
    showFilter(summary.locations.map((entry) => entry.location));
  }

  const filter = h("select", { class: "input", "aria-label": "Location of the movements", onchange: () => { only = filter.value; showSteps(); } });
  function showFilter(locations) {
    const names = new Set([...locations, only].filter(Boolean));
    filter.replaceChildren(h("option", { value: "" }, "All locations"),
      ...[...names].map((name) => h("option", { value: name, selected: name === only }, name)));
  }

  async function showHolds() {
    const page = await get(withQuery("/api/v1/store/reservations", { product_id: id, status: "held", limit: 20 }));
    holdPart.replaceChildren(
      h("h3", {}, "Active reservations", h("span", { class: "muted" }, number(page.total))),
      page.items.length
        ? h("ul", { class: "steps" }, page.items.map((hold) => h("li", {},
          h("span", {}, plural(heldUnits(hold, id), "unit")),
          h("span", {}, hold.order_id ?? hold.reservation_id, h("span", { class: "muted" }, " ends ", until(hold.expires_at))),
          h("button", { class: "button small", type: "button", "aria-label": `Release order ${hold.order_id ?? hold.reservation_id}`, onclick: () => dialogs.release(hold) }, "Release"))))
        : h("p", { class: "muted" }, "Nobody holds any of it."));
  }

  const steps = h("ol", { class: "steps" });
  const older = h("button", { class: "button small", type: "button", onclick: () => showSteps(true) }, "Show older");
  let cursor;
  async function showSteps(isMore = false) {
    const page = await get(withQuery("/api/v1/admin/inventory/movements", {
      product_id: id, location: only, limit: 20, cursor: isMore ? cursor : undefined,
    }));
    cursor = page.next_cursor;
    older.hidden = !cursor;
    if (!isMore) steps.replaceChildren();
    steps.append(...page.items.map(step));
    if (!steps.children.length) steps.append(h("li", {}, h("span", { class: "why" }, "Nothing has happened yet.")));
  }
  stepPart.replaceChildren(h("h3", {}, "Movements", filter), steps, older);

  const refresh = throttle(1_500, () => {
    Promise.all([showStock(), showHolds(), cursor && steps.children.length > 20 ? null : showSteps()]).catch(() => {});
  });
  const onChanges = (event) => { if (event.detail.some((change) => change.product_id === id)) refresh(); };
  news.addEventListener("changes", onChanges);
  news.addEventListener("stale", refresh);
  panel.addEventListener("close", () => {
    news.removeEventListener("changes", onChanges);
    news.removeEventListener("stale", refresh);
    keepToasts(panel);
    panel.remove();
    open = undefined;
    if (before?.isConnected) before.focus();
  });

  try {
    await Promise.all([showStock(), showHolds(), showSteps()]);
    parts.replaceChildren(stockPart, holdPart, stepPart);
  } catch (error) {
    parts.replaceChildren(h("div", { class: "empty" }, h("h3", {}, "This could not be loaded"), h("p", { role: "alert" }, error.message)));
  }
}
