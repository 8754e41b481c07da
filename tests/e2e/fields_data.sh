#!/bin/bash
# level: full
# Fields of NetCDF files: what gantry inspect says of them, training and resuming, FILE:NAME in all commands, and what is wrong with files before the
# first step. tests/unit/test_fields.c has the values.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import netCDF4, h5py' 2>/dev/null || skip 'no python3-netcdf4 or python3-h5py (making NetCDF files)'
"$python" "$here/../tools/fields.py" . || fail 'no data'
train=(train --model=edm --batch=4 --slices=4 --threads=1 --data=fine.nc:pr)
given=(--condition=coarse.nc:ta_850,hus --static=large.nc:topo --value-transform=pr=log1p)

says() { for words in "$@"; do grep -qE -- "$words" said || { cat said; fail "not said: $words"; }; done; }

begins inspect
expect 0 'ta_850  *250\.096 \.\. 289\.91 K' "$GANTRY" inspect coarse.nc
says 'time 12: 2000-02-29T12:00:00 \.\. 2000-03-11T12:00:00, calendar standard, hours since' 'levels 2' 'lat 4: 35 \.\. 5 degrees_north' \
    'training  *gantry train --model=edm --data=coarse.nc:hus,ta_850 --condition=FILE:NAME'
expect 0 '12 of 144 values are missing' "$GANTRY" inspect sea.nc
expect 0 "ta_850  *cannot be used: .*'months since" "$GANTRY" inspect months.nc
expect 0 'topo' "$GANTRY" inspect large.nc
says '--static=large.nc:topo'

begins training
expect 0 "10 samples of 'pr' .* belong together; without a partner are 2 and 2" "$GANTRY" "${train[@]}" "${given[@]}" --steps=2 --run=one
expect 0 'resum' "$GANTRY" "${train[@]}" "${given[@]}" --steps=4 --run=one
expect 0 'done: two' ranks 2 "$GANTRY" "${train[@]}" "${given[@]}" --steps=4 --run=two
one=$("$GANTRY" hash one | awk '{print $1}') two=$("$GANTRY" hash two | awk '{print $1}')
[ "$one" = "$two" ] || fail "resumed $one, on two ranks $two"
"$python" - <<'PYTHON' || fail 'the channels in the checkpoint'
import glob, json, h5py, numpy as np
with h5py.File(sorted(glob.glob('one/checkpoint-*.h5'))[-1]) as f:
    fields = f['data/fields']
    assert json.loads(fields['names'][()]) == ['pr', 'ta_850', 'hus_0', 'hus_1', 'topo']
    assert json.loads(fields['units'][()]) == ['kg m-2 s-1', 'K', '', '', 'm']
    assert fields['conditions'][()] == 4 and fields['scale'][0, 2] == 1
    assert np.allclose(fields['scale'][:, :2], np.fromfile('moments').reshape(5, 2), rtol=1e-6)
    assert np.allclose(fields['y'][()], np.arange(8) * 5 + 2.5)
PYTHON
# The audit finds the conditions where the job names them, and looks at them before they are opened, wherever the targets are.
expect 0 '^head at 0 kimg: [0-9a-f]{64}$' "$GANTRY" audit two --all --threads=1
cp fine.nc moved.nc && cp coarse.nc kept.nc
expect 0 '^head at 0 kimg: [0-9a-f]{64}$' "$GANTRY" audit two --all --threads=1 --data=moved.nc:pr
head -c 9000 kept.nc >coarse.nc
expect 3 "without its data .*: 'coarse.nc': " "$GANTRY" audit two --threads=1 --data=moved.nc:pr
mv kept.nc coarse.nc
expect 0 'ensembles kimg 0.008 .* crps ' "$GANTRY" "${train[@]}" "${given[@]}" --steps=2 --sampler-steps=1 --test-data=fine.nc:pr --test-condition=coarse.nc:ta_850,hus --run=scored
expect 2 'not those the run was begun with' "$GANTRY" "${train[@]}" --condition=coarse.nc:ta_850,hus --static=large.nc:topo --steps=6 --run=one

