/* SPDX-License-Identifier: Apache-2.0
 * Who makes pictures again: the maker of the command that a record names. */
#include <string.h>

#include "features/audit/pictures.h"

const gt_maker *audit_maker(const char *command) {
    const gt_maker *const *m = gt_makers;
    while (*m && strcmp((*m)->command, command)) m++;
    return *m;
}
