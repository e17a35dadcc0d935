import Bodies
import CLibFuzzer

/// Runs one fuzzer under libFuzzer, which takes the arguments; which one, `STOCK_FUZZER` says:
/// libFuzzer starts this program anew with its own arguments.
@main
struct StockFuzz {
  static func main() {
    guard let name = Fuzzer.chosenName, Fuzzer.named(name) != nil else {
      print("STOCK_FUZZER must be one of \(Fuzzer.all.map(\.name).joined(separator: ", "))")
      return
    }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    _ = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
      Fuzzer.runChosen(UnsafeBufferPointer(start: data, count: size))
      return 0
    }
  }
}
