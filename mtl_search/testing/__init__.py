"""Contract suites for those who extend the package: subclass one and say in one method what is tested.

``task_suite.TaskSuite``, ``encoder_suite.EncoderSuite``, ``trunk_suite.TrunkSuite``,
``sharing_suite.SharingSuite``, ``weighting_suite.WeightingSuite``; ``toy_networks`` is what they train.
"""
