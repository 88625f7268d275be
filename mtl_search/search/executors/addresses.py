"""Which Ray a sweep runs on, checked before Ray itself is asked, which may hang for many minutes."""

import os
import re
import socket

from mtl_search.errors import ResourceError

__all__ = ["DASHBOARD", "LOCAL", "chosen_address", "dashboard_url", "refusal"]

LOCAL = "local"  # Ray's word for one of its own, whatever else runs on this machine
AUTO = "auto"  # and for the one that was started here with ray start
WAIT = 5.0  # seconds for a port to answer
FROM_ELSEWHERE = (
    "Ray's client cannot run Tune: from outside of the cluster, mtl-search submit FILE --address "
    "http://HOST:8265 has the sweep run there"
)
DASHBOARD = "http://HOST:8265 of a cluster's dashboard (ray start --head prints it)"
HOST_PORT = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):(?P<port>\d{1,5})")


def chosen_address(given: str | None) -> str:
    """The address for Ray: ``given``, else ``RAY_ADDRESS``, else a Ray of our own.

    ResourceError if that is no address, or nothing answers there.
    """
    place, address = ("--address", given) if given else ("RAY_ADDRESS", os.environ.get("RAY_ADDRESS"))
    if not address:
        return LOCAL
    if address == LOCAL:
        return address
    if address == AUTO:
        address = found_here(place)
    wanted = "HOST:PORT of a cluster's head node (ray start --head prints it), or auto for the one here"
    if (found := _host_and_port(address)) is None:
        remote = address.startswith(("ray://", "http://", "https://"))
        raise ResourceError(place, wanted, repr(address), FROM_ELSEWHERE if remote else None)
    try:
        socket.create_connection(found, WAIT).close()
    except OSError as error:
        raise ResourceError(place, "a running Ray cluster", f"nobody at {address} ({error})") from error
    if not _speaks_grpc(address):
        raise ResourceError(place, "a running Ray cluster", f"something else at {address}")
    return address


def dashboard_url(address: str) -> str:
    """Where a cluster's dashboard is, of ``HOST:PORT`` or a URL of nothing else; ResourceError for others."""
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "http", "https") or _host_and_port(rest := rest.removesuffix("/")) is None:
        raise ResourceError("--address", DASHBOARD, repr(address))
    return f"{scheme or 'http'}://{rest}"


def _host_and_port(text: str) -> tuple[str, int] | None:
    """The parts of ``HOST:PORT``, None if it is something else."""
    match = HOST_PORT.fullmatch(text)
    if match is None or not 0 < (port := int(match["port"])) < 65536:
        return None
    return match["host"].strip("[]"), port


def found_here(place: str) -> str:
    """The address of the cluster on this machine: Ray finds also one that is gone."""
    from ray._private.services import get_ray_address_from_environment

    try:
        return str(get_ray_address_from_environment(AUTO, None))
    except ConnectionError as error:
        raise ResourceError(place, "a Ray cluster on this machine", "none", "ray start --head") from error


def _speaks_grpc(address: str) -> bool:
    """Whether what listens there may be Ray's head node, whose protocol is gRPC; one with TLS is believed."""
    if os.environ.get("RAY_USE_TLS", "0") != "0":
        return True
    import grpc

    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=2 * WAIT)
        except grpc.FutureTimeoutError:
            return False
    return True


def refusal(address: str, error: Exception) -> ResourceError:
    """The one message for whatever Ray raised when it was to start, or to join the cluster at ``address``."""
    said = " ".join(str(error).split())[:500] or type(error).__name__
    hint: str | None = None
    if address == LOCAL:
        hint = "Ray keeps its files below RAY_TMPDIR (a short path) and HOME; --inline needs no Ray"
        return ResourceError("Ray", "one that starts on this machine", said, hint)
    if re.search(r"auth|token", said, re.IGNORECASE):
        hint = "give the cluster's token in RAY_AUTH_TOKEN, or have its ~/.ray/auth_token here"
    elif "ersion" in said:
        hint = "install the cluster's versions of Ray and Python here"
    return ResourceError("--address", f"a Ray cluster that can be joined at {address}", said, hint)
