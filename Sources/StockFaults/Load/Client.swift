public import StockTools

/// Sends changes once each, and writes down how they ended.
public struct RecordingClient: Sendable {
  let http: any Exchange
  public let history: History
  let repeats: Bool

  /// - Parameters:
  ///   - http: asks each thing once, or under an idempotency key.
  ///   - repeats: it does the latter.
  public init(_ http: any Exchange, history: History, repeats: Bool = false) {
    self.repeats = repeats
    self.http = http
    self.history = history
  }

  @discardableResult
  public func send(_ change: Change, on key: EntryKey) async -> Ending {
    let sentAt = history.now
    var ending: Ending
    var commit: Commit?
    do throws(ClientError) {
      let answer = try await http.send(change.request(on: key))
      ending = Ending(answer, to: change)
      commit = Commit(answer)
    } catch {
      ending = Ending(error)
    }
    history.record([
      Attempt(
        key, change, sentAt: sentAt, endedAt: history.now, ending,
        refusedIn: ending.isRefused ? commit : nil)
    ])
    return ending
  }

  /// One request for all of them: each ends for itself.
  @discardableResult
  public func send(_ changes: [(EntryKey, Change)]) async -> [Ending] {
    let sentAt = history.now
    let endings: [Ending]
    var commits = [Commit?](repeating: nil, count: changes.count)
    do throws(ClientError) {
      let answer = try await http.send(Change.batch(changes))
      if let body: BatchBody = try? answer.decoded(), answer.status == 200,
        body.results.count == changes.count
      {
        endings = zip(body.results, changes).map { Ending(line: $0, to: $1.1) }
        commits = body.results.map(Commit.init(line:))
      } else if answer.status == 503 {
        endings = changes.map { Ending(answer, to: $0.1) }
      } else {
        endings = changes.map { _ in
          .wrong("a batch was answered with \(answer.status) \(answer.code)")
        }
      }
    } catch {
      endings = changes.map { _ in Ending(error) }
    }
    let endedAt = history.now
    history.record(
      changes.indices.map { place in
        Attempt(
          changes[place].0, changes[place].1, sentAt: sentAt, endedAt: endedAt, endings[place],
          refusedIn: endings[place].isRefused ? commits[place] : nil)
      })
    return endings
  }

  /// Reads a product's entries. An answer that is none of a read's is written down as wrong.
  ///
  /// - Returns: false if it could not be read now.
  @discardableResult
  public func read(product: Int64) async -> Bool {
    let sentAt = history.now
    guard let answer = try? await http.send(HTTPRequest(.get, StockPath.summary(product))) else {
      return false
    }
    if answer.status == 503 { return false }
    guard answer.status == 200, let body: SummaryBody = try? answer.decoded() else {
      history.record([
        Attempt(
          EntryKey(product, "(read)"), .adjust(0), sentAt: sentAt, endedAt: history.now,
          .wrong("a read was answered with \(answer.status) \(answer.code)"))
      ])
      return true
    }
    history.record(
      body.locations.filter { $0.location != Site.probeLocation }.map {
        Reading(EntryKey($0.productId, $0.location), sentAt: sentAt, $0.state)
      })
    return true
  }
}

/// Paths that several places need.
public enum StockPath {
  public static func summary(_ product: Int64) -> String {
    "/api/v1/store/inventory/product/\(product)"
  }
}
