// Made by make page from Page/Web/catalogue.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let catalogue_js: StaticString = ####"""
// Names: of stores, products, keys. Asked for when they are first shown, then remembered.
import { get, withQuery } from "./api.js";

const products = new Map();
const stores = new Map();
let actors;

export async function loadStores() {
  let cursor;
  do {
    const page = await get(withQuery("/api/v1/admin/stores", { limit: 500, cursor }));
    for (const store of page.items) stores.set(store.id, store.name);
    cursor = page.next_cursor;
  } while (cursor && stores.size < 5_000);
  return [...stores].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}

export const storeName = (id) => stores.get(id) ?? `Store ${id}`;

export function knowProduct(id, { title, sku }) {
  products.set(id, { title, sku });
}

/** {title, sku}; the same promise for all who ask. */
export function product(id) {
  if (!products.has(id)) {
    products.set(
      id,
      get(`/api/v1/admin/products/${id}`).then(
        ({ title, sku, gtin }) => ({ title, sku, gtin }),
        () => {
          products.delete(id);
          return { title: null, sku: null };
        },
      ),
    );
    // It is names only: the oldest may go.
    if (products.size > 20_000) products.delete(products.keys().next().value);
  }
  return Promise.resolve(products.get(id));
}

export const titleOf = (id, title) => title || `Product ${id}`;

/** Who "key:3" is. */
export async function actorName(actor) {
  if (actor === "engine") return "Engine";
  actors ??= get("/api/v1/admin/keys").then(
    ({ items }) => new Map(items.map((key) => [`key:${key.id}`, key.name])),
    () => new Map(),
  );
  const names = await actors;
  return names.get(actor) ?? actor.replace("key:", "Key ");
}

"""####
}
