#!/bin/bash
# One sweep on the nodes of a Slurm allocation:
#
#   sbatch search_spaces/cluster/slurm.sh search_spaces/support2.yaml
#   mtl-search watch results/support2     # on the login node; results/ has to be on a shared file system
#
# Sent again after it was stopped (the time was up, a node was lost), it goes on where it was.
#SBATCH --job-name=mtl-search
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
# The last line: two minutes before the end the sweep is asked to stop, which keeps all that is recorded.

set -euo pipefail
sweep=${1:?usage: sbatch slurm.sh FILE [NAME]}
name=${2:-$(basename "$sweep" .yaml)}
results=results   # shared by the nodes
port=6379

# The token of this Ray, in the home directory that the nodes share; other users of a node have none.
ray get-auth-token --generate > /dev/null
export RAY_AUTH_MODE=token

# Ray's sockets need a short path, and its files a local disk.
export RAY_TMPDIR=${TMPDIR:-/tmp}

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
address=$(srun --nodes=1 --ntasks=1 -w "${nodes[0]}" hostname --ip-address | awk '{print $1}')

# `--block` keeps each step, and so its Ray, alive until the job ends.
srun --nodes=1 --ntasks=1 --overlap -w "${nodes[0]}" \
    ray start --head --node-ip-address="$address" --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
for node in "${nodes[@]:1}"; do
    srun --nodes=1 --ntasks=1 --overlap -w "$node" \
        ray start --address="$address:$port" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
done

# Nodes that are late are used as they come; only the head has to be there.
for _ in {1..60}; do
    if ray status --address="$address:$port" > /dev/null 2>&1; then break; fi
    sleep 2
done

if [ -f "$results/$name/trials.log" ]; then
    mtl-search resume "$results/$name" --address "$address:$port" &
else
    mtl-search run "$sweep" --name "$name" --results "$results" --address "$address:$port" &
fi
driver=$!
trap 'kill -TERM "$driver"' TERM
code=0
wait "$driver" || code=$?
if kill -0 "$driver" 2> /dev/null; then   # the signal has ended the first wait, not the sweep
    code=0
    wait "$driver" || code=$?
fi
exit "$code"
