"""The forecast: how many trials a sweep trains, and how long that takes.

``counts`` holds such numbers, ``planned`` has them before anything is trained.
"""
