/* SPDX-License-Identifier: Apache-2.0
 * Errors as values. A function that can fail returns a gt_status (or NULL) and leaves one sentence that names
 * what failed, where, and what to do about it:
 *
 *     if (n < 1) return gt_fail(GT_USAGE, "--batch=%d: must be at least 1", n);
 *
 *     gt_status st = gt_open(path);
 *     if (st) return gt_wrap(st, "reading the job '%s'", path);   // prefixes the message
 *
 * The message belongs to the calling thread and lives until its next gt_fail(). Nothing outside src/cli calls exit().
 */
#ifndef GANTRY_STATUS_H
#define GANTRY_STATUS_H

typedef enum gt_status {
    GT_OK = 0,
    GT_FAILED, /* the environment: input or output, memory, MPI, a damaged file */
    GT_USAGE,  /* what the user asked for cannot be: an option, a job key, sizes that do not fit */
    GT_FORMAT, /* a file that is damaged or not what it claims to be */
    GT_NOMEM,
    GT_NONFINITE, /* NaN or infinity where numbers must be finite */
    GT_STOPPED,   /* ended early on request, exit status 75 */
} gt_status;

/* Set this thread's message and return `code`, so that `return gt_fail(...)` is one line. */
gt_status gt_fail(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before this thread's message and return `code`. */
gt_status gt_wrap(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* This thread's message; "" when nothing has failed. */
const char *gt_message(void);

#endif
