"""What is checked and set up before the first trial: the results folder and its lock, the data of a resumed
sweep, its new budget, the constraints, and what workers need (memory of a GPU, modules of the user's own).
"""
