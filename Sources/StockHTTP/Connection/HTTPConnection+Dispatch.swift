import NIOCore
import StockCore
import StockEngine

// From a request to a command, or to a cold request.
extension HTTPConnection {
  func dispatch(_ request: Exchange) {
    do throws(Problem) {
      if request.query != nil { try checkQuery(request) }
      switch request.endpoint {
      case .reserve: try stock(.reserve, request)
      case .release: try stock(.release, request)
      case .fulfill: try stock(.fulfill, request)
      case .set: try stock(.set, request)
      case .adjust: try stock(.adjust, request)
      case .transfer: try stock(.transfer, request)
      case .batch: try batch(request)
      case .readSummary:
        submit(.readSummary(request.id), Subject(product: request.id), request)
      case .readEntry:
        submit(.readEntry(request.id), Subject(), request, showsVersion: true)
      case .putEntry: try putEntry(request)
      case .deleteEntry:
        let operation = Command.Operation.deleteEntry(
          request.id, expectedVersion: request.expectedVersion)
        submit(operation, Subject(), request, isMutation: true)
      case .readProduct:
        submit(.readProduct(request.id), Subject(product: request.id), request)
      case .putProduct: try putProduct(request)
      case .health: respond(request) { $0.append("{\"status\":\"ok\"}") }
      case .listEntries, .putStore, .readStore, .listStores, .listProducts, .createKey, .listKeys,
        .revokeKey, .verify, .readiness:
        try startCold(coldRequest(request), request)
      }
    } catch {
      respond(error, request)
    }
  }

  /// Endpoints without parameters take none; the others complain for themselves.
  private func checkQuery(_ request: Exchange) throws(Problem) {
    switch request.endpoint {
    case .listEntries, .listProducts, .listStores, .health, .readiness: return
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
        operation, newProductStore: request.principal.newProductStore, &errors)
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
    let operation = form.operation(id: request.id, expectedVersion: request.expectedVersion)
    submit(operation, Subject(), request, isMutation: true, showsVersion: true)
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
      Command(scope: request.principal.scope, operation: operation),
      ticket: Ticket(loop: front.loopIndex, connection: slot, request: number))
  }

  private func batch(_ request: Exchange) throws(Problem) {
    var form = BatchForm()
    var errors = FieldErrors()
    request.read(&errors) { reader, errors throws(JSONSyntaxError) in
      try form.read(&reader, caller: request.principal, &errors)
    }
    guard errors.isEmpty else { throw .invalid(errors) }

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
    for (place, line) in form.lines.enumerated() {
      guard case .command(let command, _) = line else { continue }
      front.gateway.submit(
        command,
        ticket: Ticket(
          loop: front.loopIndex, connection: slot, request: number, operation: place))
    }
  }

  // MARK: Cold requests

  private func coldRequest(_ request: Exchange) throws(Problem) -> ColdRequest {
    var errors = FieldErrors()
    let cold: ColdRequest
    switch request.endpoint {
    case .listEntries:
      cold = .listEntries(
        ListQueries.entries(request.query, scope: request.principal.scope, &errors))
    case .listProducts:
      cold = .listProducts(ListQueries.products(request.query, &errors))
    case .listStores:
      let page = ListQueries.stores(request.query, &errors)
      cold = .listStores(limit: page.limit, after: page.after)
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
      request.read(&errors) { reader, errors throws(JSONSyntaxError) in
        try VerifyForm.read(&reader, &errors)
      }
      cold = .verify
    case .readiness: cold = .readiness
    case .set, .adjust, .reserve, .release, .fulfill, .transfer, .batch, .readSummary, .readEntry,
      .putEntry, .deleteEntry, .putProduct, .readProduct, .health:
      preconditionFailure("\(request.endpoint) is not answered by a task")
    }
    if !errors.isEmpty { throw .invalid(errors) }
    return cold
  }

  private func startCold(_ cold: ColdRequest, _ request: Exchange) throws(Problem) {
    guard front.coldRequests < HTTPLimits.maxColdRequests else {
      throw Problem(.overloaded, "Too many lists and checks are under way.")
    }
    front.coldRequests += 1
    let number = firstNumber + pending.count
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
    func run(_ bytes: UnsafeBufferPointer<UInt8>) {
      var reader = JSONReader(bytes)
      do throws(JSONSyntaxError) {
        try read(&reader, &errors)
      } catch {
        errors.add(error)
      }
    }
    guard let body else {
      run(UnsafeBufferPointer(start: nil, count: 0))
      return
    }
    body.withUnsafeReadableBytes { raw in
      raw.withMemoryRebound(to: UInt8.self) { run($0) }
    }
  }
}
