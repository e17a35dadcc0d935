public import StockCore

/// What a list of holds shall show, the newest first. Answered from committed state, in slices, so that
/// no list makes a reserve wait. Atomic batches, and holds that are not yet made, are not in it.
public struct HoldQuery: Sendable {
  public var scope: StoreScope
  public var order: String?
  public var status: HoldStatus?
  /// Holds that have a line of this product.
  public var product: ProductID?
  /// 1 to 500.
  public var limit: Int
  /// Where the page before ended.
  public var after: HoldCursor?

  public init(
    scope: StoreScope, order: String? = nil, status: HoldStatus? = nil, product: ProductID? = nil,
    limit: Int = 50, after: HoldCursor? = nil
  ) {
    self.scope = scope
    self.order = order
    self.status = status
    self.product = product
    self.limit = limit
    self.after = after
  }
}

/// The last hold of a page, by what the list is sorted by.
public struct HoldCursor: Equatable, Sendable {
  public var createdAt: Timestamp
  public var id: HoldID

  public init(createdAt: Timestamp, id: HoldID) {
    self.createdAt = createdAt
    self.id = id
  }
}

public struct HoldPage: Sendable {
  /// Lines of all holds of a page, but where one hold alone has more: some 2 MB as JSON.
  public static let maxLines = 10_000

  public var items: [Hold]
  /// Holds that match, on all pages.
  public var total: Int
  /// nil on the last page.
  public var next: HoldCursor?

  public init(items: [Hold], total: Int, next: HoldCursor?) {
    self.items = items
    self.total = total
    self.next = next
  }
}
