#!/bin/bash
# level: long
# Classifiers at their published sizes beside torchvision's: names and numbers of parameters, outputs, gradients; a verdict for each network.
. "$(dirname "$0")/lib.sh"
/usr/bin/python3 -c 'import torch, torchvision' 2>/dev/null || skip 'python3-torch or python3-torchvision is not here'
/usr/bin/python3 -W ignore -B "$here/../torch/classifiers.py" || fail 'networks differ'
