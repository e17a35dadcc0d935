import Foundation
import StockCore

@testable import StockHTTP

/// Bodies of requests. The first byte says of which.
///
/// What is accepted is JSON for Foundation too; and written anew by Foundation it means the same.
enum JSONFuzzer {
  /// What became of a body.
  private struct Reading {
    var syntax: JSONSyntaxError?
    /// Nothing was wrong with any field.
    var isGood = false
    /// What the shard would be told.
    var meaning = ""
  }

  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var choices = Choices(input)
    let form = choices.choice(of: 16)
    let body = choices.rest
    let reading = read(body, as: form)
    guard reading.syntax == nil else { return nil }
    // These two may have no body at all.
    if body.isEmpty { return nil }
    let tree: Any
    do {
      tree = try JSONSerialization.jsonObject(with: Data(body))
    } catch {
      // A number too large for a Double is well formed: only its field refuses it.
      return hasHugeNumber(body) ? nil : "form \(form) accepts what Foundation does not: \(error)"
    }
    guard reading.isGood else { return nil }
    guard let written = try? JSONSerialization.data(withJSONObject: tree) else {
      return "form \(form): Foundation cannot write what it read"
    }
    let again = [UInt8](written).withUnsafeBufferPointer { read($0, as: form) }
    guard again.isGood, again.meaning == reading.meaning else {
      return "form \(form) meant \(reading.meaning), written anew \(again)"
    }
    return nil
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>, as form: Int) -> Reading {
    var reader = JSONReader(bytes)
    var errors = FieldErrors()
    var reading = Reading()
    do throws(JSONSyntaxError) {
      reading.meaning = try meaning(&reader, as: form, &errors)
    } catch {
      precondition(error.position <= bytes.count, "a mistake lies beyond the end")
      reading.syntax = error
      return reading
    }
    reading.isGood = errors.isEmpty && !reading.meaning.hasPrefix(refused)
    return reading
  }

  private static let refused = "a line was refused"

  private static func meaning(
    _ reader: inout JSONReader, as form: Int, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> String {
    func allocation(_ strategy: Allocation.Strategy?) -> Allocation {
      Allocation(strategy: strategy ?? .priority)
    }
    switch form {
    case 0..<6:
      let operation = StockOperation.allCases[form]
      var read = StockForm()
      try reader.beginBody()
      try read.read(&reader, allowed: operation.fields, &errors)
      try reader.endBody()
      let command = read.operation(
        operation, caller: .unchecked, &errors, allocation: allocation)
      return errors.isEmpty ? "\(command as Any)" : ""
    case 6, 7, 15:
      var read = BatchForm()
      try read.read(&reader, caller: .unchecked, &errors, allocation: allocation)
      let hasRefused = read.lines.contains { if case .refused = $0 { true } else { false } }
      let atomic = form == 7 ? "\(read.atomicLines(&errors))" : ""
      if hasRefused { return refused }
      return errors.isEmpty ? "\(read.isAtomic) \(read.lines) \(atomic)" : ""
    case 8:
      var read = HoldForm(timeToLive: Bounds.timeToLive)
      try read.read(&reader, &errors)
      let request = read.request(allocation: allocation(read.strategy), &errors)
      return errors.isEmpty ? "\(request as Any)" : ""
    case 9:
      var read = ExtendForm(in: Bounds.timeToLive)
      try read.read(&reader, &errors)
      return "\(read.timeToLive)"
    case 10:
      var read = HoldAmountsForm()
      try read.read(&reader, &errors)
      let amounts = read.amounts(&errors)
      return errors.isEmpty ? "\(amounts as Any)" : ""
    case 11:
      var read = EntryForm()
      try read.read(&reader, &errors)
      return errors.isEmpty ? "\(read.operation(id: 1, expectedVersions: nil))" : ""
    case 12:
      var read = ProductForm()
      try read.read(&reader, &errors)
      return errors.isEmpty ? "\(read.operation(id: 1))" : ""
    case 13:
      var read = StoreForm()
      try read.read(&reader, &errors)
      return errors.isEmpty ? "\(read)" : ""
    default:
      var read = KeyForm()
      try read.read(&reader, now: 1_800_000_000_000, &errors)
      return errors.isEmpty ? "\(read)" : ""
    }
  }

  /// A run of digits that is no Double, or an exponent of three digits.
  private static func hasHugeNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var digits = 0
    var afterExponent = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits += 1
        if digits > 300 || (afterExponent && digits > 2) { return true }
      case UInt8(ascii: "e"), UInt8(ascii: "E"): (digits, afterExponent) = (0, true)
      case UInt8(ascii: "+"), UInt8(ascii: "-"): digits = 0
      default: (digits, afterExponent) = (0, false)
      }
    }
    return false
  }
}
