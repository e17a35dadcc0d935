import StockCore
import Testing

/// What a refusal of a cart over shards rests on.
@Suite("Refusals of carts over shards")
struct CartRefusalTests {
  @Test("a refusal for what an undone batch had taken is none, and its key is free")
  func refusalWasUndone() throws {
    let shards = try TestShards()
    shards.stock(5)
    shards.shelves[0].isHeldUp = true
    _ = shards.ask(.setStock(shards.product(1), "B", 1))
    shards.endOfTick()
    // All units go in a batch that cannot be sent, …
    let taken = EntryAmount(product: shards.product(1), location: "A", quantity: 5)
    _ = shards.ask(.reserve(taken))
    let hold = shards.request("o1", [shards.line(1, 1), shards.line(2, 1)])
    let asked = shards.ask(hold, key: 5)
    #expect(shards.answers[asked] == nil)
    // … and is undone before the other shard has said what it thinks.
    shards.pass(2_000)
    shards.deliver()
    shards.deliver()
    shards.shelves[0].isHeldUp = false
    shards.settle()
    #expect(shards.answers[asked] == .unavailable(.storeUnavailable))
    #expect(shards.hold(of: shards.answer(hold, key: 5))?.status == .held)
  }
}
