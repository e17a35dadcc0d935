import Foundation
import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockLoop
import Testing

@testable import StockHTTP

/// A stop that begins while a request is on its way: it is waited for, as long as for anybody.
@Suite struct DrainTests {
  /// How much of the request has come when the stop begins.
  enum Part: CaseIterable {
    case firstByte, halfHeader, wholeHeader, halfBody
    /// Behind a request that has been answered, and came in one piece with it.
    case behindAnother

    func cut(_ text: String) -> (before: String, after: String) {
      let head = text.utf8.count - reserveBody.utf8.count
      let count =
        switch self {
        case .firstByte, .behindAnother: 1
        case .halfHeader: head * 3 / 4
        case .wholeHeader: head
        case .halfBody: head + reserveBody.utf8.count / 2
        }
      let bytes = Array(text.utf8)
      return (
        String(decoding: bytes[..<count], as: UTF8.self),
        String(decoding: bytes[count...], as: UTF8.self)
      )
    }
  }

  /// A plain one is read where it lies, another by NIO's decoder.
  private static func text(isPlain: Bool) -> String {
    let text = request("POST", base + "/reserve", reserveBody)
    let field = "If-None-Match: \"1\"\r\nHost:"
    return isPlain ? text : text.replacingOccurrences(of: "Host:", with: field)
  }

  @Test(arguments: Part.allCases, [true, false])
  func halfARequestIsWaitedForAndAnswered(_ part: Part, isPlain: Bool) throws {
    let wire = try Wire()
    let text = Self.text(isPlain: isPlain)
    let (before, after) = part.cut(text)
    if part == .behindAnother {
      #expect(try wire.ask(text + before).status == 200)
    } else {
      try wire.send(before)
    }
    wire.front.beginDraining(within: .seconds(10))
    // Whoever is idle is closed by now.
    wire.pass(3)
    #expect(wire.isOpen && wire.connection?.isOpen == true)
    try wire.send(after)
    let answers = try wire.responses()
    #expect(answers.map(\.status) == [200])
    #expect(answers.first?.fields["connection"] == "close")
    #expect(wire.gateway.submitted.count == (part == .behindAnother ? 2 : 1))
    wire.pass(3)
    #expect(!wire.isOpen && wire.front.connectionCount == 0)
  }

  @Test(arguments: Part.allCases, [true, false])
  func oneThatNeverComesWholeDoesNotHoldTheStop(_ part: Part, isPlain: Bool) throws {
    let wire = try Wire()
    let text = Self.text(isPlain: isPlain)
    let before = part.cut(text).before
    if part == .behindAnother {
      #expect(try wire.ask(text + before).status == 200)
    } else {
      try wire.send(before)
    }
    let isOver = NIOLockedValueBox(false)
    wire.front.beginDraining(within: .seconds(10))
    wire.front.drained().whenSuccess { isOver.withLockedValue { $0 = true } }
    wire.pass(9)
    #expect(!isOver.withLockedValue { $0 })
    wire.pass(2)
    #expect(isOver.withLockedValue { $0 })
    #expect(!wire.isOpen && wire.front.connectionCount == 0)
    #expect(wire.gateway.submitted.count == (part == .behindAnother ? 1 : 0))
  }

  @Test func whoIsIdleIsNotWaitedFor() throws {
    let wire = try Wire()
    #expect(try wire.ask(Self.text(isPlain: true)).status == 200)
    wire.front.beginDraining(within: .seconds(10))
    wire.pass(1)
    #expect(!wire.isOpen)
  }
}
