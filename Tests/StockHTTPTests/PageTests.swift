import Foundation
import StockCore
import Testing

@testable import StockHTTP

/// The web page's files, as they are served.
@Suite struct PageTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources/StockHTTP/Page/Web")

  @Test("the files in the executable are those in Page/Web, to the byte")
  func isWhole() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(names.count > 10)
    #expect(Set(names) == Set(PageFiles.all.map(\.name)))
    for (name, text) in PageFiles.all {
      let file = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
      #expect(text.description == file, "\(name)")
    }
  }

  @Test func pageIsStrict() throws {
    let wire = try Wire(keys: true)
    let answer = try wire.ask(request("GET", "/admin/inventory", nil))
    #expect(answer.status == 200)
    #expect(answer.fields["content-type"] == "text/html; charset=utf-8")
    #expect(
      answer.fields["content-security-policy"]
        == "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
    #expect(answer.fields["x-content-type-options"] == "nosniff")
    #expect(answer.fields["referrer-policy"] == "no-referrer")
    #expect(answer.fields["cache-control"] == "no-cache")
    #expect(answer.body.hasPrefix("<!doctype html>"))
  }

  @Test func filesHaveTheirTypes() throws {
    let wire = try Wire(keys: true)
    let types = [
      "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
      "svg": "image/svg+xml",
    ]
    for (name, text) in PageFiles.all where name != "inventory.html" {
      let answer = try wire.ask(request("GET", "/admin/assets/" + name, nil))
      #expect(answer.status == 200, "\(name)")
      #expect(answer.body == text.description)
      #expect(
        answer.fields["content-type"] == types[String(name.split(separator: ".").last ?? "")])
    }
  }

  @Test func isNotSentTwice() throws {
    let wire = try Wire(keys: true)
    let tag = try #require(
      try wire.ask(request("GET", "/admin/inventory", nil)).fields["etag"])
    for value in [tag, "W/" + tag, "\"other\", " + tag] {
      let again = try wire.ask(
        request("GET", "/admin/inventory", nil, "If-None-Match: \(value)\r\n"))
      #expect(again.status == 304 && again.body.isEmpty, "\(value)")
      #expect(again.fields["etag"] == tag && again.fields["content-length"] == nil)
    }
    let changed = try wire.ask(
      request("GET", "/admin/inventory", nil, "If-None-Match: \"other\"\r\n"))
    #expect(changed.status == 200 && !changed.body.isEmpty)
  }

  @Test(arguments: [
    "/admin/assets/", "/admin/assets/nothing.js", "/admin/assets/../assets/main.js",
    "/admin/assets/inventory.html", "/admin/inventory/", "/admin",
  ])
  func nothingElseIsThere(_ path: String) throws {
    #expect(try Wire(keys: true).ask(request("GET", path, nil)).status == 404)
  }

  /// What came from data can only become text: there is no way into markup, and nothing that the policy
  /// would have to stop.
  @Test func nothingWritesMarkup() throws {
    let banned = [
      "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
      "createContextualFragment", "javascript:",
    ]
    for (name, text) in PageFiles.all {
      for word in banned { #expect(!text.description.contains(word), "\(name): \(word)") }
      #expect(!text.description.contains(" style=\""), "\(name)")
      guard name.hasSuffix(".html") else { continue }
      #expect(!text.description.contains("<style"))
      for script in text.description.components(separatedBy: "<script").dropFirst() {
        #expect(script.contains("src=\"/admin/assets/"))
      }
      #expect(!text.description.contains("http:") && !text.description.contains("https:"))
    }
  }
}
