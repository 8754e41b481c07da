#!/bin/bash
# level: full
# gantry start: the plan for pictures as people have them, what it refuses, and the whole way; stopped or killed in each step, the same command goes on to the same bits.
. "$(dirname "$0")/lib.sh"
python_has PIL || skip 'no python3-pil (pictures)'
# A checkout with small networks under the names of those that come with the program.
mkdir -p checkout/build checkout/networks
cp -r "$GANTRY" "$BUILD/libexec" checkout/build/
gantry=$tmp/checkout/build/gantry
for name in clipart64 clipart64-cond; do
    # shellcheck disable=SC2046
    quietly "$gantry" train --data=synth:shapes:n=16,size=64 --cbase=64 --cmax=8 --z-dim=16 --batch=8 --steps=1 --threads=1 --run="$name" $([ $name = clipart64 ] || echo --cond)
    quietly "$gantry" export "$name" "checkout/networks/$name.h5" --all
done
"$python" - <<'PYTHON' || fail 'no pictures'
import os, random
from PIL import Image, ImageDraw
random.seed(1)
def drawing(width, height, mode='RGBA'):
    picture = Image.new(mode, (width, height), (0, 0, 0, 0) if mode == 'RGBA' else 'white')
    colour = tuple(random.randrange(256) for _ in range(3))
    ImageDraw.Draw(picture).ellipse((width // 8, height // 8, width * 7 // 8, height * 7 // 8), fill=colour)
    return picture
for name in 'icons', 'emoji', 'photos', 'classes/a', 'classes/b', 'small', 'empty', 'one', 'texts', 'broken', 'nine', 'white': os.makedirs(name)
for i in range(20):
    side = (24, 48, 128)[i % 3]
    drawing(side, side * 7 // 5 if i % 7 == 0 else side).save(f'icons/{i:02}.png')
    drawing(72, 72).save(f'emoji/{i:02}.png')
    photo = Image.effect_noise((80, 60), 80).convert('RGB')
    exif = photo.getexif()
    exif[0x112] = (1, 3, 6, 8)[i % 4]
    photo.save(f'photos/{i:02}.JPG', exif=exif)
open('photos/cut.jpg', 'wb').write(open('photos/00.JPG', 'rb').read()[:700])
for i in range(100):
    drawing(64, 64, 'RGB').save(f'classes/a/{i}.png'), drawing(64, 64, 'RGB').save(f'classes/b/{i}.png')
drawing(40, 40).save('one/a.png')
for i in range(12):
    symbol = drawing(48, 48)
    symbol.paste((255, 255, 255, 255), (0, 0, 48, 48), symbol.getchannel('A'))
    symbol.save(f'white/{i}.png')
for i in range(9): drawing(40, 40).save(f'nine/{i}.png')
for i in range(2): open(f'texts/{i}.txt', 'w').write('words'), open(f'broken/{i}.png', 'wb').write(open('icons/00.png', 'rb').read()[:60])
PYTHON
# plan SOURCE OPTIONS...: what it would do; nothing is written
plan() {
    quietly "$gantry" start "$@" --dry-run --yes --kimg=1
    [ ! -e runs ] || fail "a plan writes: $(ls runs)"
}
says() { grep -qE -- "$1" said || { cat said; fail "the plan does not say '$1'"; }; }

case_plans() {
    plan icons
    says '^found +20 pictures, 24 to 128 pixels wide and 24 to 179 high, 3 oblong, 20 transparent$'
    says '^dataset +64x64 pixels, RGB; nothing is cut, white fills the rest: runs/icons/pictures\.zip$'
    says '^training +begins with the network clipart64, 1 kimg \(thousand images\): runs/icons$'
    says '^  gantry dataset icons runs/icons/pictures\.zip --width=64 --height=64 --pad --background=white --channels=3 --on-error=skip$'
    says '^  gantry train --data=runs/icons/pictures\.zip --resume=clipart64 --kimg=1 --run=runs/icons$'
    says '^  gantry generate runs/icons --seeds=0-63 --grid=8x8 --out=runs/icons/sheet\.png$'
    says '^  gantry report runs/icons$'
    plan emoji
    says '^found +20 pictures, all of 72x72 pixels, 20 transparent$'
    says '^dataset +64x64 pixels, RGB; on white:'
    says '^  gantry train .*--resume=clipart64 '
    plan photos
    says '^found +21 photographs, 60 to 80 pixels wide and 60 to 80 high, 21 oblong; 1 cannot be read and is left out$'
    says "^unread +'cut\.jpg': "
    says '; the middle of each photograph:'
    says '^  gantry dataset .* --transform=center-crop --channels=3 --on-error=skip$'
    says '^  gantry train .*--resume=clipart64 --mirror '
    plan white
    says '^dataset +64x64 pixels, RGB; on black:'
    says ' --pad --background=black --channels=3 '
    plan classes
    says '^found +200 pictures, all of 64x64 pixels, 2 sub-folders that are classes$'
    says '^  gantry dataset .* --labels=folders'
    says '^  gantry train .*--resume=clipart64-cond --cond '
    says '^  gantry generate runs/classes --per-class=8 '
    plan synth:shapes:n=2400,size=32
    says '^found +2400 pictures, all of 32x32 pixels, 8 classes$'
    says '^training +from nothing, with classes, 1 kimg'
    says '^  gantry train --data=runs/synth/pictures\.zip --cond --kimg=1 '
    expect 0 '^all in one +gantry start icons ' "$gantry" inspect icons
}
case_time_is_measured() {
    expect 0 '^training +begins with the network clipart64, [0-9.]+ kimg \(thousand images\), about .* on this machine, at most 2m 00s: runs/emoji$' "$gantry" start emoji --minutes=2 --dry-run
    says ' --max-time=0:02:00$'
    [ ! -e runs ] || fail 'a plan writes'
}
case_refusals() {
    expect 1 "'empty': holds no pictures$" "$gantry" start empty --yes
    expect 1 "'texts': holds no pictures, only 2 \.txt$" "$gantry" start texts --yes
    expect 1 "'nowhere': cannot be opened: No such file" "$gantry" start nowhere --yes
    expect 1 "'broken': no picture can be read; the first: '0\.png': .*[a-z]" "$gantry" start broken --yes
    expect 2 "'one' holds 1 picture: a network needs 10 at least" "$gantry" start one --yes
    expect 2 "'nine' holds 9 pictures: a network needs 10 at least" "$gantry" start nine --yes
    expect 2 "'clipart64' is a run, not a folder of pictures: gantry train --run=clipart64 goes on with it$" "$gantry" start clipart64 --yes
    expect 2 "'clipart64' is a run that gantry start has not begun.*--run=DIR" "$gantry" start icons --yes --run=clipart64 --kimg=1
    expect 2 'there is no terminal for the question: --yes begins, --dry-run only shows the plan$' "$gantry" start icons
    expect 2 'one folder of pictures is needed' "$gantry" start icons emoji --yes
    (cd classes && expect 2 "'runs/classes' would lie among the pictures of '\.': call this from another folder, or give --run=DIR$" "$gantry" start . --yes && rm said) || exit 1
    if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
        chmod 755 "$tmp"
        expect 2 "'runs/icons' cannot be made, since '$tmp' cannot be written to \(Permission denied\): give --run=DIR$" \
            setpriv --reuid=65534 --regid=65534 --clear-groups "$gantry" start icons --yes --kimg=1
    fi
    [ ! -e runs ] || fail 'a refusal writes'
}
case_question() {
    "$python" - "$here" "$gantry" <<'PYTHON' || exit 1
import os, sys
sys.path.insert(0, sys.argv[1])
from pseudo_terminal import Terminal, fail
for answer, made in ('n\n', False), ('y\n', True):
    t = Terminal(sys.argv[2], 'start', 'emoji', '--kimg=0.008', '--run=asked')
    t.until(r'Begin\? \[y/N\] ')
    if os.path.exists('asked'): fail('it writes before the answer')
    os.write(t.fd, answer.encode())
    if made: t.until('are they copies of yours')
    _, status = os.waitpid(t.pid, 0)
    if status or os.path.exists('asked/sheet.png') != made: fail(f'{answer!r}: status {status}\n{t.text}')
PYTHON
}
begin=(start icons --yes --kimg=0.16)
# finished RUN: it has the same bits as the one that nobody stopped
finished() {
    same "$(last "$1")" "$(last whole)"
    for file in pictures.zip sheet.png; do cmp "$1/$file" "whole/$file" || fail "another $file"; done
    [ -s "$1/report.html" ] || fail 'no report'
}
case_whole_way() {
    expect 0 '^  gantry train --run=whole --kimg=0\.32 +trains on, twice as long$' "$gantry" "${begin[@]}" --run=whole
    [ "$(grep -c '^step      gantry ' said)" = 4 ] || { cat said; fail 'not four steps'; }
    [ -s whole/sheet.png ] && [ -s whole/report.html ] || fail 'no sheet, or no report'
    # Each line that was printed does the same.
    mkdir typed
    sed -n 's/^step      gantry //p' said | sed 's/whole/typed/g' >lines
    while read -r line; do
        # shellcheck disable=SC2086
        quietly "$gantry" $line </dev/null
    done <lines
    finished typed
    # Again: nothing is left to do. What it names next works, and then the sheet is drawn again.
    expect 0 '^training +is done: whole, 0\.16 kimg$' "$gantry" "${begin[@]}" --run=whole
    ! grep -q '^step' said || { cat said; fail 'a step is done twice'; }
    cp -r whole more
    sed -n 's/^  gantry \(.*[^ ]\)   .*/\1/p' said | sed 's/whole/more/g; s/--count=1000/--count=20/; s/--seconds=16/--seconds=0.2/' >lines
    [ "$(wc -l <lines)" = 3 ] || { cat said; fail 'not three commands'; }
    while read -r line; do
        # shellcheck disable=SC2086
        quietly "$gantry" $line </dev/null
    done <lines
    expect 0 '^step      gantry generate more ' "$gantry" "${begin[@]}" --run=more
}
# A signal to the program alone, at each step; with SIGKILL nothing is left behind that holds the run.
# On a busy machine a signal comes a step later, or when all is done.
reaches() { has_line "$1" running || ! kill -0 "$pid" 2>/dev/null; }
case_stopped_in_each_step() {
    [ -e whole/sheet.png ] || quietly "$gantry" "${begin[@]}" --run=whole
    for signal in INT KILL; do
        rm -rf parts
        for step in dataset train generate report; do
            background "$gantry" "${begin[@]}" --run=parts
            wait_until 120 reaches "^step      gantry $step "
            [ $step != train ] || wait_until 120 reaches '^tick '
            kill -$signal $pid 2>/dev/null
            wait "$pid"
            got=$?
            case $signal-$got in INT-75 | KILL-137 | *-0) ;; *) cat running; fail "SIG$signal at $step: status $got" ;; esac
        done
        quietly "$gantry" "${begin[@]}" --run=parts
        finished parts
    done
}
case_stopped_at_a_terminal() {
    [ -e whole/sheet.png ] || quietly "$gantry" "${begin[@]}" --run=whole
    "$python" - "$here" "$gantry" "${begin[@]}" --run=typed-c <<'PYTHON' || exit 1
import os, sys
sys.path.insert(0, sys.argv[1])
from pseudo_terminal import Terminal, fail
t = Terminal(*sys.argv[2:])
t.until('tick 0')
os.write(t.fd, b'\x03')
t.until('stopped: the same command goes on from here: gantry start icons')
_, status = os.waitpid(t.pid, 0)
if os.waitstatus_to_exitcode(status) != 75: fail(f'status {status}\n{t.text}')
PYTHON
    quietly "$gantry" "${begin[@]}" --run=typed-c
    grep -q '^step      gantry train --run=typed-c$' said || { cat said; fail 'the training does not go on'; }
    finished typed-c
}
case_time_is_over() {
    expect 0 'max-time' "$gantry" start icons --yes --kimg=100 --minutes=0.02 --run=late
    grep -qE '^  gantry train --run=late +trains the rest$' said || { cat said; fail 'how the rest is trained is not said'; }
    [ -s late/sheet.png ] && [ -s late/report.html ] || { cat said; fail 'no sheet where the time was over'; }
    expect 0 '^training +is done: late' "$gantry" start icons --yes --kimg=100 --minutes=0.02 --run=late
}
case_full_disk() {
    [ -e whole/sheet.png ] || quietly "$gantry" "${begin[@]}" --run=whole
    mkdir disk && mount -t tmpfs -o size=2300k tmpfs disk 2>/dev/null || skip 'no right to mount (a full disk)'
    mounted=$tmp/disk
    expect 1 'gantry start: gantry [a-z]+ has ended with status 1, for the reason above: the same command goes on from here$' "$gantry" "${begin[@]}" --run=disk/icons
    mount -o remount,size=64m disk
    quietly "$gantry" "${begin[@]}" --run=disk/icons
    finished disk/icons
}
run_cases
