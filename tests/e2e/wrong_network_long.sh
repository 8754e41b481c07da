#!/bin/bash
# level: long
# wrong_network.sh with all networks.
TRY_ALL=1 exec bash "$(dirname "$0")/wrong_network.sh"
