import Synchronization

/// Calls `work` with 0 up to `count`, in order, `limit` calls under way at most. The first error ends
/// it.
func forEachConcurrently(
  _ count: Int, limit: Int, _ work: @escaping @Sendable (Int) async throws -> Void
) async throws {
  let next = Counter()
  try await withThrowingTaskGroup(of: Void.self) { group in
    for _ in 0..<max(1, min(limit, count)) {
      group.addTask {
        while !Task.isCancelled {
          let index = next.take()
          guard index < count else { return }
          try await work(index)
        }
      }
    }
    try await group.waitForAll()
  }
}

/// 0, 1, 2 … each once.
private final class Counter: Sendable {
  private let value = Atomic(0)

  func take() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
}
