// Made by make page from Page/Web/main.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let main_js: StaticString = ####"""
// Begins: asks who is there, then shows what the address names.
import { loadStores } from "./catalogue.js";
import { byId, h } from "./dom.js";
import * as entries from "./entries.js";
import { startLive } from "./live.js";
import * as lowStock from "./lowstock.js";
import * as movements from "./movements.js";
import { startOverview } from "./overview.js";
import * as reservations from "./reservations.js";
import { prepareSession, readSession, signIn } from "./session.js";
import { prepareShortcuts } from "./shortcuts.js";

const views = {
  inventory: ["Inventory", (parameters) => { entries.readAddress(parameters); return entries.load(); }],
  "low-stock": ["Low stock", () => lowStock.load()],
  reservations: ["Reservations", () => reservations.load()],
  movements: ["Movements", () => movements.load()],
};

function route() {
  const [name, query] = location.hash.slice(1).split("?");
  const view = views[name] ? name : "inventory";
  for (const other of Object.keys(views)) byId(`view-${other}`).hidden = other !== view;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("overview").hidden = view !== "inventory";
  document.title = `${views[view][0]} · stock`;
  views[view][1](new URLSearchParams(query ?? ""));
}

async function start() {
  prepareSession();
  prepareShortcuts();
  if (!(await readSession())) await signIn();
  const stores = await loadStores();
  document.body.classList.remove("outside");
  byId("main").hidden = false;
  entries.prepareEntries(stores);
  lowStock.prepareLowStock();
  reservations.prepareReservations();
  movements.prepareMovements(stores);
  route();
  startOverview();
  startLive();
  addEventListener("hashchange", route);
}

start().catch((error) => {
  document.body.classList.remove("outside");
  byId("main").hidden = false;
  byId("view-inventory").replaceChildren(
    h("div", { class: "card empty" }, h("h3", {}, "The engine does not answer"), h("p", { role: "alert" }, error.message),
      h("button", { class: "button", type: "button", onclick: () => location.reload() }, "Try again")));
});

"""####
}
