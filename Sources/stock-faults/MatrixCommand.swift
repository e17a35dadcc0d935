public import ArgumentParser
public import StockFaults

extension Matrix.Extent: ExpressibleByArgument {}

struct MatrixCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matrix",
    abstract: "All that Redis may say or do to a commit, before and after it is executed.")

  @OptionGroup var options: SceneOptions

  @Option(help: "short: each fault once; whole: with each form of request; long: also for 7 s.")
  var extent = Matrix.Extent.whole

  @Option(help: "Only the cells whose names begin with it: \"OOM before\".")
  var only = ""

  func run() async throws {
    var matrix = Matrix(extent)
    matrix.prefix = only
    try finish(await matrix.run(try options.scene()))
  }
}
