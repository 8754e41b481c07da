/* SPDX-License-Identifier: Apache-2.0
 * The clock lives in base. */
#include "base/clock.h"
