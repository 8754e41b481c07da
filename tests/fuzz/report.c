/* SPDX-License-Identifier: Apache-2.0
 * The report of a run from elsewhere: its stats.jsonl and its job. The page is whole, and nothing in it comes from the
 * run as HTML. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "features/report/report.h"
#include "gantry/rundir.h"

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {
        ("{\"Loss/G/loss\": {\"num\": 64, \"mean\": 0.69, \"std\": 0.01}, \"Timing/sec_per_kimg\": {\"num\": 1, "
         "\"mean\": 20, \"std\": 0}, \"images\": 8, \"timestamp\": 1}\n"
         "{\"Loss/G/loss\": {\"num\": 64, \"mean\": 0.7, \"std\": 0.01}, \"x\": {\"num\": 1, \"mean\": 1e-9, \"std\": "
         "0}, \"images\": 16000, \"timestamp\": 2}\n"),
        "{\"<script>\": {\"num\": 1, \"mean\": -3e300, \"std\": null}, \"Progress/kimg\": {\"num\": 1, \"mean\": 0.5, "
        "\"std\": 0}}\n",
        "[data]\ndata = \"<script>\"\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static void run(const uint8_t *bytes, size_t n) {
    fuzz_named("stats.jsonl", bytes, n);
    fuzz_named("job.ini", bytes, n);
    char path[640];
    snprintf(path, sizeof path, "%s/page.html", fuzz_folder());
    fuzz_check(!gt_report_write(fuzz_folder(), path));
    void *page;
    size_t length;
    fuzz_check(!gt_file_read(path, 1 << 28, &page, &length));
    /* the page's own: the places of curves, if there are any, and the program */
    const char *places = strstr(page, "<script type=\"application/json\" id=\"places\">"),
               *script = strstr(places ? places + 1 : page, "<script");
    fuzz_check(length > 0 && strlen(page) == length && strstr(page, "</main></body></html>") && script &&
               !strncmp(script, "<script>\n", 9) && !strstr(script + 1, "<script"));
    free(page);
}

const fuzz_target target = {.variants = 150, .seeds = seeds, .run = run};
