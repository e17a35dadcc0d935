"""The statistics."""

import unittest

from harness.figures import Runs, Spread, median, per_second, percentile, server_cpu_us


def run(peer: str, number: int, operations: int, *, scenario: str = "hot", cpu: float = 1,
        errors: int = 0, books: str = "right", latency: dict | None = None) -> dict:
    """A run of one second."""
    return {"peer": peer, "scenario": scenario, "round": number, "operations": operations,
            "seconds": 1.0, "server_cpu_us": cpu, "client_cpu_us": 0, "errors": errors,
            "books": books, "latency_us": latency or {}}


class MedianTests(unittest.TestCase):
    def test_middle_of_odd_counts(self) -> None:
        self.assertEqual(median([9, 1, 5]), 5)

    def test_mean_of_the_two_in_the_middle(self) -> None:
        self.assertEqual(median([1, 100, 3, 4]), 3.5)

    def test_nothing_has_no_median(self) -> None:
        with self.assertRaises(ValueError):
            median([])
        self.assertIsNone(Spread.of([]))

    def test_spread(self) -> None:
        self.assertEqual(Spread.of([2, 8, 4]), Spread(4, 2, 8, 3))


class RatioTests(unittest.TestCase):
    def test_pairs_are_of_the_same_round(self) -> None:
        # The machine was three times as slow in round 2: the ratio must not see that.
        runs = Runs([run("stock", 1, 90), run("nginx", 1, 100),
                     run("nginx", 2, 33), run("stock", 2, 30), run("stock", 3, 50)])
        found = runs.ratio(("stock", "hot"), ("nginx", "hot"), per_second)
        self.assertEqual(found.rounds, 2)
        self.assertAlmostEqual(found.lowest, 0.9)
        self.assertAlmostEqual(found.highest, 30 / 33)

    def test_the_median_of_ratios_is_not_the_ratio_of_medians(self) -> None:
        runs = Runs([run("stock", 1, 10), run("nginx", 1, 10), run("stock", 2, 40),
                     run("nginx", 2, 20), run("stock", 3, 30), run("nginx", 3, 10)])
        self.assertEqual(runs.ratio(("stock", "hot"), ("nginx", "hot"), per_second).median, 2)

    def test_no_pair_no_ratio(self) -> None:
        runs = Runs([run("stock", 1, 10), run("nginx", 2, 10)])
        self.assertIsNone(runs.ratio(("stock", "hot"), ("nginx", "hot"), per_second))

    def test_what_a_run_does_not_say_is_left_out(self) -> None:
        runs = Runs([run("stock", 1, 1, cpu=12), run("nginx", 1, 1, cpu=0),
                     run("stock", 1, 1, scenario="open", latency={"p99": 5})])
        self.assertIsNone(runs.ratio(("stock", "hot"), ("nginx", "hot"), server_cpu_us))
        self.assertEqual(runs.spread("stock", "open", percentile("p99")).median, 5)
        self.assertIsNone(runs.spread("stock", "open", percentile("p50")))


class MarkTests(unittest.TestCase):
    def test_errors_of_all_rounds_are_counted(self) -> None:
        runs = Runs([run("stock", 1, 1, errors=2), run("stock", 2, 1, errors=3)])
        self.assertEqual(runs.errors("stock", "hot"), 5)

    def test_wrong_books_are_not_outvoted(self) -> None:
        runs = Runs([run("stock", 1, 1), run("stock", 2, 1, books="wrong: x"), run("stock", 3, 1)])
        self.assertEqual(runs.books("stock", "hot"), "wrong: x")


if __name__ == "__main__":
    unittest.main()
