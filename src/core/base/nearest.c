/* SPDX-License-Identifier: Apache-2.0
 * What a mistyped name was meant to be. */
#include "base/nearest.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edit distance with swaps of neighbours (optimal string alignment), `most` where it is that or more; texts longer than
 * the table are never near. */
static int distance(const char *a, const char *b, int most) {
    enum { MOST = 40 };
    int n = (int)strnlen(a, MOST), m = (int)strnlen(b, MOST), d[MOST + 1][MOST + 1];
    if (n == MOST || m == MOST || abs(n - m) >= most) return most;
    for (int i = 0; i <= n; i++) d[i][0] = i;
    for (int j = 0; j <= m; j++) d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m] < most ? d[n][m] : most;
}

int gt_nearest_limit(const char *name) { return 2 * (int)strnlen(name, 64) / 5 + 1; }

/* "hash" for "hashes", and "maxpool" for "pool". */
static bool is_part(const char *typed, const char *name) {
    enum { LEAST = 4 };
    size_t n = strlen(typed), m = strlen(name);
    return (n >= LEAST && n < m && !strncmp(typed, name, n)) || (m >= LEAST && m < n && !strcmp(typed + n - m, name));
}

bool gt_is_nearer(const char *typed, const char *name, int *best) {
    int d = distance(typed, name, *best);
    if (d == *best && d > 1 && is_part(typed, name)) d--;
    bool nearer = d < *best;
    if (nearer) *best = d;
    return nearer;
}

bool gt_nearest_entry(const char *folder, const char *name, const char *ending, char near[GT_NAME_BYTES]) {
    int best = gt_nearest_limit(name);
    DIR *d = opendir(folder);
    *near = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name), cut = strlen(ending);
        char whole[GT_NAME_BYTES];
        if (e->d_name[0] == '.' || n <= cut || strcmp(e->d_name + n - cut, ending)) continue;
        snprintf(whole, sizeof whole, "%.*s", (int)(n - cut), e->d_name);
        if (gt_is_nearer(name, whole, &best)) snprintf(near, GT_NAME_BYTES, "%s", e->d_name);
    }
    if (d) closedir(d);
    return *near != 0;
}
