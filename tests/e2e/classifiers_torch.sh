#!/bin/bash
# level: long
# Classifiers at their published sizes beside torchvision's: names and numbers of parameters, outputs, gradients; a verdict for each network.
. "$(dirname "$0")/lib.sh"
python_has torch torchvision || skip 'python3-torch or python3-torchvision is not here'
/usr/bin/python3 -W ignore -B "$here/../torch/classifiers.py" || fail 'networks differ'
