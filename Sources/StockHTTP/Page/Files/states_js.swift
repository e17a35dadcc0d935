// Made by make page from Page/Web/states.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let states_js: StaticString = ####"""
// What a table shows when it has nothing to show: not yet, nothing, or not possible.
import { h } from "./dom.js";

export const ghostRows = (columns, rows = 8) =>
  Array.from({ length: rows }, () =>
    h("tr", { "aria-hidden": "true" }, Array.from({ length: columns }, (_, index) =>
      h("td", { class: index === 0 ? "full" : null }, h("span", { class: "ghost" })))));

const wide = (columns, ...children) =>
  h("tr", {}, h("td", { colspan: columns, class: "full" }, h("div", { class: "empty" }, children)));

export const emptyState = (columns, title, text, ...more) => wide(columns, h("h3", {}, title), h("p", {}, text), more);

export const errorState = (columns, error, again) =>
  wide(columns, h("h3", {}, "This could not be loaded"), h("p", { role: "alert" }, error.message),
    h("button", { class: "button", type: "button", onclick: again }, "Try again"));

"""####
}