begins refusals
# Before the first step, by name.
head -c 9000 coarse.nc >short.nc
printf 'time,pr\n0,1\n' >text.nc
cp coarse.nc coarse.dat
refuse() { expect "$1" "$2" "$GANTRY" "${train[@]}" --steps=2 --run=bad "${@:3}" && [ ! -e bad ] || fail "there is a run: $*"; }
refuse 1 'short\.nc' --condition=short.nc:ta_850
refuse 1 'text\.nc' --condition=text.nc:ta_850
refuse 2 "did you mean 'ta_850'" --condition=coarse.nc:ta_805
refuse 1 'have no times in common' --condition=later.nc:ta_850
refuse 1 'values are missing' --data=holes.nc:pr --condition=sea.nc:sst
refuse 1 "'sst': 12 of 144|'sst': .* values are missing" --data=plain.npz:fine --condition=sea.nc:sst
refuse 2 'no axis of samples; --static takes it' --condition=large.nc:topo
refuse 1 'holds no samples' --condition=empty.nc:ta_850
expect 0 'done' "$GANTRY" "${train[@]}" --condition=coarse.dat:ta_850 --steps=2 --run=dat
expect 0 'done' "$GANTRY" "${train[@]}" --data=holes.nc:pr --condition=sea.nc:sst --missing=mask --steps=2 --run=masked
# Results lack the cells that no target of the training had, and those whose truth is missing; so does a run that was resumed.
"$python" - <<'PYTHON' || fail 'no data'
import netCDF4, numpy as np
with netCDF4.Dataset('holes.nc') as a, netCDF4.Dataset('land.nc', 'w') as b:
    for name in 'time', 'lat', 'lon':
        b.createDimension(name, a.dimensions[name].size)
        b.createVariable(name, 'f8', (name,)).setncatts(a[name].__dict__)
        b[name][:] = a[name][:]
    values = a['pr'][:]
    values[:, :, 0] = np.ma.masked
    b.createVariable('pr', 'f4', ('time', 'lat', 'lon'), fill_value=-9.0)[:] = values
PYTHON
sea=(--data=land.nc:pr --condition=sea.nc:sst --missing=mask)
quietly "$GANTRY" "${train[@]}" "${sea[@]}" --steps=1 --run=land
quietly "$GANTRY" "${train[@]}" "${sea[@]}" --steps=2 --run=land
quietly "$GANTRY" generate land --condition=sea.nc:sst --members=2 --sampler-steps=1 --threads=1 --out=land_made.nc
quietly "$GANTRY" generate land --condition=sea.nc:sst --data=land.nc:pr --members=2 --sampler-steps=1 --threads=1 --out=land_made.npy
quietly "$GANTRY" generate land --condition=sea.nc:sst --data=land.nc:pr --members=2 --samples=3 --sampler-steps=1 --threads=1 --out=land_made.png
"$python" - <<'PYTHON' || fail 'missing cells of results'
import netCDF4, numpy as np
from PIL import Image
with netCDF4.Dataset('land_made.nc') as d:
    assert d['pr'][:].mask.sum() == 12 * 2 * 8 and d['pr'][:].mask[..., 0].all()
with netCDF4.Dataset('land.nc') as d:
    gaps = np.repeat(np.isnan(d['pr'][:].filled(np.nan)), 2, 0)
assert (np.isnan(np.load('land_made.npy')[..., 0]) == gaps).all() and gaps.sum() == 2 * (96 + 1)
assert Image.open('land_made.png').size == (4 * 12, 3 * 8)
PYTHON
# Times, grids and units are made again of a record, too: all bytes of a file of NetCDF.
"$python" -c "
import netCDF4, shutil
shutil.copy('land_made.nc', 'other_units.nc')
with netCDF4.Dataset('other_units.nc', 'a') as d: d['pr'].units = 'furlong'"
expect 3 "^land_made.nc is what 'land/last' .* makes of 12 samples of --condition, 'pr' in 2 members" \
    "$GANTRY" audit land_made.nc land_made.png other_units.nc --network=land/last --condition=sea.nc:sst --data=land.nc:pr
