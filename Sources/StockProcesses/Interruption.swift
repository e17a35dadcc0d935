import Dispatch
import Foundation

/// Ctrl-C: whoever has started processes takes them and their folders with it, which happens at exit.
public enum Interruption {
  /// From now on SIGINT and SIGTERM end this process in order.
  public static func watch() {
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      // The handler keeps the source: it is there as long as we are.
      source.setEventHandler {
        source.cancel()
        exit(130)
      }
      source.resume()
    }
  }
}
