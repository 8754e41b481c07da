/* SPDX-License-Identifier: Apache-2.0
 * Who makes pictures again: a row for each command that writes records. */
#include <string.h>

#include "audit/pictures.h"
#include "use/generate/door/makers.h"

static const gt_maker *const makers[] = {&gt_maker_generate, &gt_maker_mix, &gt_maker_walk};

const gt_maker *audit_maker(const char *command) {
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (!strcmp(makers[i]->command, command)) return makers[i];
    return NULL;
}
