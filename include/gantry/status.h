/* SPDX-License-Identifier: Apache-2.0
 * Errors as values. A function that can fail returns a gt_status (or NULL) and leaves one sentence that names
 * what failed, where, and what to do about it:
 *
 *     if (n < 1) return gt_fail(GT_USAGE, "--batch=%d: must be at least 1", n);
 *
 *     gt_status st = gt_open(path);
 *     if (st) return gt_wrap(st, "reading the job '%s'", path);   // prefixes the message
 *
 * The message belongs to the calling thread and lives until its next gt_fail(). No function calls exit() or abort(),
 * and none handles signals unless the program asks for it (stop.h, program.h). The process ends without a return only
 * where a rank cannot return while others wait (MPI_Abort), and where the program has allowed it (gt_comm_end_by,
 * dist.h).
 *
 * Which code? One question decides, in all commands: what must change before the same work succeeds?
 *     the words        GT_USAGE, exit status 2: an unknown option or key, options that exclude each other, a job file
 *                      that is not there, other options than those of the run that is resumed, a size or a model that
 *                      the command cannot take, a metric that does not exist.
 *     the world        all others, exit status 1: data, a run or a network that is not there, a damaged file, a file of
 *                      another kind than its place asks for (which damage cannot be told from), memory, a full disk.
 *     nothing but time GT_STOPPED, exit status 75: the same command resumes.
 *     the place        GT_UNDECIDED, exit status 3, of `gantry audit`: nothing differs as far as it can be seen here.
 * What is wrong in a file that nobody typed, such as the recipe in a checkpoint, is GT_FORMAT.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_STATUS_H
#define GANTRY_STATUS_H

typedef enum gt_status {
    GT_OK = 0,
    GT_FAILED, /* the environment: input or output, memory, MPI, a damaged file */
    GT_USAGE,  /* what the user asked for is impossible: an option, a job key, sizes that do not fit */
    GT_FORMAT, /* a file that is damaged or not what it claims to be */
    GT_NOMEM,
    GT_NONFINITE, /* NaN or infinity where numbers must be finite */
    GT_STOPPED,   /* ended early on request, exit status 75 */
    GT_UNDECIDED, /* what was asked cannot be found out here, exit status 3 */
} gt_status;

/* Set this thread's message and return `code`, so that `return gt_fail(...)` is one line. */
gt_status gt_fail(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before this thread's message, unless it begins so already, and return `code`. */
gt_status gt_wrap(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The code of this thread's message, for those who call what returns NULL; GT_FAILED when nothing has failed. */
gt_status gt_failure(void);

/* This thread's message; "" when nothing has failed. */
const char *gt_message(void);

#endif
