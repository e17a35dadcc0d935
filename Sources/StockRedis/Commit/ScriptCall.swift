import NIOCore

extension ByteBuffer {
  /// The head of a script's call: what is left to write are `keys` and `arguments` bulk strings.
  mutating func writeScriptCall(
    _ script: RedisScript, _ form: ScriptForm, _ scripts: LoadedScripts, keys: Int, arguments: Int
  ) {
    writeRESPArray(3 + keys + arguments)
    switch form {
    case .hash:
      writeRESPBulk("EVALSHA" as StaticString)
      writeRESPBulk(scripts[script])
    case .text:
      writeRESPBulk("EVAL" as StaticString)
      writeRESPBulk(script.text)
    }
    writeRESPBulk(Int64(keys))
  }
}
