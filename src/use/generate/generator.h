/* SPDX-License-Identifier: Apache-2.0
 * The generator of a model that is open already. */
#ifndef GANTRY_USE_GENERATE_GENERATOR_H
#define GANTRY_USE_GENERATE_GENERATOR_H

#include "gantry/generate.h"
#include "gantry/trained.h"

/* As gt_generator_open(), with the parameters of `t`, which stays the caller's and must outlive the generator. */
gt_generator *gt_generator_of(const gt_trained *t, const gt_generator_options *options);

#endif
