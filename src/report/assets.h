/* SPDX-License-Identifier: Apache-2.0
 * Files that the program carries within itself: what report.css and report.js say, each with a zero behind. */
#ifndef GANTRY_REPORT_ASSETS_H
#define GANTRY_REPORT_ASSETS_H

extern const char gt_report_css[], gt_report_js[];

#endif
