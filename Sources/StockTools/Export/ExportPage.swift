/// One page of `GET /api/v1/admin/export`.
public struct ExportPage: Decodable, Sendable {
  public struct Product: Codable, Sendable {
    public var id: Int64
    public var storeId: Int64
    /// nil: a product that a stock call made has none yet.
    public var title: String?
    public var sku: String?
    public var gtin: String?
    public var productType: String
  }

  public struct Entry: Codable, Sendable {
    public var id: Int64
    public var location: String
    public var quantity: Int64
    public var reservedQuantity: Int64
    public var availableQuantity: Int64
    public var gtin: String?
    public var version: Int64
    public var createdAt: String
    public var updatedAt: String
  }

  public struct Item: Decodable, Sendable {
    public var product: Product
    /// nil: the product has none.
    public var entry: Entry?
  }

  public var items: [Item]
  public var shard: Int
  public var sequence: Int64
  public var nextCursor: String?
}
