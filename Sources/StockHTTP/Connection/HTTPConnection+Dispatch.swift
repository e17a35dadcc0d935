import NIOCore
import StockCore
import StockEngine

// From a request to a command, or to a cold request.
extension HTTPConnection {
  func dispatch(_ request: Exchange) {
    do throws(Problem) {
      if request.query != nil { try checkQuery(request) }
      request.idempotency?.take(request.body)
      switch request.endpoint {
      case .reserve:
        front.activity.asked &+= 1
        try stock(.reserve, request)
      case .release: try stock(.release, request)
      case .fulfill: try stock(.fulfill, request)
      case .set: try stock(.set, request)
      case .adjust: try stock(.adjust, request)
      case .transfer: try stock(.transfer, request)
      case .adminSet: try adminStock(.set, request)
      case .adminAdjust: try adminStock(.adjust, request)
      case .batch: try batch(request)
      case .readSummary:
        submit(.readSummary(request.id), Subject(product: request.id), request)
      case .readEntry:
        submit(
          .readEntry(request.id), Subject(entry: request.id), request, showsVersion: true)
      case .putEntry: try putEntry(request)
      case .deleteEntry:
        let operation = Command.Operation.deleteEntry(
          request.id, expectedVersions: request.expectedVersions)
        submit(operation, Subject(entry: request.id), request, isMutation: true)
      case .readProduct:
        submit(.readProduct(request.id), Subject(product: request.id), request)
      case .putProduct: try putProduct(request)
      case .hold:
        front.activity.asked &+= 1
        try hold(request)
      case .extendHold: try extendHold(request)
      case .fulfillHold:
        let amounts = try holdAmounts(request)
        submit(.fulfillHold(request.reservation, amounts), Subject(), request, isMutation: true)
      case .releaseHold:
        let amounts = try holdAmounts(request)
        submit(.releaseHold(request.reservation, amounts), Subject(), request, isMutation: true)
      case .readHold: submit(.readHold(request.reservation), Subject(), request)
      case .events: try events(request)
      case .live: try live(request)
      case .page: if let file = request.file { page(file, request) }
      case .readSession: readSession(request)
      case .signIn: signIn(request)
      case .signOut: signOut(request)
      case .health: respond(request) { $0.append("{\"status\":\"ok\"}") }
      case .listEntries, .putStore, .readStore, .listStores, .listProducts, .createKey, .listKeys,
        .revokeKey, .verify, .readiness, .listHolds, .listMovements, .metrics, .export,
        .listAllEntries, .listStoreEntries, .lowStock, .stats, .listStockedStores, .listLocations:
        try startCold(coldRequest(request), request)
      case .none: throw .notFound
      }
    } catch {
      respond(error, request)
    }
  }

  /// Endpoints without parameters take none; the others complain for themselves.
  private func checkQuery(_ request: Exchange) throws(Problem) {
    switch request.endpoint {
    case .listEntries, .listProducts, .listStores, .listHolds, .listMovements, .events, .health,
      .readiness, .metrics, .export, .listAllEntries, .listStoreEntries, .lowStock, .stats,
      .listStockedStores,
      .listLocations, .page:
      return
    default: break
    }
    var errors = FieldErrors()
    _ = QueryString(request.query, allowed: [], &errors)
    if !errors.isEmpty { throw .invalid(errors) }
  }

  // MARK: Commands

