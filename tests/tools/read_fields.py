# SPDX-License-Identifier: Apache-2.0
"""What other programs say of the files that test_fields.c writes: read_fields.py FOLDER."""
import subprocess
import sys

import netCDF4
import numpy as np
import xarray

folder = sys.argv[1]
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
