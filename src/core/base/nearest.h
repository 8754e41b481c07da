/* SPDX-License-Identifier: Apache-2.0
 * What a mistyped name was meant to be:
 *
 *     int best = gt_nearest_limit(typed);
 *     for (...) if (gt_is_nearer(typed, name[i], &best)) near = name[i]; */
#ifndef GANTRY_BASE_NEAREST_H
#define GANTRY_BASE_NEAREST_H

#include <stdbool.h>

#include "gantry/file.h"

/* How many letters of a name may be wrong, and one more: where more than two in five are, nobody knows what was
 * meant. */
int gt_nearest_limit(const char *name);
/* Is the name nearer to what was typed than *best, which then becomes its distance? What begins a name, and what ends
 * with one, is just near enough. */
bool gt_is_nearer(const char *typed, const char *name, int *best);

#endif
