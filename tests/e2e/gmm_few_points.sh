#!/bin/bash
# level: full
# A mixture of so few points that some ranks, the first among them, have none: the same bits as alone.
. "$(dirname "$0")/lib.sh"
awk 'BEGIN { srand(1); for (i = 0; i < 50; i++) print rand() "," rand() "," rand() }' >points.csv
for covariance in full tied; do
    for n in 1 3; do
        quietly ranks $n "$GANTRY" gmm fit points.csv --k=3 --restarts=2 --covariance=$covariance --outdir=$covariance$n
        quietly ranks $n "$GANTRY" gmm predict ${covariance}1/mixture.h5 points.csv --outdir=$covariance$n
    done
    same ${covariance}1/mixture.h5 ${covariance}3/mixture.h5
done
