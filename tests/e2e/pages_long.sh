#!/bin/bash
# level: long
# The documents as a reader types them: the blocks of commands and of Python of each page in order, but for blocks that are marked <!-- not run: WHY -->. pages.sh has the quick pages.
. "$(dirname "$0")/lib.sh"
. "$here/typing.sh"
python_has torch onnx || skip 'python3-torch or python3-onnx is not here'
export anew=1
world all

case_few_pictures() { page docs/few-pictures.md; }
case_from_a_tutorial() { page docs/from-a-tutorial.md; }
case_install() { page docs/install.md; }
case_metrics() { page docs/metrics.md; }
case_models() { page docs/models.md; }
case_networks() { page docs/networks.md; }
case_parallel() { page docs/parallel.md; }
case_pictures() { page docs/pictures.md; }
case_reproducibility() { page docs/reproducibility.md; }
case_training() { page docs/training.md; }
case_autoencoders() { page docs/models/autoencoders.md; }
case_classifiers() { page docs/models/classifiers.md; }
case_dcgan() { page docs/models/dcgan.md; }
case_diffusion() { page docs/models/diffusion.md; }
case_few_steps() { page docs/models/few-steps.md; }
case_segmentation() { page docs/models/segmentation.md; }

run_cases
