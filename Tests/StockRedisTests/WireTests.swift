import NIOCore
import StockRedis
import Testing

@Suite("Commands as bytes")
struct WireTests {
  @Test("bulk strings carry their exact length")
  func bulks() {
    var buffer = ByteBuffer()
    buffer.writeRESPArray(6)
    buffer.writeRESPBulk("h\u{e9}")
    buffer.writeRESPBulk("GET" as StaticString)
    buffer.writeRESPBulk([UInt8(1), 13, 10])
    buffer.writeRESPBulk(Int64(-42))
    buffer.writeRESPBulk(hex: 0xDEAD_BEEF)
    buffer.writeRESPBulk("")
    #expect(
      String(buffer: buffer)
        == "*6\r\n$3\r\nh\u{e9}\r\n$3\r\nGET\r\n$3\r\n\u{1}\r\n\r\n$3\r\n-42\r\n"
        + "$16\r\n00000000deadbeef\r\n$0\r\n\r\n")
  }

  @Test("numbers of every length are written as Swift prints them")
  func numbers() {
    var numbers: [Int64] = [0, .max, .min, -1]
    var power: Int64 = 1
    while power <= Int64.max / 10 {
      power *= 10
      numbers += [power - 1, power, power + 1, -power]
    }
    for number in numbers {
      var buffer = ByteBuffer()
      buffer.writeRESPBulk(number)
      #expect(String(buffer: buffer) == "$\("\(number)".utf8.count)\r\n\(number)\r\n")
    }
  }

  @Test("durability is one of three words")
  func durability() {
    #expect(Durability("everysec") == .everysec)
    #expect(Durability("always") == .always)
    #expect(Durability("replicas:2") == .replicas(2))
    for text in ["", "Always", "replicas", "replicas:", "replicas:0", "replicas:+2", "replicas:17"]
    {
      #expect(Durability(text) == nil, "\(text)")
    }
    for text in ["everysec", "always", "replicas:16"] {
      #expect(Durability(text)?.description == text)
    }
  }

  @Test("keys of a shard share its hash tag")
  func keys() {
    let keys = RedisKeys(namespace: "stock")
    #expect(keys.manifest == "stock:manifest")
    #expect(
      [keys.meta(7), keys.entries(7), keys.products(7)]
        == ["stock:{7}:meta", "stock:{7}:entries", "stock:{7}:products"])
    #expect(
      [keys.holds(7), keys.purchases(7), keys.ledger(7), keys.idempotency(7, 12)]
        == ["stock:{7}:holds", "stock:{7}:purchases", "stock:{7}:log", "stock:{7}:idem:12"])
    #expect(
      [keys.controlMeta, keys.stores, keys.apiKeys, keys.counters]
        == ["meta", "stores", "keys", "counters"].map { "stock:{control}:\($0)" })
    #expect(RedisKeys.isValid(namespace: "eu-1:stock.v2"))
    for name in ["", "a b", "a{b}", "\u{e9}", String(repeating: "a", count: 65)] {
      #expect(!RedisKeys.isValid(namespace: name), "\(name)")
    }
  }
}

@Suite("Addresses of a Redis")
struct RedisAddressTests {
  @Test(
    "are read",
    arguments: [
      ("redis://localhost", RedisAddress(endpoint: .tcp(host: "localhost", port: 6379))),
      ("REDIS://h:1/", RedisAddress(endpoint: .tcp(host: "h", port: 1))),
      ("redis://h:6380/3", RedisAddress(endpoint: .tcp(host: "h", port: 6380), database: 3)),
      ("redis://:p@h", RedisAddress(endpoint: .tcp(host: "h", port: 6379), password: "p")),
      (
        "redis://me:p%40ss%2Fw@rd@h:7",
        RedisAddress(
          endpoint: .tcp(host: "h", port: 7), username: "me", password: "p@ss/w@rd")
      ),
      ("redis://[::1]:7/2", RedisAddress(endpoint: .tcp(host: "::1", port: 7), database: 2)),
      ("redis://[::1]", RedisAddress(endpoint: .tcp(host: "::1", port: 6379))),
      ("unix:///run/r.sock", RedisAddress(endpoint: .unix(path: "/run/r.sock"))),
      (
        "unix:///run/my%20redis%3F.sock?db=4",
        RedisAddress(endpoint: .unix(path: "/run/my redis?.sock"), database: 4)
      ),
      (
        "unix://me:pw@/run/r.sock",
        RedisAddress(endpoint: .unix(path: "/run/r.sock"), username: "me", password: "pw")
      ),
    ])
  func read(_ text: String, _ address: RedisAddress) throws {
    #expect(try RedisAddress(text) == address)
  }

  @Test(
    "are refused with the part that is wrong, never with the password",
    arguments: [
      ("", "must begin"), ("localhost:6379", "must begin"), ("http://h", "must begin"),
      ("rediss://h", "TLS"), ("redis://", "no host"), ("redis://:6379", "no host"),
      ("redis://h:0", "port"), ("redis://h:70000", "port"), ("redis://h:x", "port"),
      ("redis://h/x", "database"), ("redis://h/-1", "database"),
      ("redis://u@h", "without a password"),
      ("redis://:secret%zz@h", "password"), ("redis://:secret@h:x", "port"),
      ("unix://run/r.sock", "three slashes"), ("unix://", "no path"), ("unix:///", "no path"),
      ("unix:///r?database=1", "?db=N"), ("unix:///r?db=x", "database"),
      ("unix:///" + String(repeating: "a", count: 107), "107"),
    ])
  func refused(_ text: String, _ word: String) throws {
    let error = try #require(throws: RedisAddressError.self) { try RedisAddress(text) }
    #expect(error.reason.contains(word), "\(error)")
    #expect(!"\(error)".contains("secret"))
  }

  @Test("hide the password however they are printed")
  func hidden() throws {
    let address = try RedisAddress("redis://me:secret@[::1]:6380/3")
    #expect(address.description == "redis://me:***@[::1]:6380/3")
    var dumped = String(reflecting: address)
    dump(address, to: &dumped)
    dumped += "\(Optional(address) as Any) \([address])"
    #expect(!dumped.contains("secret"))
    #expect(try RedisAddress("unix:///r?db=2").description == "unix:///r?db=2")
  }
}
