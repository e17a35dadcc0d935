import StockCore
import StockEngine

/// Who asks, and what that lets them do.
struct Principal: Equatable, Sendable {
  var role: RoleSet
  var scope: StoreScope
  /// Where `set` and `adjust` make a product that is not known. nil: nowhere.
  var newProductStore: StoreID?
  /// Whom the ledger names: the key's id; 0 where none is asked for.
  var actor: ActorID
  /// From then on the key is no longer good.
  var expiresAt: Timestamp
  /// The key's own. nil: that of all keys, if there is one.
  var rateLimit: RateLimit?

  init(_ key: APIKey) {
    switch key.role {
    case .admin: role = .admin
    case .store: role = .store
    case .checkout: role = .checkout
    case .read: role = .read
    }
    // A key without a store that is not an admin's is good for nothing: no store has the id 0.
    scope = key.role == .admin ? .any : .only(key.store ?? 0)
    newProductStore = key.role == .admin ? nil : key.store
    actor = key.id
    expiresAt = key.expiresAt ?? .max
    rateLimit = key.rateLimit
  }

  /// Whom a token names. nil where its store is not there: no product can be made in it.
  init?(_ token: VerifiedToken, stores: [StoreID: Store]) {
    guard Self.isOfToken(token.actor) else { return nil }
    if token.role == .admin {
      guard token.store == nil else { return nil }
    } else {
      guard let store = token.store, stores[store] != nil else { return nil }
    }
    self.init(
      APIKey(
        id: token.actor, role: token.role, store: token.store, name: "", digest: [], createdAt: 0,
        expiresAt: token.expiresAt))
  }

  /// Whether an actor is a token's subject.
  static func isOfToken(_ actor: ActorID) -> Bool { VerifiedToken.actors.contains(actor) }

  /// A token's subject can have tokens of several stores; a key's bearer has the key's store only, and is
  /// known by the key. nil: a key's, or an admin's.
  var storeOfToken: StoreID? {
    guard Self.isOfToken(actor), case .only(let store) = scope else { return nil }
    return store
  }

  private init(role: RoleSet, newProductStore: StoreID?) {
    self.role = role
    self.scope = .any
    self.newProductStore = newProductStore
    self.actor = 0
    self.expiresAt = .max
  }

  /// Whoever asks where no key is asked for.
  static let anyone = Principal(role: .anyone, newProductStore: nil)
  /// Everybody, where keys are switched off.
  static let unchecked = Principal(role: .admin, newProductStore: 1)

  /// The same caller on behalf of one store.
  ///
  /// - Parameter isKnown: the store exists: products that are not known can be made in it.
  func acting(for store: StoreID, isKnown: Bool) -> Principal {
    var principal = self
    principal.scope = .only(store)
    principal.newProductStore = isKnown || newProductStore == store ? store : nil
    return principal
  }

  func may(_ operation: StockOperation) -> Bool {
    // An admin may everything; looking the others up in the table is for batches only.
    role == .admin || RouteTable.roles(of: operation.endpoint).contains(role)
  }
}
