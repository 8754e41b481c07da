/* SPDX-License-Identifier: Apache-2.0
 * TensorBoard's event files: TFRecord framing (length, masked CRC-32C, data, masked CRC-32C) around protocol-buffer
 * events. The step of an event is the number of images shown. */
#ifndef FILES_TFEVENTS_H
#define FILES_TFEVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/runlog.h"
#include "run/appender.h"

/* Makes a new events file in `dir`, which tells TensorBoard to forget the events of earlier files after `images`. The
 * caller closes the file, also after an error, if the file was opened. */
gt_status tfevents_open(appender *file, const char *dir, int64_t images);
/* Afterwards the file has the whole event or nothing of it: then the event is kept, and written before the next event.
 */
gt_status tfevents_scalars(appender *file, double time, int64_t images, const gt_stat_value *values, int n);
gt_status tfevents_picture(appender *file, double time, int64_t images, const char *name, int width, int height,
                           int channels, const void *png, size_t bytes);

#endif
