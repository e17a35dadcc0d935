// Made by make page from Page/Web/shortcuts.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let shortcuts_js: StaticString = ####"""
// Keys that work everywhere on the page.
import { show } from "./dialogs.js";
import { byId, h } from "./dom.js";
import { focusRows, save } from "./entries.js";

const list = [
  ["/", "Search"], ["1 2 3 4", "Inventory, low stock, reservations, movements"], ["j k ↓ ↑", "Row down, row up"],
  ["Enter", "Open the row’s product"], ["a", "Adjust the row’s entry"], ["s", "Set its quantity"],
  ["m", "Its movements"], ["Delete", "Delete it, or release the reservation"], ["n", "New entry"], ["e", "Export what is shown"],
  ["t", "Dark or light"], ["?", "This list"], ["Esc", "Close"],
];

const views = ["inventory", "low-stock", "reservations", "movements"];

export function toggleTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("stock-theme", root.dataset.theme);
}

function help() {
  const dialog = h("dialog", { "aria-labelledby": "help-title" },
    h("div", { class: "dialog-in" },
      h("h2", { id: "help-title" }, "Keyboard shortcuts"),
      h("dl", { class: "shortcuts" }, list.map(([keys, text]) => [
        h("dt", {}, keys.split(" ").flatMap((key) => [h("kbd", {}, key), " "])), h("dd", {}, text)])),
      h("div", { class: "actions" }, h("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Close"))));
  show(dialog);
}

export function prepareShortcuts() {
  byId("theme-button").addEventListener("click", toggleTheme);
  byId("help-button").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog:modal")) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const isInventory = !byId("view-inventory").hidden;
    if (event.key === "/") {
      location.hash = "inventory";
      byId("filter-search").focus();
    } else if (event.key >= "1" && event.key <= "4") location.hash = views[event.key - 1];
    else if ((event.key === "j" || event.key === "ArrowDown") && isInventory && event.target === document.body) focusRows();
    else if (event.key === "t") toggleTheme();
    else if (event.key === "e" && isInventory) save();
    else if (event.key === "n" && isInventory) byId("new-entry").click();
    else if (event.key === "?") help();
    else return;
    event.preventDefault();
  });
}

"""####
}
