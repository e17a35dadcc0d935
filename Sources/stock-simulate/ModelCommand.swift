import ArgumentParser
import StockTestKit

/// `stock-simulate model`: the state machine against the reference model.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Random commands through the state machine and the reference model, side by side.",
    discussion: "Example: stock-simulate model --commands 10000000 --seed 1")

  @Option(help: "How many commands, all seeds together.")
  var commands = 1_000_000

  @Option(help: "The first seed. Every 20,000 commands start a new one.")
  var seed: UInt64 = 1

  func run() throws {
    var done = 0
    var next = seed
    var outcomes: [String: Int] = [:]
    var commits = 0
    var undone = 0
    while done < commands {
      let run = ModelRun(seed: next)
      do {
        try run.run(commands: min(20_000, commands - done))
      } catch {
        print("FAILED \(error)")
        throw ExitCode.failure
      }
      done += run.commands
      commits += run.commits
      undone += run.undone
      outcomes.merge(run.outcomes, uniquingKeysWith: +)
      next += 1
      if done % 1_000_000 < run.commands { print("\(done) commands, \(commits) commits") }
    }
    for (name, count) in outcomes.sorted(by: { $0.value > $1.value }) {
      print("  \(name) \(count)")
    }
    print("passed: \(done) commands, \(commits) commits, \(undone) batches undone")
  }
}
