# level: long
# links.sh at the default limit of heartbeats, without grace.
LIMIT=60 GRACE=0 exec bash "$(dirname "$0")/links.sh"
