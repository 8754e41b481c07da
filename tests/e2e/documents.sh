#!/bin/bash
# level: quick
# The documents: tables are those of the results (make docs), links and anchors lead somewhere, commands exist, lines and pages are short; and each of these checks can fail.
. "$(dirname "$0")/lib.sh"
top=$(dirname "$(dirname "$here")")

# complains PATTERN COMMAND...
complains() {
    local pattern=$1
    shift
    "$@" >said 2>&1 && { cat said; fail "no complaint: $*"; }
    grep -qE -- "$pattern" said || { cat said; fail "no complaint '$pattern': $*"; }
}

case_tables() {
    "$top/bench/fill_docs" --check --gantry="$GANTRY" || fail 'tables of documents are not those of the results: make docs'
    ! "$python" -c 'import PIL' 2>/dev/null || "$python" "$top/bench/strips" --check || fail 'see above'
}

case_pages() {
    "$python" "$here/documents.py" "$top" || fail 'see above'
}

# The programs that headers show in comments compile.
case_programs_in_headers() {
    local usage="$python $here/../tools/usage.py"
    $usage "$top" "$here/../usage_names" || fail 'a program in the comment of a header does not compile'
    mkdir -p headers && cp -r "$top/src" "$top/include" headers
    sed -i 's|\*     gt_runner_close(r);|* gt_runner_close(r);|' headers/include/gantry/runner.h
    sed -i 's|\*     gt_comm \*c = gt_comm_start_all(0, &st);|*     gt_comm *c = gt_comm_start_all(\&st);|' headers/include/gantry/dist.h
    complains 'include/gantry/dist.h:6:.*gt_comm_start_all' $usage headers "$here/../usage_names"
    grep -q 'include/gantry/runner.h:[0-9]*: a line of words right behind a program' said || { cat said; fail 'a line that was torn out of a program'; }
}

case_commands() {
    "$python" "$here/documented.py" "$GANTRY" "$top" || fail 'what is documented does not exist'
}

# The owners of properties are there, with their cases.
case_properties() {
    local property what owner file files count=0
    while read -r property what owner; do
        [[ -n $property && $property != '#'* ]] || continue
        count=$((count + 1))
        files=()
        for file in "$here/${owner%%:*}.sh" "$here/../unit/test_${owner%%:*}.c"; do [ ! -e "$file" ] || files+=("$file"); done
        [ "${#files[@]}" -gt 0 ] || fail "tests/properties: $property of $what: no test ${owner%%:*}"
        [[ $owner != *:* ]] || grep -qE "^(begins |case_)${owner#*:}\\b|cmocka_unit_test\\(${owner#*:}\\)" "${files[@]}" || fail "tests/properties: $property of $what: no case $owner"
    done <"${1:-$here/../properties}"
    [ "$count" -gt 0 ] || fail 'tests/properties has no rows'
}

# The program that measures how long training takes understands what the dry run says, and does not measure twice.
case_time_table() {
    quietly "$top/bench/time_table" --gantry="$GANTRY" --rows=tiny --cores=1 --out=time
    grep -qE '^\| 16 \| tiny \| 32 \| [0-9.]+ \| [0-9.]+ \| [0-9.]+ \| [1-9][0-9]* \| [1-9][0-9]* \|$' said || { cat said; fail 'no row of the table'; }
    expect 0 '^\| 16 \| tiny' "$top/bench/time_table" --gantry="$tmp/nowhere" --rows=tiny --cores=1 --out=time
}

