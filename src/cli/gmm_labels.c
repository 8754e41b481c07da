/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: labels against components. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/gmm.h"

enum { SHOWN = 16 }; /* a larger table goes to the file alone */

static void print_table(const gt_cloud_labels *l, const int64_t *table, int k) {
    int longest = (int)strlen("label");
    for (int i = 0; i < l->classes; i++) {
        int n = (int)strlen(l->name[i]);
        longest = n > longest ? n : longest;
    }
    if (longest > 24) longest = 24;
    printf("%-*s  components\n%-*s", longest, "label", longest, "");
    for (int c = 0; c < k; c++) printf(" %7d", c);
    for (int i = 0; i < l->classes; i++) {
        printf("\n%-*.*s", longest, longest, l->name[i]);
        for (int c = 0; c < k; c++) printf(" %7lld", (long long)table[i * k + c]);
    }
    printf("\n");
}

static gt_status write_table(const char *path, const gt_cloud_labels *l, const int64_t *table, int k) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "label");
    for (int c = 0; c < k; c++) gt_buffer_printf(&b, ",component%d", c);
    for (int i = 0; i < l->classes; i++) {
        gt_buffer_printf(&b, "\n\"");
        for (const char *p = l->name[i]; *p; p++) gt_buffer_add(&b, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
        gt_buffer_printf(&b, "\"");
        for (int c = 0; c < k; c++) gt_buffer_printf(&b, ",%lld", (long long)table[(int64_t)i * k + c]);
    }
    gt_buffer_printf(&b, "\n");
    return gt_buffer_write(&b, path);
}

gt_status gmm_tell_labels(const cli_session *s, const gmm_points *p, const int32_t *components, int k,
                          const char *name) {
    gt_cloud_labels l = gt_cloud_get_labels(p->cloud);
    if (!l.classes || !components) return GT_OK;
    int64_t *table = gt_arena_array(s->arena, (size_t)l.classes * (size_t)k, sizeof *table), labelled = 0;
    if (!table) return GT_NOMEM;
    for (int64_t i = 0; i < p->info.count; i++) {
        if (l.label[i] < 0) continue;
        table[(int64_t)l.label[i] * k + components[i]]++;
        labelled++;
    }
    gt_status st = write_table(cli_out(s, name), &l, table, k);
    if (st) return st;
    if (l.classes <= SHOWN && k <= SHOWN) print_table(&l, table, k);
    printf("%s: labels of %lld points against components, adjusted Rand index %.4f\n", cli_out(s, name),
           (long long)labelled, gt_adjusted_rand_index(table, l.classes, k));
    return GT_OK;
}
