/* SPDX-License-Identifier: Apache-2.0
 * What a run is called when it stands beside others. */
#ifndef GANTRY_FILES_COMPARE_NAME_H
#define GANTRY_FILES_COMPARE_NAME_H

typedef struct gt_run_name { /* the last part of a path, slashes at the end aside; points into the path */
    const char *text;
    int length;
} gt_run_name;

static inline gt_run_name gt_compare_name(const char *dir) {
    int end = 0, begin;
    while (dir[end]) end++;
    while (end > 1 && dir[end - 1] == '/') end--;
    for (begin = end; begin > 0 && dir[begin - 1] != '/';) begin--;
    return (gt_run_name){dir + begin, end - begin};
}

#endif
