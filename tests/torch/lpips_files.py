# SPDX-License-Identifier: Apache-2.0
"""Files as users of LPIPS have them, with weights by formula: lpips_files.py SEED VGG.pth CHANNELS.pth. VGG.pth is torchvision's state dict without the fully
connected layers, which LPIPS does not use."""
import sys

import torch

from project import Lpips

l = Lpips(int(sys.argv[1]), torch.float32)
torch.save({'features.%d.%s' % (i, n): t for i, (w, b) in l.convs.items() for n, t in (('weight', w), ('bias', b))}, sys.argv[2])
torch.save({'lin%d.model.1.weight' % i: w for i, w in enumerate(l.lin)}, sys.argv[3])
