/* SPDX-License-Identifier: Apache-2.0
 * Lines of metric-NAME.jsonl of a run's directory, looked up. */
#ifndef RUN_METRIC_LINES_H
#define RUN_METRIC_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is there a line of this metric, of so many images and with this recipe (NULL: any)? What cannot be read has no lines.
 */
bool metric_line_is_there(const char *dir, const char *metric, int64_t images, const char *recipe);
/* The recipe of the line in which the metric's key has this value at so many images; "": unknown. */
void metric_recipe_at(const char *dir, const char *key, int64_t images, double value, char *recipe, size_t bytes);

#endif
