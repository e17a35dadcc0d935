/// The contract and the page that shows it, as parts of the executable. docs/contract/page.py writes
/// their texts.
enum ContractFiles {
  /// By the path that a client asks for. What an error's `type` says leads to the same page.
  static let byPath: [String: PageFile] = [
    "/openapi.yaml": PageFile("/openapi.yaml", openapi_yaml),
    "/docs": PageFile("/docs", docs_html),
    "/docs/errors": PageFile("/docs/errors", docs_html),
    "/docs/docs.css": PageFile("/docs/docs.css", docs_css),
    "/docs/docs.js": PageFile("/docs/docs.js", docs_js),
  ]
}
