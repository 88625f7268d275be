"""How a budget is divided: the order of the studies (``turns``), and time (``hours``).

``afterwards`` estimates how long what follows the search takes.
"""