case_each_check_can_fail() {
    local page="$python $here/documents.py $tmp"
    echo 'exact gan resume:no_such_case' >rows
    (case_properties rows) >said && fail 'a case that is not there owns a property'
    grep -q 'no case resume:no_such_case' said || { cat said; fail 'the case that is missing is not told'; }
    printf '# A page\n\n[one](no.md) and [two](#no-heading) ![three](no.png)\n' >links.md
    complains 'links.md:3: dead link: no.md' $page links.md
    complains 'links.md:3: dead link: no.png' $page links.md
    complains 'links.md:3: no such heading: #no-heading' $page links.md
    printf '# A page: "quoted", `code`\n\n[one](#a-page-quoted-code)\n' >links.md
    $page links.md || fail 'a link that is right'
    { echo && yes 'a word' | head -30 | tr '\n' ' ' && echo; } >wide.md
    complains 'wide.md:2: 210 columns, more than 120' $page wide.md
    mkdir -p docs && yes '' | head -300 | sed '$s/$/x/' >docs/long.md
    complains 'docs/long.md has 300 lines' $page docs/long.md
    { yes 'words and words' | head -151; yes 'five words in a line' | head -300; } >README.md
    complains 'README.md has 451 lines, more than 150' $page README.md
    complains 'README.md has 1953 words, more than 1500' $page README.md

    printf '| `the frobnicator is out of order` | no | no |\n' >troubleshooting.md
    complains "troubleshooting.md:1: the program does not say 'the frobnicator is out of order'" $page troubleshooting.md

    mkdir copy && cp -r "$top/src" "$top/include" "$top/docs" "$top/CITATION.cff" "$top/CHANGELOG.md" copy && sed -i 's/{"collapse"/{"implosion"/' copy/src/core/train/ticks/warnings.c
    complains 'the warning implosion is not explained' "$python" "$here/documents.py" "$tmp/copy" docs/reading-a-run.md
    grep -q 'there is no warning collapse' said || { cat said; fail 'a warning that is gone'; }
    mkdir copy/bench copy/tests
    printf '/* As docs/no.md says, docs/mathematics/edm.md#loss,\n * #no-heading and spec\n * 1.4 have it. */\n' >copy/bench/planted.c
    complains 'bench/planted.c:1: there is no docs/no.md' "$python" "$here/documents.py" "$tmp/copy" docs/reading-a-run.md
    grep -q 'bench/planted.c:1: docs/mathematics/edm.md has no heading #no-heading' said || { cat said; fail 'a heading that is not there'; }
    grep -q 'bench/planted.c:2: a document that is not here: spec 1.4' said || { cat said; fail 'a document that is not here'; }

    printf '<!-- not run: why -->\n```\nx = 1\n```\n<!-- not run, nowhere: why -->\n```\ngantry train\n```\n<!-- not run -->\n```\ngantry train\n```\n' >marks.md
    complains 'marks.md:1: a mark above a block without commands' $page marks.md
    grep -q 'marks.md:5: no line of the block has the word nowhere' said && grep -q 'marks.md:9: a mark without a reason' said || { cat said; fail 'a mark that is wrong'; }
    printf 'Type this:\n\n    gantry version\n' >bare.md
    complains 'bare.md:3: a command without ```' $page bare.md
    mkdir copy/tests/e2e && cp "$here"/pages*.sh "$here/readme.sh" copy/tests/e2e
    printf '\n```\n$ gantry version\ngantry 1.0.0\n```\n' | tee -a copy/docs/glossary.md >>copy/docs/metrics.md
    complains 'docs/glossary.md: 1 blocks of commands, and neither pages.sh' "$python" "$here/documents.py" "$tmp/copy" docs/glossary.md docs/metrics.md
    ! grep -q 'docs/metrics.md: ' said || { cat said; fail 'a page that pages_long.sh runs'; }
    "$python" -B "$here/documents.py" "$tmp" --blocks=copy/docs/glossary.md typed && [ "$(cat typed/*)" = 'gantry version' ] || fail 'what a block prints is typed'

    printf '```\nbuild/gantry trian --data=x\nbuild/gantry train --dta=x\nmake cofee\n```\n' >commands.md
    complains 'there is no gantry trian' "$python" "$here/documented.py" "$GANTRY" "$top" "$tmp/commands.md"
    grep -q 'gantry train has no option --dta' said && grep -q 'make has no target cofee' said || { cat said; fail 'an option or a target that is not there passes'; }

    cp "$top/docs/time-and-memory.md" stale.md
    sed -i 's/^| 64 | `auto` |/| 65 | `auto` |/' stale.md
    complains 'stale.md is stale' "$top/bench/fill_docs" --check --gantry="$GANTRY" "$tmp/stale.md"
    printf '<!-- time.cpu: size rate1: 33 -->\n<!-- end of time.cpu -->\n' >rows.md
    complains 'the table cpu has 0 rows that begin with 33' "$top/bench/fill_docs" --check --gantry="$GANTRY" "$tmp/rows.md"
    printf '<!-- time.cpu: size batch: 64; 32 | 8 -->\n| pixels a side | batch |\n| --- | --- |\n| 64 | 8 |\n| 32 | 8 |\n<!-- end of time.cpu -->\n' >rows.md
    "$top/bench/fill_docs" --check --gantry="$GANTRY" "$tmp/rows.md" || fail 'chosen rows, in the order that is asked for'
    mkdir charts && cp -r "$top/bench" "$top/docs" "$top/README.md" charts && sed -i 's/hours, one core/days, one core/' charts/docs/images/hours.svg
    complains 'docs/images/hours.svg is stale' charts/bench/fill_docs --check --gantry="$GANTRY"
    printf '<!-- nothing -->\nx\n<!-- end of nothing -->\n' >unknown.md
    complains 'there is no bench/results/nothing.json' "$top/bench/fill_docs" --check --gantry="$GANTRY" "$tmp/unknown.md"
}

run_cases
