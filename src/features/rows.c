/* SPDX-License-Identifier: Apache-2.0
 * What features register with the library, apart from their commands: a table for each kind of row in list.h. */
#include "features/list.h"

#include <stddef.h>

#include "data/door/source.h"
#include "metrics/door/metric_list.h"
#include "metrics/door/saved_fakes.h"
#include "networks/model/door/family.h"
#include "run/door/pages.h"
#include "runner/export/door/export.h"
#include "runner/generator/door/ensemble.h"
#include "runner/record/door/maker.h"
#include "train/door/measurer.h"

/* clang-format off */
#define FORM(name) extern const gt_export_form gt_export_form_##name;
FORMS(FORM)
#undef FORM
#define FORM(name) &gt_export_form_##name,
const gt_export_form *const gt_export_all_forms[] = {FORMS(FORM) NULL};
_Static_assert(sizeof gt_export_all_forms / sizeof *gt_export_all_forms <= GT_EXPORT_MOST_FORMS + 1,
               "a list of forms holds all of them");

#define FAMILY(name) extern const gt_family gt_family_##name;
FAMILIES(FAMILY)
#undef FAMILY
#define FAMILY(name) &gt_family_##name,
const gt_family *const gt_all_families[] = {FAMILIES(FAMILY) NULL};

#define SOURCE(name) extern const gt_source_kind gt_source_##name;
SOURCES(SOURCE)
#undef SOURCE
#define SOURCE(name) &gt_source_##name,
const gt_source_kind *const gt_source_kinds[] = {SOURCES(SOURCE) NULL};

#define METRIC(name) extern const gt_metric gt_metrics_of_##name[];
METRICS(METRIC)
#undef METRIC
#define METRIC(name) gt_metrics_of_##name,
const gt_metric *const gt_metric_files[] = {METRICS(METRIC) NULL};

#define MEASURER(name) extern const gt_measurer gt_measurer_##name;
MEASURERS(MEASURER)
#undef MEASURER
#define MEASURER(name) &gt_measurer_##name,
const gt_measurer *const gt_feature_measurers[] = {MEASURERS(MEASURER) NULL};
_Static_assert(sizeof gt_feature_measurers / sizeof *gt_feature_measurers <= GT_FEATURE_MEASURERS_MAX + 1,
               "a run has room for all measurers");

#define ROW(name, ...) ROW_##__VA_ARGS__(name)
#define GROUP(title, list) list(ROW)
#define ROW_(name)

#define ROW_MAKER(name) extern const gt_maker gt_maker_##name;
#define ROW_PAGE(name) extern const gt_run_page gt_run_page_##name;
#define ROW_SAVER(name) extern const gt_fakes_writer gt_fakes_writer_##name;
GROUPS(GROUP)
ENSEMBLES(ROW_MAKER)
#undef ROW_MAKER
#undef ROW_PAGE
#undef ROW_SAVER

#define ROW_MAKER(name) &gt_maker_##name,
#define ROW_PAGE(name)
#define ROW_SAVER(name)
const gt_maker *const gt_makers[] = {GROUPS(GROUP) ENSEMBLES(ROW_MAKER) NULL};
#undef ROW_MAKER
#undef ROW_PAGE

#define ROW_MAKER(name)
#define ROW_PAGE(name) &gt_run_page_##name,
const gt_run_page *const gt_run_pages[] = {GROUPS(GROUP) NULL};
#undef ROW_PAGE
#undef ROW_SAVER

#define ROW_PAGE(name)
#define ROW_SAVER(name) &gt_fakes_writer_##name,
const gt_fakes_writer *const gt_fakes_writers[] = {GROUPS(GROUP) NULL};

#define PICTURE(name) extern const gt_run_picture gt_run_picture_##name;
PICTURES(PICTURE)
#undef PICTURE
#define PICTURE(name) &gt_run_picture_##name,
const gt_run_picture *const gt_run_pictures[] = {PICTURES(PICTURE) NULL};

#define ENSEMBLE(name) extern const gt_ensembles gt_ensembles_##name;
ENSEMBLES(ENSEMBLE)
#undef ENSEMBLE
#define ENSEMBLE(name) &gt_ensembles_##name,
const gt_ensembles *const gt_ensembles_found[] = {ENSEMBLES(ENSEMBLE) NULL};
