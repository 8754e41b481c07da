/* SPDX-License-Identifier: Apache-2.0
 * The commands. A feature goes by deleting its folder and its word here (and in rows.c, where it has one). */
#ifndef GANTRY_CLI_COMMAND_LIST_H
#define GANTRY_CLI_COMMAND_LIST_H

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

#endif
