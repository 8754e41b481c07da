/* SPDX-License-Identifier: Apache-2.0
 * Writes Python pickles, protocols 2 to 5, from front to back into an open file: values in the order in which Python's
 * pickletools shows them. Opcodes are those of Python's pickletools; names of modules and tensors of PyTorch are those
 * of docs/networks.md#storages-of-torch.
 *
 *     gt_pickler p;
 *     gt_pickler_begin(&p, fd, 4);
 *     gt_put_open(&p, '}');                     // {"a": 1}
 *     gt_put_text(&p, "a"); gt_put_int(&p, 1);
 *     gt_put_close(&p, 'u');
 *     int error = gt_pickler_end(&p);           // 0 or errno: the first one of all calls */
#ifndef GANTRY_FILES_CODEC_DOOR_PICKLE_WRITE_H
#define GANTRY_FILES_CODEC_DOOR_PICKLE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/door/file.h"

enum { GT_PICKLE_MOST_SHARED = 16 };

typedef struct gt_pickler {
    int fd, protocol, error;
    gt_buffer buffer;
    int n_shared; /* texts and names that were written before, by their place in the memo */
    const char *shared[GT_PICKLE_MOST_SHARED];
} gt_pickler;

/* `fd` < 0: all bytes stay in the buffer. */
void gt_pickler_begin(gt_pickler *p, int fd, int protocol);
/* The value is complete. Returns 0 or errno. Of a pickle in memory the buffer stays, to be freed. */
int gt_pickler_end(gt_pickler *p);

/* One opcode without argument: 'N' None, ')' the empty tuple, 't' a tuple of what stands behind the mark, 'R' what is
 * called with its arguments, ... */
void gt_put_op(gt_pickler *p, char op);
/* An empty dict '}' or list ']', and a mark; then come the values; then 'u' (dict) or 'e' (list) closes it. */
void gt_put_open(gt_pickler *p, char op);
void gt_put_close(gt_pickler *p, char op);
void gt_put_bool(gt_pickler *p, bool value);
void gt_put_int(gt_pickler *p, int64_t value); /* of 32 bits */
void gt_put_real(gt_pickler *p, double value);
void gt_put_text(gt_pickler *p, const char *text);
/* A text that occurs often: written once, then looked up. The text itself must live as long as the pickler. */
void gt_put_shared(gt_pickler *p, const char *text);
/* "collections OrderedDict": module and name. The text must live as long as the pickler. */
void gt_put_name(gt_pickler *p, const char *module_and_name);
void gt_put_ordered_dict(gt_pickler *p); /* an empty one: gt_put_op(p, '(') and gt_put_op(p, 'u') fill it */
void gt_put_easy_dict(gt_pickler *p);    /* the same of dnnlib.util.EasyDict, whose items are attributes, too */

/* A tensor of float32 on the CPU, row-major. */
void gt_put_tensor(gt_pickler *p, const float *data, int n_dims, const int64_t *dims);

#endif
