import ArgumentParser

/// Random tests of the core that run as long as one likes.
@main
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stock-simulate",
    abstract: "Run the core against its reference model, or over simulated faults.",
    subcommands: [RunCommand.self, CrashCommand.self, ModelCommand.self])
}
