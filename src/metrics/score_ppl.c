/* SPDX-License-Identifier: Apache-2.0
 * Perceptual path lengths: rows alone; use/score/path_length.h computes them. */
#include "metrics/score_list.h"

#define PPL(pattern, published, help_) \
    .name = pattern, .plain = published, .count = 50000, .network = GT_SCORE_LPIPS, .keys = {""}, .help = help_

const gt_score gt_scores_of_ppl[] = {
    {PPL("ppl#_zfull", "ppl_zfull", "Path length in Z, whole paths"), .in_z = true, .whole = true, .crop = true},
    {PPL("ppl#_wfull", "ppl_wfull", "Path length in W, whole paths"), .whole = true, .crop = true},
    {PPL("ppl#_zend", "ppl_zend", "Path length in Z, ends of paths"), .in_z = true, .crop = true},
    {PPL("ppl#_wend", "ppl_wend", "Path length in W, ends of paths"), .crop = true},
    {PPL("ppl2_#_wend", "ppl2_wend", "Path length in W, ends of paths, whole pictures")},
    {0},
};
