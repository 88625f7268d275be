"""For tests, ours and those of people who extend the package.

Contract suites, to be subclassed with one method that says what is tested: ``task_suite.TaskSuite``,
``trunk_suite.TrunkSuite``, ``weighting_suite.WeightingSuite``. Tiny data: ``data``. Searches judged without
training: ``tables`` (published or measured subsets) and ``synthetic_tables``. Data with a known answer:
``planted``. Made-up leaderboards: ``sweeps``.
"""
