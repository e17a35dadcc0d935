// What asks before anything changes: adjust, set, delete, release. Each shows what will be.
import { ApiError, get } from "./api.js";
import { product, storeName, titleOf } from "./catalogue.js";
import { announce, byId, h } from "./dom.js";
import { number, plural, signed } from "./format.js";
import * as stock from "./stock.js";
import { keepToasts, toast } from "./toast.js";

const REASONS = ["Delivery", "Return", "Stock count", "Damaged", "Lost"];

/** Shows a dialog; it goes when it is closed, and the focus returns to where it was. */
export function show(dialog) {
  const before = document.activeElement;
  byId("dialog-place").append(dialog);
  dialog.addEventListener("close", () => {
    keepToasts(dialog);
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  dialog.addEventListener("click", (event) => {
    // On the veil beside it.
    if (event.target === dialog && event.offsetX < 0) dialog.close();
  });
  dialog.showModal();
  return dialog;
}

let count = 0;

/** A form in a dialog. `submit` gets the form; what it throws is shown, and the dialog stays. */
function ask({ title, about, fields, label, danger = false, submit }) {
  const id = `dialog-${(count += 1)}`;
  const message = h("p", { class: "error", role: "alert" });
  const button = h("button", { class: danger ? "button danger" : "button primary", type: "submit" }, label);
  const dialog = h(
    "dialog", { "aria-labelledby": id },
    h("form", { method: "dialog", onsubmit: run, novalidate: true },
      h("h2", { id }, title), h("p", { class: "about" }, about), fields, message,
      h("div", { class: "actions" },
        h("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Cancel"), button)),
  );
  async function run(event) {
    event.preventDefault();
    if (button.disabled) return;
    message.textContent = "";
    button.disabled = true;
    try {
      await submit(event.target);
      dialog.close();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      message.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }
  return { dialog: show(dialog), button, message };
}

const field = (label, input, { optional = false } = {}) =>
  h("div", { class: "field" },
    h("label", { for: input.id }, label, optional && h("span", { class: "optional" }, " optional")), input);

async function aboutEntry(entry) {
  const { title } = await product(entry.product_id);
  return `${titleOf(entry.product_id, title)} · ${entry.location} · ${storeName(entry.store_id)}`;
}

function whole(input, name, { min = 0 } = {}) {
  const text = input.value.trim().replace("−", "-");
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Error(`${name} has to be a whole number.`);
  if (value < min) throw new Error(`${name} has to be ${number(min)} or more.`);
  return value;
}

function reasonField(suggestions = REASONS) {
  const input = h("input", { id: "dialog-reason", maxlength: 120, autocomplete: "off" });
  const chips = suggestions.map((text) =>
    h("button", { type: "button", class: "chip", onclick: () => { input.value = text; input.focus(); } }, text));
  return { input, element: [field("Reason", input, { optional: true }), h("div", { class: "chips" }, chips)] };
}

const wordOf = (error) =>
  error instanceof ApiError && error.code === "version_conflict" ? "conflict" : "other";

/** On hand before and after. */
function outcome(before) {
  const after = h("b", { id: "dialog-after" }, number(before));
  const element = h("div", { class: "outcome" },
    h("div", {}, h("span", {}, "On hand now"), h("b", {}, number(before))),
    h("span", { "aria-hidden": "true" }, "→"),
    h("div", { "aria-live": "polite" }, h("span", {}, "Will be"), after));
  return { element, after };
}

// MARK: Adjust

export async function adjust(entry) {
  const about = await aboutEntry(entry);
  const amount = h("input", { id: "dialog-amount", inputmode: "text", autocomplete: "off", value: "", placeholder: "+25 or −10" });
  const reason = reasonField();
  const { element, after } = outcome(entry.quantity);
  const step = (by) => () => {
    amount.value = signed((Number(amount.value.replace("−", "-")) || 0) + by).replace("−", "-");
    preview();
  };
  const { dialog, button } = ask({
    title: "Adjust stock", about, label: "Adjust",
    fields: [
      h("div", { class: "field" },
        h("label", { for: "dialog-amount" }, "Add or remove"),
        h("div", { class: "stepper" },
          h("button", { class: "button", type: "button", "aria-label": "One less", onclick: step(-1) }, "−"),
          amount,
          h("button", { class: "button", type: "button", "aria-label": "One more", onclick: step(1) }, "+"))),
      reason.element, element,
    ],
    submit: async () => {
      const quantity = whole(amount, "The change", { min: -Number.MAX_SAFE_INTEGER });
      if (quantity === 0) throw new Error("Enter how many to add, or with a minus how many to remove.");
      try {
        const changed = await stock.adjust(entry, quantity, { reason: reason.input.value.trim() });
        offerUndo(changed, quantity);
      } catch (error) {
        if (error.code !== "insufficient_stock") throw error;
        throw new Error(`Only ${number(error.problem.available ?? 0)} are free: ${number(entry.reserved_quantity)} are reserved.`);
      }
    },
  });
  function preview() {
    const value = Number(amount.value.trim().replace("−", "-"));
    const isGood = Number.isSafeInteger(value) && value !== 0;
    after.textContent = number(entry.quantity + (isGood ? value : 0));
    after.className = isGood && entry.quantity + value < entry.reserved_quantity ? "down" : "";
    button.textContent = isGood ? (value > 0 ? `Add ${number(value)}` : `Remove ${number(-value)}`) : "Adjust";
    button.classList.toggle("danger", isGood && value < 0);
    button.classList.toggle("primary", !(isGood && value < 0));
  }
  amount.addEventListener("input", preview);
  dialog.querySelector("#dialog-amount").focus();
}

function offerUndo(entry, quantity) {
  const done = quantity > 0 ? `Added ${number(quantity)}` : `Removed ${number(-quantity)}`;
  toast(`${done} at ${entry.location}: ${number(entry.quantity)} on hand.`, {
    action: { label: "Undo", run: () => undo(entry, quantity, entry.version) },
  });
}

/** The opposite adjust. Where the entry has changed meanwhile, it is asked once more. */
async function undo(entry, quantity, expected_version) {
  try {
    const changed = await stock.adjust(entry, -quantity, { reason: "Undo", expected_version });
    toast(`Undone: ${number(changed.quantity)} on hand at ${changed.location}.`);
  } catch (error) {
    if (wordOf(error) === "conflict") {
      toast(`${entry.location} has changed since. Undo all the same?`, {
        action: { label: `${quantity > 0 ? "Remove" : "Add"} ${number(Math.abs(quantity))}`, run: () => undo(entry, quantity) },
      });
    } else {
      toast(`Not undone: ${error.message}`, { bad: true });
    }
  }
}

// MARK: Set

/** Without `id` the entry is a new one, whose missing fields are asked for. */
export async function set(entry, stores = []) {
  const isNew = entry.id === undefined || entry.id === null;
  const about = entry.product_id && entry.location
    ? await aboutEntry(entry)
    : entry.product_id ? titleOf(entry.product_id, (await product(entry.product_id)).title) : "A product at a location where it has none yet.";
  const before = entry.quantity ?? 0;
  const quantity = h("input", { id: "dialog-quantity", inputmode: "numeric", autocomplete: "off", value: isNew ? "" : before });
  const reason = reasonField(["Stock count", "Opening stock", "Correction"]);
  const productField = h("input", { id: "dialog-product", inputmode: "numeric", autocomplete: "off" });
  const locationField = h("input", { id: "dialog-location", autocomplete: "off", maxlength: 64, placeholder: "WAREHOUSE_MAIN", list: "locations" });
  const storeField = h("select", { id: "dialog-store", class: "input" }, stores.map(({ id, name }) => h("option", { value: id }, name)));
  const { element, after } = outcome(before);
  const { dialog } = ask({
    title: isNew ? "New entry" : "Set quantity", about, label: isNew ? "Create" : "Set quantity",
    fields: [
      !entry.product_id && [field("Store", storeField), field("Product id", productField)],
      !entry.location && field("Location", locationField),
      field("On hand", quantity), reason.element, !isNew && element,
    ],
    submit: async () => {
      const target = { ...entry };
      if (!entry.product_id) {
        target.product_id = whole(productField, "The product id", { min: 1 });
        target.store_id = Number(storeField.value);
        const known = await get(`/api/v1/admin/products/${target.product_id}`).catch((error) => {
          throw error.status === 404 ? new Error("There is no product with this id.") : error;
        });
        if (known.store_id !== target.store_id) throw new Error(`The product is of ${storeName(known.store_id)}.`);
      }
      if (!entry.location) {
        target.location = locationField.value.trim().toUpperCase();
        if (!target.location) throw new Error("Enter a location.");
      }
      const wanted = whole(quantity, "The quantity");
      try {
        const changed = await stock.set(target, wanted, {
          reason: reason.input.value.trim(), expected_quantity: isNew ? undefined : entry.quantity,
        });
        toast(`${changed.location}: ${number(changed.quantity)} on hand.`, isNew ? {} : {
          action: { label: "Undo", run: () => setBack(changed, before) },
        });
        if (isNew) stock.tellStale();
      } catch (error) {
        if (wordOf(error) === "conflict") {
          throw new Error("The quantity has changed since this was opened. Close this and look again.");
        }
        if (error.code === "below_reserved") {
          throw new Error(`${plural(error.problem.reserved_quantity ?? entry.reserved_quantity ?? 0, "unit")} reserved: it cannot be less.`);
        }
        throw error;
      }
    },
  });
  quantity.addEventListener("input", () => {
    const value = Number(quantity.value);
    after.textContent = Number.isSafeInteger(value) && quantity.value.trim() ? number(value) : "–";
  });
  const first = dialog.querySelector("select, input");
  first.focus();
  first.select?.();
}

async function setBack(entry, quantity) {
  try {
    const changed = await stock.set(entry, quantity, { reason: "Undo", expected_quantity: entry.quantity });
    toast(`Undone: ${number(changed.quantity)} on hand at ${changed.location}.`);
  } catch (error) {
    const why = wordOf(error) === "conflict" ? "the quantity has changed since." : error.message;
    toast(`Not undone: ${why}`, { bad: true });
  }
}

// MARK: Delete, release

export async function removeEntry(entry) {
  const about = await aboutEntry(entry);
  const consent = h("input", { type: "checkbox", id: "dialog-consent" });
  const { button } = ask({
    title: "Delete entry", about, label: "Delete", danger: true,
    fields: entry.reserved_quantity > 0
      ? h("p", {}, `${plural(entry.reserved_quantity, "unit")} of it reserved. Release or fulfil them first.`)
      : entry.quantity > 0
        ? h("p", {}, consent, h("label", { for: "dialog-consent", class: "inline" }, ` Delete it with ${plural(entry.quantity, "unit")} on hand`))
        : h("p", {}, "Nothing is on hand. Its movements stay in the ledger."),
    submit: async () => {
      await stock.removeEntry(entry);
      toast(`Deleted ${entry.location}.`);
      announce("Entry deleted");
    },
  });
  if (entry.reserved_quantity > 0) button.disabled = true;
  else if (entry.quantity > 0) {
    button.disabled = true;
    consent.addEventListener("change", () => { button.disabled = !consent.checked; });
  }
}

export function release(reservation) {
  const units = reservation.lines.reduce((sum, line) => sum + line.held_quantity, 0);
  ask({
    title: "Release reservation",
    about: `Order ${reservation.order_id ?? "–"}: ${plural(units, "unit")} in ${plural(reservation.lines.length, "line")}.`,
    label: "Release", danger: true,
    fields: h("p", {}, "The units can be sold to others at once. The customer’s checkout will fail."),
    submit: async () => {
      try {
        await stock.release(reservation);
        toast(`Released ${plural(units, "unit")} of order ${reservation.order_id ?? reservation.reservation_id}.`);
      } catch (error) {
        if (error.code !== "reservation_closed") throw error;
        stock.tellStale();
        toast(`It had ended already: ${error.problem.reservation_status ?? "closed"}.`);
      }
    },
  });
}
