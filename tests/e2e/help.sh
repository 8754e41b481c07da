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
    "$GANTRY" --help >two
    cmp one two || fail 'gantry help all is not gantry --help'
    expect 2 '^  inspect ' "$GANTRY"
    expect 0 'gantry help all: all commands' "$GANTRY" help
    ! has_line '^  gradcheck ' said || fail 'gantry help shows more than a beginner needs'
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
# WORD | what the answer has: the words of texts that people come from, each with its door.
words='
histogram | gantry activations
histograms | gantry activations
KL | --beta
divergence | Loss/KL
xavier | --init
he | --init
elbo | gantry likelihood
evidence lower bound | gantry likelihood
pooling | gantry inspect
padding | gantry inspect
noisy labels | --flip
tfrecords | gantry dataset
truncation_psi | --trunc
docker | docs/cluster.md
singularity | docs/cluster.md
brecahad | --crops=512
extract_brecahad_crops | --crops=512
unpack | gantry dataset
posterior collapse | --kl-warmup
mode collapse | warning
responsibilities | gantry gmm predict
EM | gantry gmm fit
bic | gantry gmm fit
gumbel softmax | --temperature
reparameterization | gantry study
importance sampling | gantry likelihood
vq-vae | --model=vq
minibatch discrimination | --mbstd
label smoothing | --smoothing
feature matching | --feature-matching
batch norm | --bn
adagrad | --optimizer
sgd | gantry study optimizers
momentum | Momentum of sgd
dropout | dropout
weight decay | --weight-decay
early stopping | docs/models/classifiers.md: Curves, early stopping, warnings
overfitting | gap
softmax | loss of classifiers
im2col | gantry study conv
gradient check | gantry gradcheck
grid search | gantry search
confusion matrix | gantry evaluate
grad-cam | gantry look
residual | resnet18
transposed convolution | --up
fractional stride | --up
projector | in Gantry it is gantry project
style mixing | gantry mix
interpolation | gantry latent
pkl | docs/networks.md
outlier detection | gantry anomalies
'
case_words() {
    local word wanted
    while IFS='|' read -r word wanted; do
        [ -n "$word" ] || continue
        # shellcheck disable=SC2086
        "$GANTRY" help $word >said 2>&1 || { cat said; fail "gantry help $word leads nowhere"; }
        tr -s ' \n' ' ' <said | grep -qF -- "$(echo $wanted)" || { cat said; fail "gantry help $word does not lead to $wanted"; }
        [ "$(wc -L <said)" -le 80 ] || { cat said; fail "gantry help $word has long lines"; }
    done <<<"$words"
    expect 2 "'qqqq zzzz' is neither a command nor an option" "$GANTRY" help qqqq zzzz
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
    completes --launcher= run --lau
    completes train run -n 2 tra
    completes --kimg= run -n 2 train --kim
    completes --kimg= gradcheck --kim
    completes --elements= gradcheck --ele
    completes generate help gen
    COMP_WORDS=(gantry generate --help ''); COMP_CWORD=2 COMP_WORDS[2]=--; _gantry
    [ "${#COMPREPLY[@]}" -gt 15 ] || fail 'not all options are offered'
    [[ " ${COMPREPLY[*]} " != *check-hdf5* ]] || fail 'a command of the own use is offered'
}
case_zsh() {
    need zsh 'reads the script'
    "$GANTRY" completion zsh >_gantry
    zsh -n _gantry || fail 'zsh does not read the script'
    # what _arguments is given: its errors are those of the script
    zsh -f -c 'autoload -U compinit; compinit -u -D; . ./_gantry; (( $+functions[_gantry_words] ))' || fail 'zsh does not load the script'
}
run_cases
