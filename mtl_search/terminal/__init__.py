"""What the terminal shows: the check of a sweep, its live view, its leaders.

Functions here turn specs, snapshots and tables into rich's renderables; deciding what to show is theirs,
deciding what is true is not. ``leaders`` reads tables alone and so starts fast, without torch or Ray.
"""
