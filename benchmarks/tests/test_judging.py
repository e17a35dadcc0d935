"""What judges: the books, the order of the rounds, the aims; and that the report can be written."""

import unittest

from harness.figures import Runs, Spread
from harness.peer import Load
from harness.plan import CELLS, PLANS
from harness.plots import all_plots
from harness.report import PAIRS, SCENARIOS, table
from harness.rounds import books, order
from harness.speed import AIMS, Aim
from peers import ALL
from tests.test_figures import run


def load(reserved: int | None, in_flight: int = 0) -> Load:
    return Load(requests=10, seconds=1, errors=0, latency_us={}, reserved=reserved,
                in_flight=in_flight)


class BooksTests(unittest.TestCase):
    def test_every_unit_once(self) -> None:
        self.assertEqual(books(10, load(10)), "right")

    def test_requests_cut_off_may_have_been_carried_out(self) -> None:
        self.assertEqual(books(12, load(10, in_flight=2)), "right")
        self.assertIn("wrong", books(13, load(10, in_flight=2)))

    def test_fewer_than_were_answered_is_wrong(self) -> None:
        self.assertEqual(books(9, load(10, in_flight=2)),
                         "wrong: 10 reserves were answered, 9 units are reserved")

    def test_a_constant_has_no_books(self) -> None:
        self.assertEqual(books(None, load(10)), "not checked")


class OrderTests(unittest.TestCase):
    def test_each_second_round_runs_backwards(self) -> None:
        cells = [("a", "x"), ("b", "x"), ("c", "x")]
        self.assertEqual(order(cells, 1), cells)
        self.assertEqual(order(cells, 2), cells[::-1])
        self.assertEqual(order(cells, 3), cells)


class AimTests(unittest.TestCase):
    def judged(self, value: float | None, aim: float, **options) -> bool | None:
        found = None if value is None else Spread.of([value])
        return Aim("x", aim, lambda *_: found, **options).row(Runs([]), {})["reached"]

    def test_at_least(self) -> None:
        self.assertTrue(self.judged(1.0, 1.0))
        self.assertFalse(self.judged(0.99, 1.0))

    def test_at_most(self) -> None:
        self.assertTrue(self.judged(1.3, 1.3, at_most=True))
        self.assertFalse(self.judged(1.31, 1.3, at_most=True))

    def test_judged_as_shown(self) -> None:
        self.assertTrue(self.judged(0.996, 1.0))
        self.assertFalse(self.judged(999_999.4, 1_000_000, form=",.0f"))

    def test_no_figure_no_verdict(self) -> None:
        self.assertIsNone(self.judged(None, 1.0))


class PlanTests(unittest.TestCase):
    def test_every_cell_is_some_peers_scenario(self) -> None:
        known = {(peer.name, scenario) for peer in ALL for scenario in peer.scenarios}
        for plan in PLANS.values():
            self.assertLessEqual(set(plan.cells), known)
        self.assertEqual(set(CELLS), known, "a scenario that nobody runs")

    def test_every_scenario_has_words(self) -> None:
        self.assertLessEqual({scenario for _, scenario in CELLS}, set(SCENARIOS))

    def test_what_is_compared_is_run(self) -> None:
        for ours, peer, theirs in PAIRS:
            self.assertIn(("stock", ours), CELLS)
            self.assertIn((peer, theirs), CELLS)


class ReportTests(unittest.TestCase):
    def test_rows_of_a_table(self) -> None:
        self.assertEqual(table(["a", "b"], [["1", "2"]]), "| a | b |\n| --- | --- |\n| 1 | 2 |")

    def test_aims_are_found_in_runs(self) -> None:
        runs = Runs([run(peer, 1, 10, scenario=scenario) for peer, scenario in CELLS])
        judged = [aim for aim in AIMS if aim.row(runs, {})["measured"]]
        self.assertGreaterEqual(len(judged), 12)

    def test_plots_need_no_full_run(self) -> None:
        titles = {peer.name: peer.title for peer in ALL}
        self.assertEqual(all_plots(Runs([]), titles), {})
        one = all_plots(Runs([run("stock", 1, 10), run("nginx", 1, 20)]), titles)
        self.assertEqual(set(one), {"throughput.svg", "cpu.svg"})
        self.assertIn("0.50", one["throughput.svg"])


if __name__ == "__main__":
    unittest.main()
