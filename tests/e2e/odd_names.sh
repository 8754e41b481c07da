#!/bin/bash
# level: full
# Names as people have them - hidden files, odd endings, links, backslashes, other encodings, levels of folders, numbers - in folders and all archives:
# what is read, left out and said (odd_names.py).
. "$(dirname "$0")/lib.sh"
need xz 'archives of tests'
need zstd 'archives of tests'
case_passed_over() { "$python" "$here/odd_names.py" passed_over || fail "see above"; }
case_levels() { "$python" "$here/odd_names.py" levels || fail "see above"; }
case_encodings() { "$python" "$here/odd_names.py" encodings || fail "see above"; }
case_links() { "$python" "$here/odd_names.py" links || fail "see above"; }
case_what_it_is() { "$python" "$here/odd_names.py" what_it_is || fail "see above"; }
case_classes() { "$python" "$here/odd_names.py" classes || fail "see above"; }
run_cases