says '^land_made.png is what ' 'other_units.nc: not checked: its arrays are equal, and other bytes are not'
# A truth with gaps has no spectrum.
scores=(metrics masked --data=holes.nc:pr --condition=sea.nc:sst --members=2 --sampler-steps=1 --metrics=crps,spectrum)
expect 0 "'pr': spectrum and quantiles need a truth in each cell, which [0-9]+ of [0-9]+ samples have: they are of these" "$GANTRY" "${scores[@]}"
says 'pr +crps +[0-9.]+' 'pr +spectrum_db +[0-9.]+'

begins use
# Other data than those of the training, before the first member. The order of variables is free.
"$python" - <<'PYTHON' || fail 'no data'
import netCDF4, numpy as np, shutil
shutil.copy('coarse.nc', 'holed.nc')
with netCDF4.Dataset('holed.nc', 'a') as d: d['ta_850'][3, 1, 1] = np.ma.masked
with netCDF4.Dataset('coarse.nc') as a, netCDF4.Dataset('wide.nc', 'w') as b:
    for name, n in ('time', None), ('lat', 4), ('lon', 6): b.createDimension(name, n)
    for name in 'time', 'lat':
        b.createVariable(name, 'f8', (name,)).setncatts(a[name].__dict__)
        b[name][:] = a[name][:]
    b.createVariable('ta_850', 'f8', ('time', 'lat', 'lon')).units = 'K'
    b['ta_850'][:] = np.repeat(a['ta_850'][:], 2, 2)
with np.load('plain.npz') as f: np.savez('short.npz', fine=f['fine'], coarse=f['coarse'][:11])
PYTHON
use=(generate one --members=1 --sampler-steps=1 --threads=1)
expect 0 'done|members' "$GANTRY" "${use[@]}" --condition=coarse.nc:ta_850,hus --out=use.npy
expect 0 'done|members' "$GANTRY" "${use[@]}" --condition=coarse.nc:hus,ta_850 --out=turned.npy
cmp use.npy turned.npy || fail 'the order of variables changes members'
refuse_use() { expect "$1" "$2" "$GANTRY" "${use[@]}" --out=no.npy "${@:3}" && [ ! -e no.npy ] || fail "there is a file: $*"; }
refuse_use 2 "trained on 'hus_0', which is not given" --condition=coarse.nc:ta_850
refuse_use 2 "did you mean 'ta_850'" --condition=coarse.nc:ta_805,hus
refuse_use 2 "has the units 'degC', and the network was trained on 'K'" --condition=celsius.nc:ta_850,coarse.nc:hus
refuse_use 2 "'ta_850' has 6 x 4 cells, and the network was trained on 3 x 4" --condition=wide.nc:ta_850,coarse.nc:hus
refuse_use 1 "'ta_850': [0-9]+ of [0-9]+ values are missing" --condition=holed.nc:ta_850,hus
refuse_use 1 'holds no samples' --condition=empty.nc:ta_850,coarse.nc:hus
refuse_use 1 'have no times in common' --condition=later.nc:ta_850,coarse.nc:hus
refuse_use 1 'short\.nc' --condition=short.nc:ta_850,hus
refuse_use 1 'text\.nc' --condition=text.nc:ta_850,hus
refuse_use 2 'members' --condition=coarse.nc:ta_850,hus --members=0
refuse 1 "'fine' has 12 samples and 'coarse' has 11" --data=plain.npz:fine --condition=short.npz:coarse

begins packed
# What gantry dataset writes is used as its sources are: the same training, the same members, the same matching by time.
expect 0 'fine.h5: 1 variable of 12 samples' "$GANTRY" dataset fine.nc:pr fine.h5
expect 0 'already finished: nothing was written' "$GANTRY" dataset fine.nc:pr fine.h5
expect 0 '2 variables of 12 samples' "$GANTRY" dataset coarse.nc:ta_850,hus given.nc --compress
expect 0 '1 variable of 1 sample$' ranks 2 "$GANTRY" dataset large.nc:topo ground.h5
expect 0 '1 variable of 12 samples' "$GANTRY" dataset holes.nc:pr deep/holes.nc
expect 0 '1 variable of 6 samples' "$GANTRY" dataset merge y2000.nc:pr y2001.nc:pr years.nc
expect 0 "10 samples of 'pr' .* belong together; without a partner are 2 and 2" "$GANTRY" train --model=edm --batch=4 --slices=4 --threads=1 --data=fine.h5:pr \
    --condition=given.nc:ta_850,hus --static=ground.h5:topo --value-transform=pr=log1p --steps=4 --run=packed
