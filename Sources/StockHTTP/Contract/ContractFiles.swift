/// The contract and the page that shows it, as parts of the executable.
enum ContractFiles {
  /// By the path that a client asks for. What an error's `type` says leads to the same page.
  static let byPath: [String: PageFile] = [
    "/openapi.yaml": PageFile("/openapi.yaml", ContractTexts.openapi_yaml),
    "/docs": PageFile("/docs", ContractTexts.docs_html),
    "/docs/errors": PageFile("/docs/errors", ContractTexts.docs_html),
    "/docs/docs.css": PageFile("/docs/docs.css", ContractTexts.docs_css),
    "/docs/docs.js": PageFile("/docs/docs.js", ContractTexts.docs_js),
  ]
}
