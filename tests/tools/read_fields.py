# SPDX-License-Identifier: Apache-2.0
"""What other programs say of the files that test_fields.c writes, and fields_data.sh of other grids: read_fields.py FOLDER [curved]."""
import subprocess
import sys

import netCDF4
import numpy as np
import xarray

folder = sys.argv[1]


def same_grid(made, given, names):
    """The coordinates, mapping and attributes of the grid are those of the file that was trained on."""
    with netCDF4.Dataset(f"{folder}/{given}") as a, netCDF4.Dataset(f"{folder}/{made}") as b:
        assert b["pr"].units == "mm d-1" and set(b["pr"].coordinates.split()) == {"lat", "lon"}
        for name in names:
            assert a[name].dimensions == b[name].dimensions, name
            assert not a[name].dimensions or (a[name][:] == b[name][:]).all(), name
            for key in a[name].ncattrs():
                assert np.all(a[name].getncattr(key) == b[name].getncattr(key)), (name, key)


if sys.argv[2:] == ["curved"]:
    for made in "made_turned.nc", "rotated.h5":
        same_grid(made, "rotated.nc", ("rlat", "rlon", "lat", "lon", "rotated_pole"))
        with netCDF4.Dataset(f"{folder}/{made}") as d:
            assert d["pr"].grid_mapping == "rotated_pole"
    same_grid("made_curved.nc", "curved.nc", ("lat", "lon"))
    head = subprocess.run(["ncdump", "-h", f"{folder}/made_turned.nc"], check=True, capture_output=True, text=True).stdout
    for line in ("double lat(rlat, rlon) ;", "float pr(time, realization, rlat, rlon) ;", 'pr:coordinates = "lat lon" ;',
                 "rotated_pole:grid_north_pole_latitude = 39.25 ;"):
        assert line in head, (line, head)
    with xarray.open_dataset(f"{folder}/made_turned.nc") as d:
        assert d.pr.coords["lat"].dims == d.pr.coords["lon"].dims == ("rlat", "rlon") and d.pr.shape == (3, 2, 8, 12)
    with netCDF4.Dataset(f"{folder}/rotated.nc") as a, netCDF4.Dataset(f"{folder}/rotated.h5") as b:
        assert (a["pr"][:] == b["pr"][:]).all() and b["pr"].cell_methods == "time: mean" and b.title == a.title
        assert (a["time"][:] == b["time"][:]).all() and a["time"].units == b["time"].units
    sys.exit()
expected = np.arange(2)[:, None, None, None] * 1000 + np.arange(36).reshape(3, 2, 3, 2)[None, ..., 0]
head = subprocess.run(["ncdump", "-h", f"{folder}/pred.nc"], check=True, capture_output=True, text=True).stdout
for line in ("time = 2 ;", "realization = 3 ;", "lat = 2 ;", "x = 3 ;", "float pr(time, realization, lat, x) ;",
             'pr:units = "kg m-2 s-1" ;', 'time:calendar = "360_day" ;', ':Conventions = "CF-1.8" ;', 'lat:axis = "Y" ;'):
    assert line in head, (line, head)
with netCDF4.Dataset(f"{folder}/pred.nc") as d:
    assert d["pr"].dimensions == ("time", "realization", "lat", "x")
    assert (d["pr"][:] == expected).all()
    tas = d["tas"][:]
    assert tas.mask.sum() == 2 and tas.mask[:, 0, 0, 0].all()
    days = netCDF4.num2date(d["time"][:], d["time"].units, d["time"].calendar)
    assert [str(x) for x in days] == ["2000-02-29 12:00:00", "2000-02-30 12:00:00"], days
    assert list(d["realization"][:]) == [0, 1, 2]
    assert d["pr"].coordinates == "lon" and d["lon"].dimensions == ("lat", "x") and d["lon"].long_name == "of cells"
    assert (d["lon"][:] == np.arange(1, 7).reshape(2, 3)).all()
    assert d[d["tas"].grid_mapping].towgs84.tolist() == [0.5, -1, 2000] and d["pole"].grid_mapping_name[:7] == "rotated"
with xarray.open_dataset(f"{folder}/pred.nc") as d:
    assert d.pr.attrs["standard_name"] == "precipitation_flux" and d.pr.attrs["units"] == "kg m-2 s-1"
    assert d.tas.attrs["long_name"] == "tas" and d.attrs["source"] == "a test"
    assert d.pr.sel(lat=20, realization=1).values.tolist() == expected[:, 1, 1].tolist()
    assert d.time.dt.day.values.tolist() == [29, 30]
    assert np.isnan(d.tas.values).sum() == 2
with xarray.open_dataset(f"{folder}/plain.nc") as d:
    assert dict(d.sizes) == {"sample": 2, "realization": 3, "y": 2, "x": 3} and (d.pr.values == expected).all()
    assert list(d.coords) == ["realization"]
with xarray.open_dataset(f"{folder}/named.nc") as d:
    assert d["sample"].dims == d["x"].dims == ("sample_2", "realization", "y", "x_2")
