/// Something that the engine promises and a history shows to be broken.
public struct Violation: Equatable, CustomStringConvertible, Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// Two changes were told that they made the same version.
    case sameVersion
    /// Two answers tell different things of one version.
    case contradiction
    /// A version is not the one before it with the change applied.
    case wrongTransition
    /// The end lies before something that was acknowledged.
    case lostWrite
    /// More versions than anyone can have made.
    case unexplainedVersions
    /// No choice among the attempts of unknown ending leads from one known state to the next.
    case unexplainedState
    /// Less than nothing, or more reserved than there is.
    case impossibleState
    /// A refusal whose numbers do not bear it out, or that rests on a state that never was.
    case wrongRefusal
    /// What was answered first came later: versions, sequences or shards contradict the clock.
    case wrongOrder
    /// A read showed less than what had been acknowledged before it was sent.
    case staleRead
    /// An answer that should never be given.
    case wrongAnswer
    /// All changes are known, and yet they do not add up to what is there.
    case wrongTotal
    /// A reservation holds some of its lines and not others, or what it should not hold.
    case halfHeld
    /// A repeated request was answered otherwise than the first time.
    case otherAnswer
    /// Slower than it may be.
    case tooSlow
    /// More memory than it may take.
    case tooLarge
    /// The reference model, asked the same in the same order, says something else.
    case modelDiffers
    /// Redis holds something else than the engine answers.
    case redisDiffers
    /// The engine's own comparison with Redis found a difference.
    case verifyDiffers
  }

  public var kind: Kind
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  public var description: String { "\(kind): \(text)" }
}
