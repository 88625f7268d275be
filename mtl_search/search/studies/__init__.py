"""The studies of the arms: what is trained next within one of them.

``arm_study`` turns what is open in an arm's space into a checked configuration: the members (by a grouping
strategy, see ``strategies``), the hyperparameters (by Optuna, see ``optuna_study``) and what did well in
other studies (``transfer``). ``memory`` makes the studies again from the leaderboard.

For Optuna's own tools a ``mirror`` of them is written along: a file (``journal``), or a ``database`` of the
user's, which ``connecting`` finds and ``aligning`` brings in line with the leaderboard.
"""
