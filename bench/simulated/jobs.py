"""What the tables of simulated ranks are about: jobs, the numbers of images of a rank that are measured, batches, and clusters."""
import os

CALIBRATION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "results", "calibration.json")

JOBS = {
    "cpu": {"job": "cfg=cpu data=synth:shapes:size=64", "images": [1, 2, 4, 8], "batches": [8, 64]},
    "cifar": {"job": "cfg=cifar data=synth:shapes:size=32", "images": [1, 2, 4, 8], "batches": [64]},
    "paper256": {"job": "cfg=paper256 data=synth:shapes:size=256,n=64", "images": [1, 2, 4], "batches": [64]},
    "edm cifar10": {"job": "model=edm cfg=cifar10 data=synth:shapes:size=32,n=64", "images": [1, 2, 4], "batches": [512]},
}

# Name for bench/simulated/run, what stands in the tables and what it means, ranks on a host and on a NUMA node, bytes per second
# of a core alone and of all cores of a host.
CLUSTERS = [
    {"network": "fat-tree", "name": "fat tree", "what": "HDR InfiniBand, 2:1, 128-core nodes with a rank on each core, 64 cores a NUMA node", "ranks": 128, "near": 64, "core": 12e9, "host": 400e9},
    {"network": "fat-tree", "name": "8 a node", "what": "the same with 8 ranks on a node, 4 of them on each NUMA node", "ranks": 8, "near": 4, "core": 12e9, "host": 400e9},
    {"network": "ethernet", "name": "Ethernet", "what": "10 Gbit/s, 16-core nodes with a rank on each core, one NUMA node", "ranks": 16, "near": 16, "core": 12e9, "host": 100e9},
]
