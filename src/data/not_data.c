/* SPDX-License-Identifier: Apache-2.0
 * What could be opened as a dataset and is none: what runs write. And what to say of files of other kinds. */
#include "data/not_data.h"

#include "base/file.h"
#include "base/file_kind.h"

const char *gt_not_data(const char *spec) {
    gt_file_kind kind = gt_kind_of_file(spec);
    if (kind == GT_KIND_FOLDER && gt_folder_has(spec, "job.ini") && gt_folder_has(spec, "stats.jsonl"))
        return "the directory of a run, not a dataset: its pictures are grids of images";
    if (kind == GT_KIND_TORCH) return "a file of PyTorch (torch.save), not a dataset";
    return kind == GT_KIND_CHECKPOINT ? "a checkpoint of Gantry, not a dataset" : NULL;
}

const char *gt_not_data_reason(const char *spec, bool missing, const char *otherwise) {
    gt_file_kind kind = gt_kind_of_file(spec);
    if (missing && gt_is_url(spec)) return "no file here, and nothing is downloaded";
    return kind == GT_KIND_HDF5 || kind == GT_KIND_ZIP || !*gt_kind_text(kind) ? otherwise : gt_kind_text(kind);
}
