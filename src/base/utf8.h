/* SPDX-License-Identifier: Apache-2.0
 * Names of files are bytes; what draws or writes them wants UTF-8. */
#ifndef GANTRY_BASE_UTF8_H
#define GANTRY_BASE_UTF8_H

/* Every byte that is not part of a character becomes '?'. Codes that Unicode keeps for no character are none either:
 * cairo does not take them. */
void gt_utf8_clean(char *text);

#endif
