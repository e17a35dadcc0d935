import Crypto

/// A file of the web page or of the contract. It is part of the executable.
struct PageFile: Sendable {
  var path: String
  var type: StaticString
  var text: StaticString
  /// Its ETag, in quotes: it changes with the content.
  var tag: String

  init(_ path: String, _ text: StaticString) {
    self.path = path
    self.text = text
    type =
      if path.hasSuffix(".js") {
        "text/javascript; charset=utf-8"
      } else if path.hasSuffix(".css") {
        "text/css; charset=utf-8"
      } else if path.hasSuffix(".svg") {
        "image/svg+xml"
      } else if path.hasSuffix(".yaml") {
        "application/yaml"
      } else {
        "text/html; charset=utf-8"
      }
    let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    let digest = SHA256.hash(data: bytes)
    tag = "\"" + Base64URL.encode(Array(digest.prefix(12))) + "\""
  }

  /// By the path that a browser asks for.
  static let byPath: [String: PageFile] = {
    var files = ContractFiles.byPath
    for (name, text) in PageFiles.all {
      let path = name == "inventory.html" ? "/admin/inventory" : "/admin/assets/" + name
      files[path] = PageFile(path, text)
    }
    return files
  }()

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }
}

extension HTTPConnection {
  /// A file, or that the browser has it already.
  func page(_ file: PageFile, _ request: Exchange) {
    let tags = request.browser?.ifNoneMatch ?? ""
    let isKnown = tags.split(separator: ",").contains { tag in
      // A proxy that compresses makes our tag a weak one.
      let tag = tag.drop { $0 == " " }
      return tag == file.tag || tag == "W/" + file.tag || tag == "*"
    }
    request.head.status = isKnown ? 304 : 200
    request.head.extra = .file(file)
    request.head.writesOwnLength = true
    respond(request) { if !isKnown { $0.append(file.bytes) } }
  }
}

extension ByteWriter {
  /// The fields of a file's response. The policy lets the page run what the engine serves, and nothing
  /// else, whatever text may get into it.
  mutating func append(fieldsOf file: PageFile, status: Int) {
    if status == 200 {
      append("\r\nContent-Type: ")
      append(file.type)
      append("\r\nContent-Length: ")
      append(Int64(file.bytes.count))
    }
    append("\r\nETag: ")
    append(utf8: file.tag)
    // Asked each time, answered 304: so a new engine never meets an old page.
    append("\r\nCache-Control: no-cache")
    append(
      "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    append("\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer")
    append(
      "\r\nCross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin")
    append("\r\nX-Frame-Options: DENY")
  }
}
