import ArgumentParser
import StockTools

struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look whether this machine and its Redis are set right, and say what to do.",
    discussion: """
      Takes the settings of `stock serve`, and looks at what it would use: the
      redis-server and its version, its settings, memory and files; the data folder,
      its permissions, room and speed; the clock, the limit of open files, the port.
      It changes nothing, and may run beside an engine. Exit code 1 where something
      is bad.

      Examples:
        stock doctor
        stock doctor --data /var/lib/stock --durability always
        stock doctor --redis redis://user:secret@10.0.0.5:6379/0
      """)

  @OptionGroup var options: ServeOptions

  func run() async throws {
    let settings = try await options.settings()
    var findings = Findings()
    await HostExamination.run(settings, &findings)
    if let redis = settings.redis {
      await RedisExamination.given(redis, settings, &findings)
    } else {
      FolderExamination.run(settings.data, durability: settings.durability, &findings)
      await RedisExamination.own(settings, &findings)
    }
    print(findings.text)
    let bad = findings.badCount
    guard bad == 0 else {
      print("\(bad) to be mended")
      throw ExitCode.failure
    }
    print("nothing is wrong")
  }
}
