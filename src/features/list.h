/* SPDX-License-Identifier: Apache-2.0
 * Which commands there are, and what their features register: a feature goes by deleting its folder and its words here.
 * Behind the name of a command stands what its feature registers with the library, too (rows.c): MAKER, a maker of
 * pictures of records (runner/record/door/maker.h), PAGE, a page of runs (run/door/pages.h), SAVER, a writer of the
 * pictures that were scored (metrics/door/saved_fakes.h). */
#ifndef GANTRY_FEATURES_LIST_H
#define GANTRY_FEATURES_LIST_H

/* clang-format off */
/* In the order of `gantry help all`: headings, and the commands under them. */
#define TRAINING(X) X(start) X(train) X(run) X(submit) X(search) X(gmm)
#define USE(X) \
    X(generate, MAKER) X(mix, MAKER) X(walk, MAKER) X(directions) X(project, MAKER) \
    X(metrics) X(export) X(convert) X(reconstruct) X(latent) X(anomalies) \
    X(likelihood) X(predict) X(evaluate) X(detect)
#define DATA(X) X(dataset, SAVER)
#define LOOK(X) \
    X(status) X(report, PAGE) X(audit) X(card) X(compare) \
    X(inspect) X(hash) X(look) X(study) X(activations) X(gradcheck)
#define MACHINE(X) X(doctor) X(bench) X(help) X(man) X(reference) X(completion) X(version)
/* Forms of exported networks (runner/export/door/export.h) in the order of help: the core's, and onnx, a feature. */
#define FORMS(X) X(pkl) X(safetensors) X(npz) X(onnx) X(h5)
/* Families of models (networks/model/door/family.h). The first one is the default. */
#define FAMILIES(X) \
    X(stylegan2) X(dcgan) \
    X(autoencoder) X(classifier) X(edm)
/* Kinds of sources of pictures (data/door/source.h), the first that claims a source first: the core's, and features. */
#define SOURCES(X) \
    X(synth) X(lmdb) X(tfrecords) X(cifar) X(mnist) \
    X(folder) X(numpy) X(csv) X(archive) X(zip) X(picture) X(hdf5)
/* Files of metrics (metrics/door/metric_list.h), in the order of help and of the logs. */
#define METRICS(X) \
    X(spread) X(fid) X(kid) X(pr) X(is) X(ppl) X(agreement) X(authenticity) X(swd) X(fwd) \
    X(spectrum)
/* What measures runs at their ticks (train/door/measurer.h), behind the core's own. */
#define MEASURERS(X) X(scores) X(ensembles)
/* Pictures in the folders of runs, and in their reports (run/door/pages.h). */
#define PICTURES(X) X(ensembles)
/* What makes ensembles (runner/generator/door/ensemble.h), and makes them again of their records. */
#define ENSEMBLES(X) X(fields)
#define GROUPS(X) \
    X("Train", TRAINING) \
    X("Use what was trained", USE) \
    X("Data", DATA) \
    X("Look at runs and networks", LOOK) \
    X("The machine, the program", MACHINE)

#endif
