// Made by make page from Page/Web/stock.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let stock_js: StaticString = ####"""
// Changes of stock, and the news of them. Whoever shows stock listens here.
import { post, remove } from "./api.js";

const base = "/api/v1/admin/inventory";

/** "changes" {detail: [{product_id, location, quantity, reserved_quantity}]}; "stale": look again. */
export const news = new EventTarget();

export const tell = (changes) => news.dispatchEvent(new CustomEvent("changes", { detail: changes }));
export const tellStale = () => news.dispatchEvent(new Event("stale"));

async function change(call, body) {
  const entry = await post(`${base}/${call}`, body);
  tell([entry]);
  return entry;
}

const place = (entry) => ({
  store_id: entry.store_id,
  product_id: entry.product_id,
  location: entry.location,
});

const given = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));

export const adjust = (entry, quantity, { reason, expected_version } = {}) =>
  change("adjust", { ...place(entry), quantity, ...given({ reason, expected_version }) });

export const set = (entry, quantity, { reason, expected_quantity } = {}) =>
  change("set", { ...place(entry), quantity, ...given({ reason, expected_quantity }) });

export async function removeEntry(entry) {
  await remove(`${base}/${entry.id}`);
  tell([{ ...entry, kind: "delete" }]);
}

export async function release(reservation) {
  const answer = await post(
    `/api/v1/store/reservations/${encodeURIComponent(reservation.reservation_id)}/release`, {});
  tellStale();
  return answer;
}

export const keyOf = (entry) => `${entry.product_id}\n${entry.location}`;

"""####
}
