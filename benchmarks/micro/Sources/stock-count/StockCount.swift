import CCallgrind
import Glibc
import Operations

/// `stock-count list` names the operations; `stock-count NAME ROUNDS` does one of them so often, after a
/// warm-up that callgrind does not see.
@main
enum StockCount {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments == ["list"] {
      for operation in MicroOperations.all { print(operation.name) }
      return
    }
    guard arguments.count == 2, let name = arguments.first, let rounds = Int(arguments.last ?? ""),
      let named = MicroOperations.all.first(where: { $0.name == name })
    else {
      print("usage: stock-count list | stock-count NAME ROUNDS")
      return
    }
    let scale = Scale.counts
    let operation = named.make(scale)
    for _ in 0..<scale.warmUpRounds {
      operation.prepare()
      operation.measured()
      operation.finish()
    }
    print("\(rounds * MicroOperations.perRound) operations")
    callgrind_start()
    for _ in 0..<rounds {
      operation.prepare()
      measured(operation)
      operation.finish()
    }
    // What taking all of it down would cost is not to be counted.
    withExtendedLifetime(operation) { exit(0) }
  }
}

/// callgrind counts instructions in here only: its symbol has `stock_count8measured` in it.
@inline(never)
@_optimize(none)
func measured(_ operation: any MicroOperation) { operation.measured() }
