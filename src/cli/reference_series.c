/* SPDX-License-Identifier: Apache-2.0
 * gantry reference --series: the series of a run's log as a table of Markdown, for docs/reading-a-run.md. */
#include "cli/cli.h"
#include "gantry/runlog.h"

// Patterns are shown as readers write them, "Norms/?*_grad" as "Norms/*_grad".
static void put_name(const char *name, FILE *f) {
    for (; *name; name++)
        if (*name != '?') fputc(*name, f);
}

void cli_print_series(FILE *f) {
    fputs("| series | unit | meaning |\n| --- | --- | --- |\n", f);
    const gt_series *s;
    for (int i = 0; (s = gt_series_at(i)); i++) {
        if (gt_series_of(s->name) != s) continue; /* an earlier row has these */
        fputs("| `", f);
        put_name(s->name, f);
        fprintf(f, "` | %s | %s |\n", s->unit, s->help);
    }
}
