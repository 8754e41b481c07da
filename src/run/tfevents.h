/* SPDX-License-Identifier: Apache-2.0
 * TensorBoard's event files: TFRecord framing (length, masked CRC-32C, data, masked CRC-32C) around protocol-buffer
 * events. The step of an event is the number of images shown. */
#ifndef FILES_TFEVENTS_H
#define FILES_TFEVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/runlog.h"
#include "gantry/status.h"

typedef struct tfevents tfevents;

/* Makes a new events file in `dir`, which tells TensorBoard to forget the events of earlier files after `images`. NULL:
 * see gt_message(). */
tfevents *tfevents_open(const char *dir, int64_t images);
/* Afterwards the file has the whole event or nothing of it: then the event is kept, and written before the next event.
 */
gt_status tfevents_scalars(tfevents *e, double time, int64_t images, const gt_stat_value *values, int n);
gt_status tfevents_picture(tfevents *e, double time, int64_t images, const char *name, int width, int height,
                           int channels, const void *png, size_t bytes);
void tfevents_close(tfevents *e);

#endif
