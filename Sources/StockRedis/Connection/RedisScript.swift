/// The Lua scripts that Redis runs. Each file says what it takes and returns.
public enum RedisScript: Int, CaseIterable, Sendable {
  case commit, take, retake, control, create

  /// The script's text.
  public var text: [UInt8] {
    switch self {
    case .commit: PackageResources.commit_lua
    case .take: PackageResources.take_lua
    case .retake: PackageResources.retake_lua
    case .control: PackageResources.control_lua
    case .create: PackageResources.create_lua
    }
  }
}

/// The names under which a Redis knows the scripts: what its SCRIPT LOAD answered.
public struct LoadedScripts: Equatable, Sendable {
  private var hashes: [String]

  /// - Parameter hashes: one for each of `RedisScript.allCases`, in that order.
  init(hashes: [String]) {
    precondition(hashes.count == RedisScript.allCases.count, "a hash for each script")
    self.hashes = hashes
  }

  /// The script's SHA-1, 40 hex digits.
  public subscript(script: RedisScript) -> String { hashes[script.rawValue] }
}

/// How a call names its script.
public enum ScriptForm: Equatable, Sendable {
  /// EVALSHA: the script is loaded.
  case hash
  /// EVAL with the whole text: for a Redis that forgot the script. It knows it again after that.
  case text
}
