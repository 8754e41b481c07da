/* SPDX-License-Identifier: Apache-2.0
 * TensorBoard's event files: TFRecord framing (length, masked CRC-32C, data, masked CRC-32C) around protocol-buffer
 * events. The file is made with the first event, so that a start without events leaves none. It begins with the job as
 * a text. */
#ifndef FILES_TFEVENTS_H
#define FILES_TFEVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/runlog.h"
#include "run/door/appender.h"

typedef struct tfevents {
    appender file; /* fd -1: not made yet */
    char *dir, *job;
    int64_t images; /* at the start */
    bool by_images; /* the step of an event is the number of images shown; else of thousands of images, rounded down */
} tfevents;

/* The file, once it is made, tells TensorBoard to forget the events of earlier files after `images`. `job` NULL: the
 * file holds no text. The caller calls tfevents_end(), also after an error. */
gt_status tfevents_open(tfevents *t, const char *dir, int64_t images, bool by_images, const char *job);
/* Afterwards the file has the whole event or nothing of it: then the event is kept, and written before the next event.
 */
gt_status tfevents_scalars(tfevents *t, double time, int64_t images, const gt_stat_value *values, int n);
gt_status tfevents_picture(tfevents *t, double time, int64_t images, const char *name, int width, int height,
                           int channels, const void *png, size_t bytes);
/* Events that could not be written so far are tried once more. */
gt_status tfevents_flush(tfevents *t);
/* `write`: events that could not be written so far are tried once more. */
void tfevents_end(tfevents *t, bool write);

#endif
