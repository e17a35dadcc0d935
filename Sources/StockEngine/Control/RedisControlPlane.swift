import Logging
import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockLoop
import StockRedis

/// Stores and keys in Redis, under an ownership of their own, with all of them in memory.
///
/// Changes go one after the other, and are applied in memory when Redis has them. A Redis that comes
/// back may have lost the last ones: memory is written to it again.
final class RedisControlPlane: ControlPlane {
  static let maxStores = 100_000
  static let maxKeys = 10_000

  private let writer: ControlWriter
  private let current: NIOLockedValueBox<ControlSnapshot>
  private let uses = KeyUses()

  init(configuration: EngineConfiguration, owner: String, loop: LoopThread, logger: Logger) {
    let box = NIOLockedValueBox(ControlSnapshot(generation: 0, stores: [:], keys: [:]))
    self.current = box
    self.writer = ControlWriter(
      configuration: configuration, owner: owner, loop: loop, logger: logger, current: box,
      uses: uses)
  }

  var snapshot: ControlSnapshot { current.withLockedValue { $0 } }

  func load() async throws {
    try await writer.load()
    await writer.keepUses()
  }

  /// Holds the manifest, stores and keys in memory against Redis. See `ControlWriter.verify`.
  func verify(
    repair: Bool, shardCount: Int
  ) async throws(EngineError) -> VerifyReport.Control {
    do {
      return try await writer.inTurn { writer throws(ControlError) in
        try await writer.verify(repair: repair, shardCount: shardCount)
      }
    } catch {
      throw .unavailable("the control keys cannot be compared, or written: the log says why")
    }
  }

  /// - Throws: where Redis holds another namespace of this name: that is not to be mended.
  func checkNamespace(shardCount: Int) async throws(EngineError) {
    do {
      return try await writer.inTurn { writer throws(ControlError) in
        try await writer.checkNamespace(shardCount: shardCount)
      }
    } catch {
      throw .unavailable("redis does not answer, or holds another namespace of this name")
    }
  }

  func stop() async { await writer.stop() }

  func putStore(
    id: StoreID, name: String, locationPriority: [String], strategy: AllocationStrategy
  ) async throws(ControlError) -> (store: Store, created: Bool) {
    try await writer.inTurn { writer throws(ControlError) in
      let known = self.snapshot.stores[id]
      guard known != nil || self.snapshot.stores.count < Self.maxStores else {
        throw ControlError.tooMany
      }
      let now = EngineClock.wall()
      var store = Store(
        id: id, name: name, locationPriority: locationPriority, allocationStrategy: strategy,
        createdAt: known?.createdAt ?? now, updatedAt: known?.updatedAt ?? now)
      if store == known { return (store, false) }
      store.updatedAt = now
      let changed = store
      try await writer.write(.stores, ["\(id)": ControlRecords.text(of: changed)])
      self.change { $0.stores[id] = changed }
      return (changed, known == nil)
    }
  }

  func createKey(
    role: Role, store: StoreID?, name: String, digest: [UInt8], expiresAt: Timestamp?,
    rateLimit: RateLimit?
  ) async throws(ControlError) -> APIKey {
    try await writer.inTurn { writer throws(ControlError) in
      let snapshot = self.snapshot
      if let store, snapshot.stores[store] == nil { throw ControlError.unknownStore(store) }
      guard snapshot.keys.count < Self.maxKeys else { throw ControlError.tooMany }
      let key = APIKey(
        id: writer.nextKeyID, role: role, store: store, name: name, digest: digest,
        createdAt: EngineClock.wall(), expiresAt: expiresAt, rateLimit: rateLimit)
      try await writer.write(.counters, ["key": "\(key.id)"])
      writer.keyIDGiven(key.id)
      try await writer.write(.keys, ["\(key.id)": ControlRecords.text(of: key)])
      self.change { $0.keys[key.id] = key }
      return key
    }
  }

  func revokeKey(id: Int64) async throws(ControlError) -> Bool {
    try await writer.inTurn { writer throws(ControlError) in
      guard self.snapshot.keys[id] != nil else { return false }
      try await writer.write(.keys, ["\(id)": nil])
      self.change { $0.keys[id] = nil }
      self.uses.forget(id)
      return true
    }
  }

  var lastUses: [Int64: Timestamp] { uses.all }

  func noteUses(_ uses: [Int64: Timestamp]) {
    let keys = snapshot.keys
    self.uses.note(uses.filter { keys[$0.key] != nil })
  }

  private func change(_ body: (inout ControlSnapshot) -> Void) {
    current.withLockedValue {
      body(&$0)
      $0.generation += 1
    }
  }
}

