// Elements from values. Text becomes text nodes, never markup: there is no way here to write HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export const h = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export const byId = (id) => document.getElementById(id);

/** A drawing of strokes, 20 by 20. */
export const icon = (path) =>
  svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: path }));

export const icons = {
  close: "M5 5l10 10M15 5L5 15",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5L17 17",
  download: "M10 3v9m0 0l-3.500-3.500M10 12l3.500-3.500M4 16h12".replaceAll(".500", ".5"),
  plus: "M10 4v12M4 10h12",
};

/** Says something to those who listen, without showing it. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** Calls late, and once for many calls. */
export function debounce(milliseconds, call) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), milliseconds);
  };
}

/** Calls at once, then at most once in so many milliseconds, and once more for what came between. */
export function throttle(milliseconds, call) {
  let timer;
  let again = false;
  return function run() {
    if (timer) {
      again = true;
      return;
    }
    call();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) {
        again = false;
        run();
      }
    }, milliseconds);
  };
}