  private func stock(
    _ operation: StockOperation, _ request: Exchange
  ) throws(Problem) {
    var form = StockForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try reader.beginBody()
      try form.read(&reader, allowed: operation.fields, &errors)
      try reader.endBody()
    }
    // What is missing of a body that could not be read to its end, nobody knows.
    let isReadable = errors.items.last?.field != "body"
    guard isReadable,
      let command = form.operation(
        operation, caller: request.principal, &errors,
        allocation: { front.allocation($0, for: request.principal) })
    else { throw .invalid(errors, form.subject) }
    submit(command, form.subject, request, isMutation: true)
  }

  /// As `stock`, on behalf of the store that the body names: another store's product is not there.
  private func adminStock(
    _ operation: StockOperation, _ request: Exchange
  ) throws(Problem) {
    var form = StockForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try reader.beginBody()
      try form.read(&reader, allowed: operation.fields.union([.storeID]), &errors)
      try reader.endBody()
    }
    let isReadable = errors.items.last?.field != "body"
    if isReadable { form.require(.storeID, &errors) }
    let known = front.engine.control.snapshot.stores[form.store] != nil
    request.principal = request.principal.acting(for: form.store, isKnown: known)
    guard isReadable,
      let command = form.operation(
        operation, caller: request.principal, &errors, allocation: { _ in Allocation() })
    else { throw .invalid(errors, form.subject) }
    submit(command, form.subject, request, isMutation: true)
  }

  private func putEntry(_ request: Exchange) throws(Problem) {
    var form = EntryForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, &errors)
    }
    guard errors.isEmpty else { throw .invalid(errors) }
    let operation = form.operation(id: request.id, expectedVersions: request.expectedVersions)
    submit(
      operation, Subject(entry: request.id), request, isMutation: true, showsVersion: true)
  }

  private func putProduct(_ request: Exchange) throws(Problem) {
    var form = ProductForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, &errors)
    }
    guard errors.isEmpty else { throw .invalid(errors) }
    guard front.engine.control.snapshot.stores[form.store] != nil else {
      throw .invalid("store_id", "names a store that does not exist: \(form.store)")
    }
    submit(
      form.operation(id: request.id), Subject(product: request.id), request, isMutation: true)
  }

  private func submit(
    _ operation: Command.Operation, _ subject: Subject, _ request: Exchange,
    isMutation: Bool = false, showsVersion: Bool = false
  ) {
    let number = firstNumber + pending.count
    request.subject = subject
    request.isMutation = isMutation
    request.showsVersion = showsVersion
    pending.append(request)
    front.gateway.submit(
      Command(
        scope: request.principal.scope, operation: operation, actor: request.principal.actor,
        idempotency: isMutation ? request.idempotency?.key(operation: 0) : nil),
      ticket: Ticket(loop: front.loopIndex, connection: slot, request: number))
  }

  private func batch(_ request: Exchange) throws(Problem) {
    var form = BatchForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, caller: request.principal, &errors) {
        front.allocation($0, for: request.principal)
      }
    }
    guard errors.isEmpty else { throw .invalid(errors) }
    if form.isAtomic { return try atomicBatch(form, request) }

    let gather = BatchGather(form.lines)
    let number = firstNumber + pending.count
    request.isMutation = true
    request.gather = gather
    pending.append(request)
    if gather.isComplete {
      completeBatch(request, pending.count - 1)
      return
    }
    operationsUnderWay += gather.commandCount
    var commandNumber = 0
    for place in form.lines.indices {
      guard case .command(var command) = form.lines[place] else { continue }
      if case .reserve = command.operation { front.activity.asked &+= 1 }
      if let idempotency = request.idempotency {
        command.idempotency = idempotency.key(operation: commandNumber)
        commandNumber += 1
        guard commandNumber == 1 else {
          gather.holdBack(command, place: place)
          continue
        }
      }
      front.gateway.submit(
        command,
        ticket: Ticket(
          loop: front.loopIndex, connection: slot, request: number, operation: place))
    }
  }

  private func atomicBatch(_ form: BatchForm, _ request: Exchange) throws(Problem) {
    var errors = FieldErrors()
    let (sums, places) = form.atomicLines(&errors)
    guard errors.isEmpty else { throw .invalid(errors) }
    guard !sums.isEmpty else { return respond(request) { $0.append("{\"results\":[]}") } }
    request.atomic = AtomicGather(sums: sums, places: places)
    let lines = sums.map {
      HoldLine(product: $0.product, location: $0.location, quantity: $0.quantity)
    }
    // The engine names it.
    let together = AtomicReserve(id: "", lines: lines)
    submit(.reserveTogether(together), Subject(), request, isMutation: true)
  }

  // MARK: Reservations

  private func hold(_ request: Exchange) throws(Problem) {
    var form = HoldForm(timeToLive: front.configuration.timeToLive)
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, &errors)
    }
    let allocation = front.allocation(form.strategy, for: request.principal)
    guard let hold = form.request(allocation: allocation, &errors) else {
      throw .invalid(errors)
    }
    submit(.hold(hold), Subject(), request, isMutation: true)
  }

  private func extendHold(_ request: Exchange) throws(Problem) {
    var form = ExtendForm(in: front.configuration.timeToLive)
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, &errors)
    }
    guard errors.isEmpty else { throw .invalid(errors) }
    let operation = Command.Operation.extendHold(
      request.reservation, timeToLive: form.timeToLive)
    submit(operation, Subject(), request, isMutation: true)
  }

  /// nil: all that is held.
  private func holdAmounts(_ request: Exchange) throws(Problem) -> [HoldAmount]? {
    var form = HoldAmountsForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, &errors)
    }
    let amounts = form.amounts(&errors)
    guard errors.isEmpty else { throw .invalid(errors) }
    return amounts
  }

  // MARK: Cold requests

  // No idempotency key is kept for stores and API keys: a repeated PUT of a store changes nothing, and
  // the record of a new API key would have to keep its token, which nobody but its owner may know.

  private func coldRequest(_ request: Exchange) throws(Problem) -> ColdRequest {
    var errors = FieldErrors()
    let cold: ColdRequest
    switch request.endpoint {
    case .listEntries:
      cold = .listEntries(
        ListQueries.entries(request.query, scope: request.principal.scope, &errors))
    case .listHolds:
      cold = .listHolds(
        LedgerQueries.holds(request.query, scope: request.principal.scope, &errors))
    case .listMovements:
      cold = .listMovements(
        LedgerQueries.movements(
          request.query, scope: request.principal.scope,
          shardCount: front.engine.shardMap.shardCount, &errors))
    case .listProducts:
      cold = .listProducts(ListQueries.products(request.query, &errors))
    case .listAllEntries, .listStoreEntries, .lowStock, .stats, .listStockedStores, .listLocations,
      .listStores:
      cold = AdminQueries.request(request, &errors)
    case .readStore: cold = .readStore(request.id)
    case .putStore:
      var form = StoreForm()
      request.read(&errors) { reader, errors throws(JSONSyntaxError) in
        try form.read(&reader, &errors)
      }
      cold = .putStore(request.id, form)
    case .createKey:
      var form = KeyForm()
      let now = front.now
      request.read(&errors) { reader, errors throws(JSONSyntaxError) in
        try form.read(&reader, now: now, &errors)
      }
      cold = .createKey(form)
    case .listKeys: cold = .listKeys
    case .revokeKey: cold = .revokeKey(request.id)
    case .verify:
      var form = VerifyForm()
      request.read(&errors) { reader, errors throws(JSONSyntaxError) in
        try form.read(&reader, &errors)
      }
      cold = .verify(repair: form.repairs)
    case .readiness:
      if front.isDraining { throw Problem(.overloaded, "The engine is stopping.") }
      cold = .readiness
    case .metrics: cold = .metrics(front.shared.metrics)
    case .export:
      cold = ListQueries.export(request.query, desk: front.shared.metrics.exports, &errors)
    case .set, .adjust, .reserve, .release, .fulfill, .transfer, .batch, .readSummary, .readEntry,
      .putEntry, .deleteEntry, .putProduct, .readProduct, .health, .hold, .readHold,
      .extendHold, .fulfillHold, .releaseHold, .events, .adminSet, .adminAdjust, .live, .page,
      .readSession, .signIn, .signOut, .none:
      preconditionFailure("\(request.endpoint) is not answered by a task")
    }
    if !errors.isEmpty { throw .invalid(errors) }
    return cold
  }

  private func startCold(_ cold: ColdRequest, _ request: Exchange) throws(Problem) {
    let number = firstNumber + pending.count
    if case .readiness = cold {
      pending.append(request)
      return front.awaitReadiness(slot: slot, number: number)
    }
    guard front.coldRequests < HTTPLimits.maxColdRequests else {
      throw Problem(.overloaded, "Too many lists and checks are under way.")
    }
    front.coldRequests += 1
    pending.append(request)
    let engine = front.engine
    let loop = front.loop
    let slot = slot
    let bound = NIOLoopBound(front, eventLoop: loop)
    Task {
      let answer = await cold.run(on: engine)
      loop.execute { bound.value.receive(answer, slot: slot, number: number) }
    }
  }
}

extension Exchange {
  /// Reads the body where it lies. A mistake in its syntax is added to `errors`.
  func read(
    _ errors: inout FieldErrors,
    _ read: (inout JSONReader, inout FieldErrors) throws(JSONSyntaxError) -> Void
  ) {
    var reader = JSONReader(body.assumingMemoryBound(to: UInt8.self))
    do throws(JSONSyntaxError) {
      try read(&reader, &errors)
    } catch {
      errors.add(error)
    }
  }
}
