import Foundation
import PackagePlugin

/// Puts the web page and the contract into StockHTTP, as they lie in the repository.
@main
struct EmbedTexts: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let root = context.package.directoryURL
    let page = root.appending(path: "Sources/StockHTTP/Page/Web")
    let docs = root.appending(path: "docs")
    return [
      try command(
        "PageFiles",
        try FileManager.default.contentsOfDirectory(atPath: page.path)
          .sorted().map { page.appending(path: $0) }, context),
      try command(
        "ContractTexts",
        ["openapi.yaml", "contract/docs.html", "contract/docs.css", "contract/docs.js"]
          .map { docs.appending(path: $0) }, context),
    ]
  }

  private func command(
    _ name: String, _ files: [URL], _ context: PluginContext
  ) throws -> Command {
    let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
    return .buildCommand(
      displayName: "Embedding \(name)", executable: try context.tool(named: "embed-texts").url,
      arguments: [output.path, name] + files.map(\.path), inputFiles: files,
      outputFiles: [output])
  }
}