/// The connection, the ownership and the order of changes of a `RedisControlPlane`.
actor ControlWriter {
  enum Hash: CaseIterable { case stores, keys, counters, uses }

  let configuration: EngineConfiguration
  private let owner: String
  private let loop: LoopThread
  let logger: Logger
  let current: NIOLockedValueBox<ControlSnapshot>
  private let uses: KeyUses
  private var keepingUses: Task<Void, Never>?

  private var connection: RedisConnection?
  private(set) var ownership = Ownership(owner: "", epoch: 0)
  private var isLoaded = false
  private var isStopped = false
  private var reconnecting: Task<Void, Never>?
  private(set) var lastKeyID: Int64 = 0
  private var isBusy = false
  private var queue: [CheckedContinuation<Void, Never>] = []

  init(
    configuration: EngineConfiguration, owner: String, loop: LoopThread, logger: Logger,
    current: NIOLockedValueBox<ControlSnapshot>, uses: KeyUses
  ) {
    self.uses = uses
    self.configuration = configuration
    self.owner = owner
    self.loop = loop
    self.logger = logger
    self.current = current
  }

  var nextKeyID: Int64 { lastKeyID + 1 }
  func keyIDGiven(_ id: Int64) { lastKeyID = id }

  func stop() async {
    keepingUses?.cancel()
    if connection != nil { await writeUses() }
    isStopped = true
    // A loop that is shut down takes no connection any more: nothing may be under way.
    reconnecting?.cancel()
    await reconnecting?.value
    await keepingUses?.value
    await connection?.disconnect()
  }

  /// Runs one change after the other: an actor alone would let them mix at each `await`.
  func inTurn<Value: Sendable>(
    _ body: @Sendable (isolated ControlWriter) async throws(ControlError) -> Value
  ) async throws(ControlError) -> Value {
    if isBusy {
      guard queue.count < 1_000 else { throw .storeUnavailable }
      await withCheckedContinuation { queue.append($0) }
    }
    isBusy = true
    defer {
      if queue.isEmpty { isBusy = false } else { queue.removeFirst().resume() }
    }
    return try await body(self)
  }

  // MARK: Loading

  /// Takes the control keys and reads them.
  func load() async throws {
    let connection = try await connect()
    let scripts = connection.scripts
    let key = configuration.keys.controlMeta
    let owner = owner
    guard let scripts else { throw EngineError.unavailable("no scripts on this connection") }
    let taken = try await connection.query({
      $0.writeTake(meta: key, owner: owner, minimumEpoch: 0, scripts: scripts)
    }) { MetaReply(take: $0, owner: owner) }
    guard case .meta(let meta) = taken else {
      throw EngineError.unavailable("cannot take the control keys: \(taken)")
    }
    ownership = meta.ownership
    var snapshot = ControlSnapshot(generation: 1, stores: [:], keys: [:])
    for (field, text) in try await readHash(.stores, on: connection) {
      guard let id = StoreID(field), let store = ControlRecords.store(id: id, text) else {
        throw EngineError.unavailable("store \(field) in redis is damaged: \(text)")
      }
      snapshot.stores[id] = store
    }
    for (field, text) in try await readHash(.keys, on: connection) {
      guard let id = Int64(field), let key = ControlRecords.key(id: id, text) else {
        throw EngineError.unavailable("key \(field) in redis is damaged")
      }
      snapshot.keys[id] = key
    }
    for (field, text) in try await readHash(.uses, on: connection) {
      // Not worth a refusal to start: nothing rests on it.
      if let id = Int64(field), let time = Timestamp(text), snapshot.keys[id] != nil {
        uses.restore(id, time)
      }
    }
    let counters = try await readHash(.counters, on: connection)
    lastKeyID = max(counters["key"].flatMap { Int64($0) } ?? 0, snapshot.keys.keys.max() ?? 0)
    let loaded = snapshot
    current.withLockedValue { $0 = loaded }
    isLoaded = true
  }

  private func name(_ hash: Hash) -> String {
    switch hash {
    case .stores: configuration.keys.stores
    case .keys: configuration.keys.apiKeys
    case .counters: configuration.keys.counters
    case .uses: configuration.keys.apiKeyUses
    }
  }

  func readHash(_ hash: Hash, on connection: RedisConnection) async throws -> [String:
    String]
  {
    let reply = try await connection.call(["HGETALL", name(hash)])
    guard case .array(let values) = reply else {
      throw EngineError.unavailable("HGETALL \(name(hash)): \(reply)")
    }
    var fields: [String: String] = [:]
    for index in stride(from: 0, to: values.count - 1, by: 2) {
      fields[values[index].text ?? ""] = values[index + 1].text ?? ""
    }
    return fields
  }

  // MARK: Writing

  /// Writes fields of a hash (nil deletes one). Returns when Redis has them.
  func write(_ hash: Hash, _ changes: [String: String?]) async throws(ControlError) {
    let connection: RedisConnection
    do {
      connection = try await readyConnection()
    } catch {
      logger.warning("control keys cannot be written", metadata: ["error": "\(error)"])
      throw .storeUnavailable
    }
    switch await send(hash, changes.map { ($0.key, $0.value) }, on: connection) {
    case .success(.done): return
    case .success(let refusal):
      logger.error("control keys were not written", metadata: ["reply": "\(refusal)"])
      throw .storeUnavailable
    case .failure(let error):
      logger.error("control keys: the outcome is unknown", metadata: ["error": "\(error)"])
      lost(connection)
      throw error.mayHaveRun ? .outcomeUnknown : .storeUnavailable
    }
  }

  /// Writes once a minute which keys were used.
  func keepUses() {
    keepingUses = Task {
      while (try? await Task.sleep(for: KeyUses.interval)) != nil { await writeUses() }
    }
  }

  /// Writes the uses that Redis has not been told of. Where it does not take them, the next time will do.
  private func writeUses() async {
    let changes = uses.takeChanges()
    guard !changes.isEmpty else { return }
    do {
      try await inTurn { writer throws(ControlError) in
        try await writer.write(.uses, changes)
      }
    } catch {
      uses.giveBack(changes)
    }
  }

  private func send(
    _ hash: Hash, _ changes: [(field: String, value: String?)], on connection: RedisConnection
  ) async -> Result<ControlReply, RedisConnectionError> {
    let (keys, name, ownership) = (configuration.keys, name(hash), ownership)
    guard let scripts = connection.scripts else {
      return .failure(RedisConnectionError(.closed, "no scripts on this connection"))
    }
    let deadline = loop.scheduleTask(in: .seconds(3)) { connection.close() }
    defer { deadline.cancel() }
    do {
      return .success(
        try await connection.query({
          $0.writeControl(
            keys: keys, hash: name, ownership: ownership, changes: changes, form: .text,
            scripts: scripts)
        }) { ControlReply($0) })
    } catch {
      return .failure(error)
    }
  }

  func connect() async throws -> RedisConnection {
    let connection = try await RedisConnection.connect(
      to: configuration.address, on: loop, connectTimeout: .seconds(2)
    ).get()
    self.connection = connection
    try await loop.submit {
      connection.onClose = { [weak self] _ in
        Task { await self?.lost(connection) }
      }
    }.get()
    return connection
  }

  /// Redis may come back without its last second: what memory holds is written to it soon, and not
  /// only with the next change.
  private func lost(_ connection: RedisConnection) {
    guard self.connection === connection, !isStopped, isLoaded else { return }
    self.connection = nil
    reconnecting = Task { await reconnect() }
  }

  private func reconnect() async {
    while connection == nil {
      try? await Task.sleep(for: .milliseconds(500))
      _ = try? await inTurn { writer throws(ControlError) in
        do {
          _ = try await writer.readyConnection()
        } catch {
          throw ControlError.storeUnavailable
        }
      }
      if isStopped { return }
    }
  }

  /// The connection; where it was lost, a new one, with everything in memory written to it again.
  func readyConnection(rewriting: Bool = true) async throws -> RedisConnection {
    guard !isStopped else { throw EngineError.unavailable("the engine stops") }
    if let connection {
      let isOpen = try await loop.submit { connection.isOpen }.get()
      if isOpen { return connection }
      self.connection = nil
    }
    let connection = try await connect()
    do {
      if isLoaded, rewriting { try await rewrite(on: connection) }
    } catch {
      self.connection = nil
      await connection.disconnect()
      throw error
    }
    return connection
  }

  private func rewrite(on connection: RedisConnection) async throws {
    guard let scripts = connection.scripts else { return }
    let (key, ownership) = (configuration.keys.controlMeta, ownership)
    let retaken = try await connection.query({
      $0.writeRetake(meta: key, ownership: ownership, form: .text, scripts: scripts)
    }) { MetaReply(retake: $0, ownership: ownership) }
    guard case .meta = retaken else {
      throw EngineError.unavailable("cannot take the control keys again: \(retaken)")
    }
    for hash in Hash.allCases {
      try await rewrite(hash, try await changes(of: hash, on: connection), on: connection)
    }
  }

  /// What it takes to make a hash what memory has.
  func changes(
    of hash: Hash, on connection: RedisConnection
  ) async throws -> [(field: String, value: String?)] {
    let snapshot = current.withLockedValue { $0 }
    let wanted: [String: String] =
      switch hash {
      case .stores:
        Dictionary(
          uniqueKeysWithValues: snapshot.stores.values.map {
            ("\($0.id)", ControlRecords.text(of: $0))
          })
      case .keys:
        Dictionary(
          uniqueKeysWithValues: snapshot.keys.values.map {
            ("\($0.id)", ControlRecords.text(of: $0))
          })
      case .counters: lastKeyID == 0 ? [:] : ["key": "\(lastKeyID)"]
      case .uses:
        Dictionary(uniqueKeysWithValues: uses.all.map { ("\($0.key)", "\($0.value)") })
      }
    let held = try await readHash(hash, on: connection)
    var changes: [(field: String, value: String?)] = wanted.filter { held[$0.key] != $0.value }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    changes += held.keys.filter { wanted[$0] == nil }.sorted().map { ($0, nil) }
    return changes
  }

  func rewrite(
    _ hash: Hash, _ changes: [(field: String, value: String?)], on connection: RedisConnection
  ) async throws {
    for start in stride(from: 0, to: changes.count, by: 1_000) {
      let some = Array(changes[start..<min(start + 1_000, changes.count)])
      let reply = try await send(hash, some, on: connection).get()
      guard case .done = reply else {
        throw EngineError.unavailable("control keys were not written again: \(reply)")
      }
    }
  }
}
