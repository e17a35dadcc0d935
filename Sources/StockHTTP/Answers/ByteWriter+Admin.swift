import StockCore
import StockEngine

/// What the administration is shown.
extension ByteWriter {
  /// An entry with what it is called: as a store sees it, and behind that `store_name`,
  /// `product_title` and `sku`.
  ///
  /// - Parameter storeName: nil where the store was never named.
  mutating func append(_ item: ListedEntry, storeName: String?) {
    append("{")
    appendMembers(of: item.entry)
    append(",\"store_name\":")
    appendText(storeName ?? "")
    append(",\"product_title\":")
    appendText(item.title)
    append(",\"sku\":")
    appendText(item.sku)
    append("}")
  }

  /// An entry of the low-stock list.
  mutating func append(lowStock item: ListedEntry, storeName: String?) {
    append("{\"product_id\":")
    append(item.entry.product)
    append(",\"store_name\":")
    appendText(storeName ?? "")
    append(",\"product_title\":")
    appendText(item.title)
    append(",\"location\":")
    append(json: item.entry.location)
    append(",\"quantity\":")
    append(item.entry.value.quantity)
    append(",\"available_quantity\":")
    append(item.entry.available)
    append("}")
  }

  /// The figures over all.
  mutating func append(_ overview: StockOverview) {
    append("{")
    appendMembers(of: overview.sums)
    append(",\"stores_with_inventory\":")
    append(Int64(overview.stores.count))
    append(",\"unique_locations\":")
    append(Int64(overview.locations.count))
    append("}")
  }

  mutating func append(_ figures: StockOverview.StoreFigures, name: String?) {
    append("{\"store_id\":")
    append(figures.store)
    append(",\"store_name\":")
    appendText(name ?? "")
    append(",")
    appendMembers(of: figures.sums)
    append("}")
  }

  /// Sums past 2^63 − 1 are shown as that.
  private mutating func appendMembers(of sums: StockSums) {
    append("\"total_entries\":")
    append(Int64(sums.entries))
    append(",\"total_quantity\":")
    append(Int64(clamping: sums.quantity))
    append(",\"total_reserved\":")
    append(Int64(clamping: sums.reserved))
    append(",\"total_available\":")
    append(Int64(clamping: sums.available))
    append(",\"low_stock_count\":")
    append(Int64(sums.lowStock))
  }
}
