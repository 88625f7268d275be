"""What a running sweep says of itself through Ray's metrics, and the Grafana board that shows it.

The metrics are listed once, in ``metrics``: ``search.executors`` fills them in from the driver and the
workers, ``grafana`` asks for them, and a test compares the two with what a node's port really exports. No
metric is tagged by a trial, of which there are thousands: only by sweep, arm and slot. Ray, not a server of
our own, exports them, because its ports and its list of nodes are what a cluster's Prometheus reads anyway.

Where something happens again and again (epochs, rows, asks), a counter is exported rather than a speed: what
reads it then takes its rate over whatever time it likes, and no short trial falls between two looks.
"""

from mtl_search.monitoring.grafana import board, is_board
from mtl_search.monitoring.metrics import METRICS, Metric

__all__ = ["METRICS", "Metric", "board", "is_board"]
