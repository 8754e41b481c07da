/* SPDX-License-Identifier: Apache-2.0
 * The assembler reads the files (assets.h). Compiled from the top folder of the sources, as the Makefile does. */
#include "report/assets.h"

#define EMBED(name, file) \
    __asm__(".pushsection .rodata\n.global " #name "\n" #name ":\n.incbin \"" file "\"\n.byte 0\n.popsection\n")

EMBED(gt_report_css, "src/report/report.css");
EMBED(gt_report_js, "src/report/report.js");
