// Short messages, some with something to do about them.
import { byId, h } from "./dom.js";

/** Messages stand above whatever is open: what is outside of an open dialog cannot be clicked. */
function place() {
  const top = [...document.querySelectorAll("dialog:modal:not(#sign-in)")].at(-1) ?? document.body;
  if (byId("toasts").parentElement !== top) top.append(byId("toasts"));
}

/**
 * @param text what happened
 * @param action {label, run} and how long it is offered, in milliseconds
 */
export function toast(text, { action, bad = false, lasts = action ? 12_000 : 5_000 } = {}) {
  const element = h("div", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : "status" }, h("p", {}, text));
  let timer = setTimeout(close, lasts);
  function close() {
    clearTimeout(timer);
    element.remove();
  }
  if (action) {
    element.append(
      h("button", { type: "button", onclick: () => { close(); action.run(); } }, action.label),
    );
  }
  element.append(h("button", { type: "button", "aria-label": "Close the message", onclick: close }, "✕"));
  // Who reads it or reaches for it is not hurried.
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("pointerleave", () => { timer = setTimeout(close, 4_000); });
  element.addEventListener("focusin", () => clearTimeout(timer));
  element.addEventListener("focusout", () => { timer = setTimeout(close, 4_000); });
  place();
  byId("toasts").append(element);
  while (byId("toasts").children.length > 4) byId("toasts").firstElementChild.remove();
  return close;
}

/** A dialog is about to go: messages in it are moved out. */
export function keepToasts(dialog) {
  if (dialog.contains(byId("toasts"))) document.body.append(byId("toasts"));
  queueMicrotask(place);
}
