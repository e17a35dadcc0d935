import NIOCore
import StockCore

/// Lists: what looks at this loop's shards in slices.
extension EngineLoop {
  /// Looks at some of this loop's shards.
  ///
  /// - Parameter done: called once, on the loop; nil: a shard is not there, or is loaded anew.
  func scan<Scan: ShardScan>(
    _ scan: Scan, shards ids: [ShardID], done: @escaping (Scan?) -> Void
  ) {
    var scan = scan
    var place = 0
    var loading: Int?
    let job = ScanLane.Job(
      run: { deadline in
        repeat {
          guard place < ids.count else {
            done(scan)
            return true
          }
          let shard = self.shards[ids[place] / self.loopCount]
          if loading == nil { loading = shard.assumeIsolated { $0.begin(&scan) } }
          let isDone = loading.flatMap { loading in
            shard.assumeIsolated { $0.advance(&scan, loading: loading, until: deadline) }
          }
          guard let isDone else {
            done(nil)
            return true
          }
          if isDone {
            place += 1
            loading = nil
          }
        } while NIODeadline.now() < deadline || place == ids.count
        return false
      }, cancel: { done(nil) })
    lane.add(job)
  }
}

extension ShardActor {
  /// - Returns: which loading the shard is in; nil where it cannot be read.
  func begin(_ scan: inout some ShardScan) -> Int? {
    withReadable { machine, loading in
      scan.begin(machine)
      return loading
    }
  }

  /// Goes on until the scan is done with this shard, or the time has come.
  ///
  /// - Returns: whether it is done; nil where the shard cannot be read, or has been loaded anew.
  func advance(_ scan: inout some ShardScan, loading: Int, until deadline: NIODeadline) -> Bool? {
    withReadable { machine, current in
      guard current == loading else { return nil }
      repeat {
        if scan.step(machine) { return true }
      } while NIODeadline.now() < deadline
      return false
    }
  }
}
