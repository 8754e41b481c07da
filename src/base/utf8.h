/* SPDX-License-Identifier: Apache-2.0
 * File names are bytes, but pictures, logs and HTML need UTF-8. */
#ifndef GANTRY_BASE_UTF8_H
#define GANTRY_BASE_UTF8_H

/* Every byte that is not part of a character becomes '?'. Codes that Unicode assigns to no character, ever, count as
 * damage: cairo refuses them. */
void gt_utf8_clean(char *text);

#endif
