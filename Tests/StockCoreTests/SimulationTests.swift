import StockCore
import StockTestKit
import Testing

/// Whatever happens to engines, network and Redis: nothing that was confirmed is lost, nothing is
/// sold twice, and everybody gets an answer. (`stock-simulate run` does the same for longer.)
@Suite("Simulation")
struct SimulationTests {
  @Test("120 seeds of faults do no harm", arguments: 0..<4)
  func holds(block: Int) throws {
    var sum = SimulationReport()
    for seed in 1...30 {
      let options = SimulationOptions(seed: UInt64(block * 30 + seed), steps: 300)
      do {
        sum.add(try Simulation(options).run())
      } catch {
        Issue.record("\(Simulation.replay(options, after: error))")
      }
    }
    #expect(sum.commits > 1_000)
    #expect(sum.faults.count > 12, "\(sum.faults)")
    for reached in ["dropped buckets", "forgotten hold", "forgotten order"] {
      #expect(sum.faults[reached, default: 0] > 0, "\(reached): \(sum.faults)")
    }
  }

  @Test("sales are forgotten, and an engine starts when the clock has gone back, by little or much")
  func reaches() throws {
    var sum = SimulationReport()
    let rare = ["forgotten purchases", "time taken up", "time too far ahead"]
    for seed in UInt64(1)...200 {
      sum.add(try Simulation(SimulationOptions(seed: seed, steps: 300)).run())
      if rare.allSatisfy({ sum.faults[$0, default: 0] > 0 }) { return }
    }
    Issue.record("\(rare): \(sum.faults)")
  }

  @Test("an engine may die at each step of a hold's protocol", arguments: 1...4)
  func crashes(seed: UInt64) {
    do {
      let sum = try Simulation.crashAtEachStep(seed: seed, commands: 30)
      #expect(sum.faults["crash in a protocol", default: 0] > 40)
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test("the same seed is the same history")
  func repeats() throws {
    func history(_ seed: UInt64) throws -> [String] {
      var lines: [String] = []
      _ = try Simulation(SimulationOptions(seed: seed, steps: 150)) { lines.append($0) }.run()
      return lines
    }
    let first = try history(11)
    #expect(try history(11) == first)
    #expect(try history(12) != first)
  }

  @Test("a planted bug is caught", arguments: PlantedFault.allCases)
  func catches(fault: PlantedFault) {
    let seeds: ClosedRange<UInt64> = 1...100
    let caught = seeds.first { seed in
      let options = SimulationOptions(seed: seed, steps: 300, plantedFaults: [fault])
      return (try? Simulation(options).run()) == nil
    }
    #expect(caught != nil, "\(fault) was not noticed in \(seeds)")
  }
}
