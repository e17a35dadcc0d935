public import NIOCore
import StockCore
public import StockLoop

extension RedisConnection {
  /// Connects, says who we are (AUTH), picks the database (SELECT) and loads the scripts.
  ///
  /// - Parameters:
  ///   - eventLoop: the connection lives there.
  ///   - connectTimeout: for connecting; and again for the commands that follow.
  ///   - answerTimeout: for each `call`, `callAll` and `query` later. Where it is over, the connection
  ///     is closed.
  ///   - loadScripts: false leaves `scripts` nil: for connections that call none.
  /// - Returns: fails with a `RedisConnectionError`: `unreachable`, `notReady`, `refused`, `closed`.
  public static func connect(
    to address: RedisAddress, on eventLoop: LoopThread,
    connectTimeout: TimeAmount = .seconds(5), answerTimeout: TimeAmount = .seconds(30),
    loadScripts: Bool = true
  ) -> EventLoopFuture<RedisConnection> {
    let connection = RedisConnection(
      address: address, eventLoop: eventLoop, answerTimeout: answerTimeout)
    let target: Connector.Target =
      switch address.endpoint {
      case .unix(let path): .unix(path: path)
      case .tcp(let host, let port): .tcp(host: host, port: port)
      }
    let opened = Connector.connect(to: target, on: eventLoop, within: connectTimeout)
    let promise = eventLoop.makePromise(of: RedisConnection.self)
    opened.whenComplete { result in
      switch result {
      case .failure(let error):
        promise.fail(RedisConnectionError(.unreachable, "cannot reach \(address): \(error)"))
      case .success(let descriptor):
        connection.attach(descriptor)
        connection.shakeHands(loadScripts: loadScripts, timeout: connectTimeout, promise)
      }
    }
    return promise.futureResult
  }

  private func shakeHands(
    loadScripts: Bool, timeout: TimeAmount, _ promise: EventLoopPromise<RedisConnection>
  ) {
    var commands: [(name: String, write: (inout ByteBuffer) -> Void)] = []
    if let password = address.password {
      let words = ["AUTH"] + (address.username.map { [$0] } ?? []) + [password]
      commands.append(("AUTH", { $0.writeRESPCommand(words) }))
    }
    if address.database != 0 {
      let words = ["SELECT", String(address.database)]
      commands.append(("SELECT", { $0.writeRESPCommand(words) }))
    }
    let firstScript = commands.count
    if loadScripts {
      for script in RedisScript.allCases {
        commands.append(
          (
            "SCRIPT LOAD",
            { buffer in
              buffer.writeRESPArray(3)
              buffer.writeRESPBulk("SCRIPT" as StaticString)
              buffer.writeRESPBulk("LOAD" as StaticString)
              buffer.writeRESPBulk(script.text)
            }
          ))
      }
    }
    guard !commands.isEmpty else {
      promise.succeed(self)
      return
    }

    let deadline = eventLoop.scheduleTask(in: timeout) {
      self.end(
        RedisConnectionError(.unreachable, "\(self.address) does not answer the first commands"))
    }
    var hashes: [String] = []
    var failure: RedisConnectionError?
    for (index, command) in commands.enumerated() {
      send(command.write) { result in
        switch result {
        case .failure(let error):
          failure = failure ?? error
        case .success(let reply) where reply.isError:
          // The first one: what follows a refused AUTH is refused for that alone.
          failure = failure ?? self.refusal(of: command.name, reply.string ?? "")
        case .success(let reply):
          if index >= firstScript { hashes.append(reply.string ?? "") }
        }
        guard index == commands.count - 1 else { return }
        deadline.cancel()
        if let failure {
          self.end(failure)
          promise.fail(failure)
        } else {
          if loadScripts { self.scripts = LoadedScripts(hashes: hashes) }
          promise.succeed(self)
        }
      }
    }
    flush()
  }

  private func refusal(of command: String, _ words: String) -> RedisConnectionError {
    var message = "\(words) (\(address) refused \(command))"
    // The first line of our scripts is no Lua: older versions trip over it.
    if words.contains("compiling script") { message += ": Redis 7.0 or newer is needed" }
    let isPassing = ErrorReply(words) == .notExecuted(.later)
    return RedisConnectionError(isPassing ? .notReady : .refused, message)
  }
}
