/* SPDX-License-Identifier: Apache-2.0
 * Which commands there are, and what features register: a feature goes by deleting its folder and the words for it
 * here. */
#ifndef GANTRY_FEATURES_LIST_H
#define GANTRY_FEATURES_LIST_H

/* clang-format off */
/* In the order of `gantry --help`: headings, and the commands under them. */
#define TRAINING(X) X(start) X(train) X(run) X(submit) X(search) X(gmm)
#define USE(X) \
    X(generate) X(mix) X(walk) X(directions) X(project) \
    X(metrics) X(export) X(convert) X(reconstruct) X(latent) X(anomalies) \
    X(likelihood) X(predict) X(evaluate) X(detect)
#define DATA(X) X(dataset)
#define LOOK(X) \
    X(status) X(report) X(audit) X(card) X(compare) \
    X(inspect) X(hash) X(look) X(study) X(activations) X(gradcheck)
#define MACHINE(X) X(doctor) X(bench) X(help) X(man) X(reference) X(completion) X(version)
#define GROUPS(X) \
    X("Train", TRAINING) \
    X("Use what was trained", USE) \
    X("Data", DATA) \
    X("Look at runs and networks", LOOK) \
    X("The machine, the program", MACHINE)

/* What features register with the library (rows.c): makers of pictures of records (runner/record/door/maker.h), and
 * pages of runs (run/door/pages.h). */
#define MAKERS(X) X(generate) X(mix) X(walk)
#define PAGES(X) X(report)

#endif
