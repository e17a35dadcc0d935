import Crypto
import NIOConcurrencyHelpers
import NIOCore
import StockCore

/// Who is signed in to the web page, on all loops.
///
/// A session's id is known to its browser only; here lie digests. Sessions live in memory: after a
/// restart the page asks for the key again.
final class SessionStore: Sendable {
  /// What a session is known by: the SHA-256 of its id.
  typealias Digest = [UInt8]

  /// Sessions at a time. One more ends the one that was used least recently.
  static let maxSessions = 1_024

  struct Session: Sendable {
    var key: ActorID
    /// When it ends, whatever happens; in milliseconds, as all times.
    var endsAt: Timestamp
    var lastUse: Timestamp
  }

  /// How long a session lasts without a request, and at all.
  private let idle: Int64
  private let longest: Int64
  private let sessions = NIOLockedValueBox<[Digest: Session]>([:])

  init(_ times: HTTPConfiguration.SessionTimes) {
    idle = times.idle.nanoseconds / 1_000_000
    longest = times.longest.nanoseconds / 1_000_000
  }

  /// Begins a session for the bearer of a key.
  ///
  /// - Returns: its id: 256 random bits in base 64. It is kept nowhere.
  func begin(key: ActorID, now: Timestamp) -> String {
    var generator = SystemRandomNumberGenerator()
    let id = Base64URL.encode(
      (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    let session = Session(key: key, endsAt: now + longest, lastUse: now)
    sessions.withLockedValue { sessions in
      if sessions.count >= Self.maxSessions {
        sessions = sessions.filter { isOpen($0.value, now) }
      }
      if sessions.count >= Self.maxSessions,
        let oldest = sessions.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        sessions[oldest.key] = nil
      }
      sessions[Self.digest(id)] = session
    }
    return id
  }

  /// The session with this digest, if it is open. Asking keeps it open.
  func use(_ digest: Digest, now: Timestamp) -> Session? {
    sessions.withLockedValue { sessions in
      guard var session = sessions[digest] else { return nil }
      guard isOpen(session, now) else {
        sessions[digest] = nil
        return nil
      }
      session.lastUse = now
      sessions[digest] = session
      return session
    }
  }

  /// Whether a session is open. Asking does not keep it so.
  func isOpen(_ digest: Digest, now: Timestamp) -> Bool {
    sessions.withLockedValue { $0[digest].map { isOpen($0, now) } ?? false }
  }

  func end(_ digest: Digest) { sessions.withLockedValue { $0[digest] = nil } }

  private func isOpen(_ session: Session, _ now: Timestamp) -> Bool {
    now < session.endsAt && now - session.lastUse < idle
  }

  static func digest(_ id: String) -> Digest { Array(SHA256.hash(data: Array(id.utf8))) }

  /// What a change has to show besides the cookie. Another site can make a browser send the cookie, but
  /// cannot read this. It follows from the id, so nothing is kept for it.
  static func csrfToken(_ id: String) -> String {
    Base64URL.encode(Array(SHA256.hash(data: Array("csrf:".utf8) + Array(id.utf8))))
  }
}
