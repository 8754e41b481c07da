/* SPDX-License-Identifier: Apache-2.0
 * What control groups grant (machine.h). A limit of a group holds for all groups in it, so all groups from the
 * process's own up to the root are looked at. There are two hierarchies: the newer has all controllers in one folder,
 * the older a folder for each. In a container the folder may begin with the container's own group: then the names above
 * are missing, and what is there counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/machine.h"

enum { PATH_BYTES = 4096 };

/* The number in the first line of a file of a group; false: there is none, or the word "max". */
static bool number_in(const char *group, const char *name, double *number, double *second) {
    char path[PATH_BYTES + 64], line[128];
    snprintf(path, sizeof path, "%s/%s", group, name);
    return gt_line_of(path, "", line, sizeof line) && sscanf(line, "%lf %lf", number, second) >= 1 &&
           *number >= 0; /* -1: no limit, in the older hierarchy */
}

static void take_quota(gt_machine *m, double cores) {
    if (cores > 0 && (m->quota <= 0 || cores < m->quota)) m->quota = cores;
}

static void take_memory(gt_machine *m, double most, double used) {
    if (most >= (double)m->memory) return;
    m->memory = (size_t)most;
    double left = most > used ? most - used : 0;
    if (left < (double)m->available) m->available = (size_t)left;
}

static void look_at_group(gt_machine *m, const char *group) {
    double most, used = 0, period = 0;
    if (number_in(group, "cpu.max", &most, &period) && period > 0) take_quota(m, most / period);
    if (number_in(group, "cpu.cfs_quota_us", &most, &used) && number_in(group, "cpu.cfs_period_us", &period, &used) &&
        period > 0)
        take_quota(m, most / period);
    static const char *const memory[][2] = {{"memory.max", "memory.current"},
                                            {"memory.limit_in_bytes", "memory.usage_in_bytes"}};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        used = 0;
        if (!number_in(group, memory[i][0], &most, &period)) continue;
        number_in(group, memory[i][1], &used, &period);
        take_memory(m, most, used);
    }
}

static void look_up_from(gt_machine *m, const char *root, const char *group) {
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s%s", root, group);
    for (size_t least = strlen(root); n > 0 && n < (int)sizeof path;) {
        look_at_group(m, path);
        char *slash = strrchr(path, '/');
        if (!slash || (size_t)(slash - path) < least || strlen(path) <= least) return;
        *slash = 0;
    }
}

/* "4:memory:/jobs/7" of the older hierarchy, "0::/jobs/7" of the newer one. */
static void take_line(gt_machine *m, const char *root, char *line) {
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    char folder[PATH_BYTES];
    if (!group) return;
    *controllers++ = *group++ = 0;
    group[strcspn(group, "\n")] = 0;
    if (!*controllers) {
        look_up_from(m, root, group);
        snprintf(folder, sizeof folder, "%s/unified", root); /* where both are there */
    } else {
        snprintf(folder, sizeof folder, "%s/%s", root, controllers);
    }
    look_up_from(m, folder, group);
}

void gt_machine_limits(gt_machine *m, const char *groups, const char *root) {
    char line[PATH_BYTES];
    FILE *f = fopen(groups, "re");
    while (f && fgets(line, sizeof line, f)) take_line(m, root, line);
    if (f) fclose(f);
    else look_at_group(m, root);
}
