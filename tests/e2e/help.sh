#!/bin/bash
# level: full
# gantry help, the manual pages as groff reads them, and what bash and zsh complete. tests/unit/test_help.c looks at the texts themselves.
. "$(dirname "$0")/lib.sh"

case_help_of_keys() {
    expect 0 '^gantry gmm --iterations=N$' "$GANTRY" help iterations
    expect 0 '^gantry train --seed=N$' "$GANTRY" help seed
    for c in gmm project metrics dataset; do has_line "^gantry .*\b$c\b.* --seed=N\$" said || { cat said; fail "--seed of $c is not explained"; }; done
    expect 0 '^  Models: dcgan\.$' "$GANTRY" help --smoothing
    expect 0 '^  Models: stylegan2\.$' "$GANTRY" help freezed
    expect 0 'autoencoder \(ae, vae, cvae' "$GANTRY" help kl_warmup # as other programs spell it
    expect 2 "'gama' is neither a command nor an option; did you mean gamma\?" "$GANTRY" help gama
    expect 2 "'trian' is .*; did you mean train\?" "$GANTRY" help trian
    expect 2 'neither a command nor an option' "$GANTRY" help data-height # found in the data
}
case_help_of_commands() {
    "$GANTRY" help all >one
    has_line '^  gradcheck ' one || fail 'gantry help all does not show all'
    expect 2 '^  start ' "$GANTRY"
    local ask
    for ask in help --help -h; do
        expect 0 'gantry help all: all commands' "$GANTRY" $ask
        ! has_line '^  gradcheck ' said || fail "gantry $ask shows more than a beginner needs"
    done
    "$GANTRY" generate --help >one
    "$GANTRY" help generate >two
    cmp one two || fail 'gantry help generate is not gantry generate --help'
    local c
    for c in $("$GANTRY" completion words); do expect 0 "^usage: gantry $c" "$GANTRY" "$c" --help; done
    for c in version man reference help completion; do [ "$("$GANTRY" $c --help | wc -l)" -lt 40 ] || fail "gantry $c --help prints what gantry $c prints"; done
    expect 0 '^  --smoothing=NAME ' "$GANTRY" train --model=dcgan --help
    printf 'model = cvae\n' >job.ini
    expect 0 '^  --beta=X ' "$GANTRY" train job.ini --help
    expect 0 '^gantry [0-9]' "$GANTRY" -V
}
case_words() {
    local word wanted
    while IFS='|' read -r word wanted; do
        [ -n "$word" ] || continue
        # shellcheck disable=SC2086
        "$GANTRY" help $word >said 2>&1 || { cat said; fail "gantry help $word leads nowhere"; }
        tr -s ' \n' ' ' <said | grep -qF -- "$(echo $wanted)" || { cat said; fail "gantry help $word does not lead to $wanted"; }
        [ "$(wc -L <said)" -le 80 ] || { cat said; fail "gantry help $word has long lines"; }
        # command, page, option, in that order
        [[ "$(grep -oE '^(Words|Commands|Pages|Options|Examples)( |$)' said | tr -d ' \n')" =~ ^(Words)?(Commands)?(Pages)?(Options)?(Examples)?$ ]] || { cat said; fail "gantry help $word: sections in another order"; }
    done < <(grep -v '^#' "$here/../words")
    expect 0 '^gantry gmm --film=PATH' "$GANTRY" help film # the option, too
    expect 2 "'qqqq zzzz' is neither a command nor an option; gantry help all lists the commands$" "$GANTRY" help qqqq zzzz
}
case_names_of_other_programs() {
    expect 2 "unknown command 'projector'; in Gantry it is project" "$GANTRY" projector
    expect 2 'unknown option --lr; in Gantry it is --lrate' "$GANTRY" train --data=synth:shapes --lr=0.1
    expect 2 'unknown option --learning-rate; in Gantry it is --lrate' "$GANTRY" train --data=synth:shapes --learning-rate=0.1
    expect 2 'unknown option --truncation-psi; in Gantry it is --trunc' "$GANTRY" generate net.h5 --truncation-psi=0.7
}
case_manual_pages() {
    need groff 'renders manual pages'
    local c
    for c in '' $("$GANTRY" completion words); do
        # shellcheck disable=SC2086
        "$GANTRY" man $c >page.1 || fail "gantry man $c"
        LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -P-cbou -rLL=100n page.1 >page.txt 2>warnings || fail "groff: gantry man $c"
        [ ! -s warnings ] || { head -n 5 warnings; fail "warnings of groff: gantry man $c"; }
        grep -q 'EXIT STATUS' page.txt || fail "gantry man $c shows nothing"
    done
    "$GANTRY" man train | groff -man -Tascii -P-cbou >page.txt
    has_line '^ *--kimg=THOUSANDS$' page.txt || fail 'an option without its placeholder'
    has_line 'DCGAN and its tricks$' page.txt || fail 'the families have no headings'
}
# On a terminal the page is shown by man(1), where there is one, else as --help; never as roff.
case_manual_on_a_terminal() {
    need_python
    mkdir bin
    printf '#!/bin/sh\n[ "$1 $2" = "-l -" ] && grep -c "^.TH GANTRY" | sed s/^/pages:/\n' >bin/man && chmod +x bin/man
    shown() { "$python" -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$@" </dev/null >said 2>&1 || { cat said; fail "$*"; }; }
    PATH=$tmp/bin:$PATH shown "$GANTRY" man train
    has_line 'pages:1' said && ! has_line '^\.TH' said || { cat said; fail 'man does not show the page'; }
    printf '#!/bin/sh\nexit 1\n' >bin/man
    PATH=$tmp/bin:$PATH shown "$GANTRY" man train
    has_line '^usage: gantry train' said && ! has_line '^\.TH' said || { cat said; fail 'no help where man fails'; }
}
# completes WANTED WORD...: the last word is the one that is typed, and WANTED must be among what is offered.
completes() {
    local wanted=$1
    shift
    COMP_WORDS=(gantry "$@") COMP_CWORD=$#
    _gantry
    [[ " ${COMPREPLY[*]} " == *" $wanted "* ]] || fail "'$*' is not completed to '$wanted': ${COMPREPLY[*]}"
}
case_bash() {
    "$GANTRY" completion bash >script
    bash -n script || fail 'bash does not read the script'
    . ./script
    : >pictures.zip
    mkdir runs
    completes train tr
    completes --kimg= train --ki
    completes --mirror train --mir
    completes ada train --aug = ad      # as bash splits words
    completes --aug=ada train --aug=ad  # unless it does not split at =
    completes dcgan train --model = ''
    completes dcgan train --model =
    completes fixed train --aug fi
    completes pictures.zip train --data = pic
    completes pictures.zip inspect pic
    completes runs generate ru
    completes clipart64 generate clip
    completes clipart64 train --resume = clip
    completes --resume=clipart64 train --resume=clip
    COMP_WORDS=(gantry dataset clip); COMP_CWORD=2; _gantry
    [ "${#COMPREPLY[@]}" = 0 ] || fail 'a network is offered as a dataset'
    completes --launcher= run --lau
    completes train run -n 2 tra
    completes --kimg= run -n 2 train --kim
    completes --kimg= gradcheck --kim
    completes --elements= gradcheck --ele
    completes generate help gen
    COMP_WORDS=(gantry generate --help ''); COMP_CWORD=2 COMP_WORDS[2]=--; _gantry
    [ "${#COMPREPLY[@]}" -gt 15 ] || fail 'not all options are offered'
}
case_zsh() {
    need zsh 'reads the script'
    "$GANTRY" completion zsh >_gantry
    zsh -n _gantry || fail 'zsh does not read the script'
    # what _arguments is given: its errors are those of the script
    zsh -f -c 'autoload -U compinit; compinit -u -D; . ./_gantry; (( $+functions[_gantry_words] ))' || fail 'zsh does not load the script'
}
run_cases