[ "$("$GANTRY" hash packed | awk '{print $1}')" = "$one" ] || fail 'a packed file trains other bits'
expect 0 'members' "$GANTRY" "${use[@]}" --condition=given.nc:ta_850,hus --out=of_packed.npy
cmp use.npy of_packed.npy || fail 'packed conditions make other members'
expect 0 'time 12: 2000-01-01 \.\. 2000-01-12, calendar 360_day' "$GANTRY" inspect deep/holes.nc
says '1 of 1152 values are missing' 'lat 8: 2.5 \.\. 37.5 degrees_north'
refuse_pack() { expect 2 "$1" "$GANTRY" dataset "${@:2}"; }
refuse_pack 'already exists and is not what this command makes' holes.nc:pr fine.h5
expect 0 '12 samples' "$GANTRY" dataset holes.nc:pr fine.h5 --overwrite
refuse_pack 'is a source' holes.nc:pr holes.nc --overwrite
refuse_pack 'width is for pictures' fine.nc:pr no.h5 --width=8 --height=8
refuse_pack 'divided by their times' subset fine.nc:pr no.h5 --count=2
refuse_pack "did you mean 'ta_850'" coarse.nc:ta_805 no.h5
refuse_pack 'given twice' large.nc:topo,large.nc:topo no.h5
[ ! -e no.h5 ] || fail 'something was packed'
# Axes without names and of one length stay three axes.
cp fine.nc cubes.nc
"$python" -c "import h5py, numpy; h5py.File('cubes.nc', 'a')['cube'] = numpy.zeros((8, 8, 8), 'f4')"
expect 0 '1 variable of 8 samples' "$GANTRY" dataset cubes.nc:cube cube.nc
"$python" -c "import h5py; scales = [d[0].name for d in h5py.File('cube.nc')['cube'].dims]; assert len(set(scales)) == 3, scales" || fail 'axes of one length became one'

begins curved
# Cells with latitudes and longitudes of their own, on a turned pole and without axes: from file to members, with the names of the original.
train_curved() { quietly "$GANTRY" "${train[@]}" --data="$1" --condition=coarse.nc:ta_850 --steps=1 --run="$2"; }
expect 0 'rlat 8: 2.5 .. 37.5 degrees' "$GANTRY" inspect rotated.nc
grep -qE '^(lat|lon) ' said && fail 'coordinates are taken for fields'
quietly "$GANTRY" dataset rotated.nc:pr rotated.h5
expect 0 'axes lat, lon, and the targets .pr. the axes rlat, rlon of another map' "$GANTRY" "${train[@]}" --data=rotated.h5 --condition=coarse.nc:ta_850 --steps=1 --run=turned
train_curved curved.nc:pr curved
for run in turned curved; do
    expect 0 'members' "$GANTRY" generate $run --condition=coarse.nc:ta_850 --members=2 --sampler-steps=1 --threads=1 --samples=3 --out=made_$run.nc
done
"$python" "$here/../tools/read_fields.py" . curved || fail 'the grids of results'

begins one_rule
# FILE:NAME is what --array is.
expect 0 '12 ' "$GANTRY" dataset plain.npz:fine one.h5
expect 0 '12 ' "$GANTRY" dataset plain.npz two.h5 --array=fine
[ "$("$GANTRY" inspect one.h5 | grep fingerprint)" = "$("$GANTRY" inspect two.h5 | grep fingerprint)" ] || fail 'FILE:NAME and --array read different arrays'
expect 2 "both name an array" "$GANTRY" dataset plain.npz:fine three.h5 --array=coarse
expect 0 'images  *12' "$GANTRY" inspect plain.npz:fine
