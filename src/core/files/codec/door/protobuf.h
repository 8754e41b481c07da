/* SPDX-License-Identifier: Apache-2.0
 * Protocol buffers, written: fields of a message, one after the other, into a buffer. */
#ifndef GANTRY_FILES_CODEC_DOOR_PROTOBUF_H
#define GANTRY_FILES_CODEC_DOOR_PROTOBUF_H

#include "base/door/file.h"

void gt_proto_number(gt_buffer *b, int field, int64_t value);
void gt_proto_float(gt_buffer *b, int field, float value);
void gt_proto_text(gt_buffer *b, int field, const char *text);
/* A message within a message; `inner` is freed. */
void gt_proto_message(gt_buffer *b, int field, gt_buffer *inner);
/* The head of such a field of n bytes, which the caller puts behind. */
void gt_proto_head(gt_buffer *b, int field, size_t n);

#endif
