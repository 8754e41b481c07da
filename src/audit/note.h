/* SPDX-License-Identifier: Apache-2.0
 * RUN/audit.json: what an audit has found, for the model card (gantry/card.h). */
#ifndef AUDIT_NOTE_H
#define AUDIT_NOTE_H

#include "gantry/status.h"

#define GT_AUDIT_NOTE "audit.json"

/* Writes {"line": `line`, "hashes": [...]} into the run's folder, in place of what an earlier audit has left there.
 * `file`: paths of the n checkpoints and networks that the audit has found to be the run's; their hashes are those of
 * gantry/contents.h. Main thread; gt_h5_check() comes before. */
gt_status gt_audit_note(const char *run, const char *line, const char *const *file, int n);

#endif
