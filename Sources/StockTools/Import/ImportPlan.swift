/// What a stock file says, checked line by line: compact, for files of millions of lines.
public struct ImportPlan: Sendable {
  public enum Change: Equatable, Sendable { case new, changed, unchanged }

  public struct PlannedProduct: Equatable, Sendable {
    public var product: CatalogueProduct
    public var change: Change
    /// The line that named it first.
    public var line: Int
  }

  /// A quantity to set.
  public struct PlannedEntry: Equatable, Sendable {
    /// Its place in `products`.
    public var product: Int32
    /// Its place in `locations`.
    public var location: Int32
    public var line: Int32
    public var quantity: Int64
  }

  public internal(set) var products: [PlannedProduct] = []
  public internal(set) var entries: [PlannedEntry] = []
  public internal(set) var locations: [String] = []
  public internal(set) var problems = LineProblems()
  /// Lines with content, the header not among them.
  public internal(set) var lineCount = 0

  init() {}

  public func count(of change: Change) -> Int {
    products.reduce(0) { $0 + ($1.change == change ? 1 : 0) }
  }
}
