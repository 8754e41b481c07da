/* SPDX-License-Identifier: Apache-2.0
 * What features register with the core, apart from their commands: a word in a list for each. */
#include "features/list.h"

#include <stddef.h>

#include "run/door/pages.h"
#include "runner/record/door/maker.h"

/* clang-format off */
#define ROW(name) extern const gt_maker gt_maker_##name;
MAKERS(ROW)
#undef ROW
#define ROW(name) extern const gt_run_page gt_run_page_##name;
PAGES(ROW)
#undef ROW

#define ROW(name) &gt_maker_##name,
const gt_maker *const gt_makers[] = {MAKERS(ROW) NULL};
#undef ROW
#define ROW(name) &gt_run_page_##name,
const gt_run_page *const gt_run_pages[] = {PAGES(ROW) NULL};
